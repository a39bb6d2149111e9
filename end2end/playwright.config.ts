import { defineConfig, devices } from "@playwright/test";
import type { WorkerFixtures } from "./support/test";

const withoutJavaScript = { testIgnore: "**/*.{hydrated,phone}.spec.ts", use: { javaScriptEnabled: false } };

/** The specs that depend on the database, or on its change notifications. */
const STORED = "**/{account,accounts,changes,desk,reconnect,live,servers}.{hydrated.spec,spec}.ts";

/** On PostgreSQL, only these specs run again; `make soak` runs all of them. */
const onPostgres = process.env.RINGSIDE_EVERY_TEST ? {} : { testMatch: STORED };

export default defineConfig<object, WorkerFixtures>({
  testDir: ".",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  // Generous: tests wait for conditions, and a busy machine may be slow.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  // A test that passes only when it is retried hides a fault, so the retried ones are listed. In CI
  // one of them must not discard an hour of other results.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: !!process.env.CI,
  reporter: [["list"], ["./support/failures.ts"]],
  use: {
    // Recording traces takes a third of the processor. `--trace retain-on-failure` does it.
    trace: "off",
    screenshot: "only-on-failure",
    launchOptions: {
      // If it is not set, Playwright uses its own browser.
      executablePath: process.env.RINGSIDE_CHROMIUM || undefined,
      // The browser connects only to Ringside. (Playwright adds --no-sandbox, which root needs.)
      args: [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // A name of this machine that browsers do not treat as secure, unlike localhost.
        "--host-resolver-rules=MAP ringside.test 127.0.0.1",
      ],
    },
  },
  projects: [
    { name: "hydrated", testIgnore: "**/*.phone.spec.ts" },
    { name: "no-javascript", ...withoutJavaScript },
    // The specs that a small window or touch could affect.
    {
      name: "phone",
      testMatch: ["**/*.phone.spec.ts", "**/{composer,live,order}.hydrated.spec.ts", "**/reading.spec.ts"],
      use: devices["Pixel 7"],
    },
    {
      name: "hydrated-postgres",
      testIgnore: "**/*.phone.spec.ts",
      ...onPostgres,
      use: { database: "postgres" },
    },
    {
      name: "no-javascript-postgres",
      ...withoutJavaScript,
      ...onPostgres,
      use: { ...withoutJavaScript.use, database: "postgres" },
    },
  ],
});
