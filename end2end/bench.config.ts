import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

/** Milliseconds. So long that it ends only a benchmark that hangs. */
const DEADLINE = 600_000;

/** The benchmarks that need a browser. They run one after another, on their own server. */
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
