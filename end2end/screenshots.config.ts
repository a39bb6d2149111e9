import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

/** Pictures of every page at a phone's and a desk's width, in light and dark, into `screenshots`; and the README's into `docs/images`. */
export default defineConfig({
  ...tests,
  testMatch: "**/*.screenshots.ts",
  outputDir: "screenshots",
  workers: 1,
  projects: [{ name: "screenshots" }],
});
