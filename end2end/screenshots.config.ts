import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

/** Pictures of every page at a phone's and a desk's width, in light and dark, into `docs/images` and `test-results`. */
export default defineConfig({
  ...tests,
  testMatch: "**/*.screenshots.ts",
  workers: 1,
  projects: [{ name: "screenshots" }],
});
