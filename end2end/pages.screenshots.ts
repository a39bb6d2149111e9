// Pictures of every page in every state: two for the README, all to look at after a change.
import { join } from "node:path";
import { STATES } from "./support/states";
import { test } from "./support/world";

for (const state of STATES) {
  test(state.name, async ({ world, newContext, allowConsole }, info) => {
    allowConsole(/Failed to load resource|ERR_/);
    const server = state.blank ? world.blank : world.ringside;
    const context = await newContext({ storageState: state.author ? world.logins.get(server.url) : undefined });
    const page = await context.newPage();
    await state.open(page, world);
    // A picture of a whole page shows what is out of sight.
    await page.locator(".update").evaluateAll((cards: HTMLElement[]) => cards.forEach((card) => (card.style.contentVisibility = "visible")));
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const path = join(info.project.outputDir, `${state.name}-${info.project.name}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: !state.window });
    }
    if (state.name === "entry") {
      await page.emulateMedia({ colorScheme: "light" });
      await page.screenshot({ path: `../docs/images/entry-${info.project.name}.png` });
      await page.emulateMedia({ media: "print" });
      await page.screenshot({ path: join(info.project.outputDir, `entry-${info.project.name}-print.png`), fullPage: true });
    }
  });
}
