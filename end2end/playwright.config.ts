import { defineConfig } from "@playwright/test";
import type { WorkerFixtures } from "./support/test";

const withoutJavaScript = { testIgnore: "**/*.hydrated.spec.ts", use: { javaScriptEnabled: false } };

export default defineConfig<object, WorkerFixtures>({
  testDir: ".",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
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
    { name: "hydrated" },
    { name: "no-javascript", ...withoutJavaScript },
    { name: "hydrated-postgres", use: { database: "postgres" } },
    { name: "no-javascript-postgres", ...withoutJavaScript, use: { ...withoutJavaScript.use, database: "postgres" } },
  ],
});
