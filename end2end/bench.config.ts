import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

/** The benchmarks that need a browser: one after another, on a server of their own. */
export default defineConfig({
  ...tests,
  testMatch: "**/*.bench.ts",
  workers: 1,
  reporter: "line",
  projects: [{ name: "bench" }],
});
