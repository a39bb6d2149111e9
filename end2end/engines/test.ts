// The engine tests' `test`: the specs' `test` with a tab of another browser engine.
import { test as base } from "../support/test";
import { startFirefox } from "./firefox";
import type { Engine, Tab } from "./tab";
import { startWebKit } from "./webkit";

export { expect } from "../support/test";

export interface EngineFixtures {
  /** The engine, set by the project. */
  engine: "firefox" | "webkit";
  running: Engine;
}

export const test = base.extend<{ tab: Tab }, EngineFixtures>({
  engine: ["firefox", { scope: "worker", option: true }],

  running: [
    async ({ engine }, use) => {
      const running = await (engine === "firefox" ? startFirefox() : startWebKit());
      await use(running);
      await running.close();
    },
    { scope: "worker", timeout: 120_000 },
  ],

  // Requested first, so that the server outlives the tab.
  tab: async ({ ringside: _server, running }, use) => {
    const { tab, close } = await running.newTab();
    await use(tab);
    await close();
  },
});

/** Returns the page's connection status, such as `live`; `null` if it shows none. */
export function status(tab: Tab): Promise<string | null> {
  return tab.evaluate(() => document.querySelector(".connection-status")?.getAttribute("data-status") ?? null);
}

/** Returns the texts of the visible updates, from top to bottom. */
export function texts(tab: Tab): Promise<string[]> {
  return tab.evaluate(() => {
    const shown = [...document.querySelectorAll<HTMLElement>("#live-updates .update")];
    return shown.filter((update) => update.checkVisibility()).map((it) => it.querySelector(".prose")?.textContent?.trim() ?? "");
  });
}
