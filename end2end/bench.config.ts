import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

/** Milliseconds. A benchmark measures how long something takes, however long: only one that hangs is ended. */
const DEADLINE = 600_000;

/** The benchmarks that need a browser: one after another, on a server of their own. */
export default defineConfig({
  ...tests,
  timeout: 3 * DEADLINE,
  expect: { timeout: DEADLINE },
  use: { ...tests.use, actionTimeout: DEADLINE, navigationTimeout: DEADLINE },
  testMatch: "**/*.bench.ts",
  workers: 1,
  reporter: "line",
  projects: [{ name: "bench" }],
});
