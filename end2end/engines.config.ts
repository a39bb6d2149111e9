// The tests that also run in Firefox and WebKit. They cover what engines do differently: streams,
// history, focus and selection.
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
