// The tests that run in Firefox and WebKit as well: what engines do differently, such as streams, history, focus and selection.
import { defineConfig } from "@playwright/test";
import type { EngineFixtures } from "./engines/test";
import suite from "./playwright.config";

export default defineConfig<object, EngineFixtures>({
  ...suite,
  testDir: "engines",
  testMatch: "*.engines.ts",
  projects: [
    { name: "firefox", use: { engine: "firefox" } },
    { name: "webkit", use: { engine: "webkit" } },
  ],
});
