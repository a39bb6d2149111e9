// Screenshots of all pages in all states, to look at after a change. Two of them are for the
// README.
import { join } from "node:path";
import { STATES } from "./support/states";
import { test } from "./support/fixtures";

/** The README's screenshots, and their color schemes. */
const README: Record<string, "light" | "dark"> = { "entry-desk": "light", "composer-phone": "dark" };

for (const state of STATES) {
  test(state.name, async ({ fixture, newContext, allowConsole }, info) => {
    allowConsole(/Failed to load resource|ERR_|WebAssembly/);
    const server = state.blank ? fixture.blank : fixture.ringside;
    const context = await newContext({ storageState: state.author ? fixture.logins.get(server.url) : undefined });
    const page = await context.newPage();
    await state.open(page, fixture);
    const name = `${state.name}-${info.project.name}`;
    // A screenshot of the whole page includes what is outside the view.
    await page.evaluate(async () => {
      for (const card of document.querySelectorAll<HTMLElement>(".update")) card.style.contentVisibility = "visible";
      for (const image of document.images) {
        image.loading = "eager";
        await image.decode();
      }
    });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(info.project.outputDir, `${name}-${colorScheme}.png`), fullPage: !state.window });
      if (README[name] === colorScheme) await page.screenshot({ path: `../docs/images/${name}.png` });
    }
    if (state.name === "entry") {
      await page.emulateMedia({ media: "print" });
      await page.screenshot({ path: join(info.project.outputDir, `${name}-print.png`), fullPage: true });
    }
  });
}
