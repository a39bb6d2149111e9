import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

const quiet = { reducedMotion: "reduce" as const };

/** Pictures of every page at a phone's and a desk's width, in light and dark, into `screenshots`; and the README's into `docs/images`. */
export default defineConfig({
  ...tests,
  testMatch: "**/*.screenshots.ts",
  outputDir: "screenshots",
  projects: [
    { name: "phone", use: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, contextOptions: quiet } },
    { name: "desk", use: { viewport: { width: 1280, height: 900 }, contextOptions: quiet } },
  ],
});
