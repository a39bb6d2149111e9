import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

const quiet = { reducedMotion: "reduce" as const };

/**
 * Takes screenshots of every page at the widths of a phone and a desktop, in light and dark, into
 * `screenshots`, and those of the README into `docs/images`.
 */
export default defineConfig({
  ...tests,
  testMatch: "**/*.screenshots.ts",
  outputDir: "screenshots",
  projects: [
    { name: "phone", use: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, contextOptions: quiet } },
    { name: "desk", use: { viewport: { width: 1280, height: 900 }, contextOptions: quiet } },
  ],
});
