// The engine tests' `test`: the suite's own, with a tab of another browser engine.
import { test as base } from "../support/test";
import { startFirefox } from "./firefox";
import type { Engine, Tab } from "./tab";
import { startWebKit } from "./webkit";

export { expect } from "../support/test";

export interface EngineFixtures {
  /** Which engine: a project's choice. */
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

  // Named first, the server outlives the tab that has its pages open.
  tab: async ({ ringside: _server, running }, use) => {
    const { tab, close } = await running.newTab();
    await use(tab);
    await close();
  },
});

/** The connection status that the page shows, as in `live`; `null` before there is one. */
export function status(tab: Tab): Promise<string | null> {
  return tab.evaluate(() => document.querySelector(".connection-status")?.getAttribute("data-status") ?? null);
}

/** The texts of the updates that can be seen, from top to bottom. */
export function texts(tab: Tab): Promise<string[]> {
  return tab.evaluate(() => {
    const shown = [...document.querySelectorAll<HTMLElement>("#live-updates .update")];
    return shown.filter((update) => update.checkVisibility()).map((it) => it.querySelector(".prose")?.textContent?.trim() ?? "");
  });
}
