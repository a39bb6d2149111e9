import { defineConfig, devices } from "@playwright/test";
import type { WorkerFixtures } from "./support/test";

const withoutJavaScript = { testIgnore: "**/*.{hydrated,phone}.spec.ts", use: { javaScriptEnabled: false } };

/** What depends on what the server keeps, and how its database says that it changed. */
const STORED = "**/{account,changes,desk,reconnect,language,live,front-page,servers}.{hydrated.spec,spec}.ts";

/** On PostgreSQL the suite repeats what depends on the database; `make soak` repeats everything. */
const onPostgres = process.env.RINGSIDE_EVERY_TEST ? {} : { testMatch: STORED };

export default defineConfig<object, WorkerFixtures>({
  testDir: ".",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  // Generous: a test waits for conditions, and a busy machine may take its time.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  // A test that passes only at the second try hides a fault.
  retries: 0,
  forbidOnly: !!process.env.CI,
  reporter: "list",
  use: {
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: {
      // Without it, Playwright looks for its own browser.
      executablePath: process.env.RINGSIDE_CHROMIUM || undefined,
      // A browser that talks to nobody but Ringside. (Playwright adds --no-sandbox, which root needs.)
      args: [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "hydrated", testIgnore: "**/*.phone.spec.ts" },
    { name: "no-javascript", ...withoutJavaScript },
    // What a small window or a finger could change; the rest holds here as it does there.
    {
      name: "phone",
      testMatch: ["**/*.phone.spec.ts", "**/{accessibility,composer,live,order}.hydrated.spec.ts", "**/reading.spec.ts"],
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
