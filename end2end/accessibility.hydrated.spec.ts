// Accessibility of all pages in all states, on a desktop and on a phone.
import { axeViolations, cutOff, enlargeText, smallTargets } from "./support/accessibility";
import { STATES } from "./support/states";
import { expect, test } from "./support/fixtures";

// A fading color has no defined contrast.
test.use({ contextOptions: { reducedMotion: "reduce" } });

// 1280 pixels at 200 % are 640 CSS pixels, and at 400 % 320.
const ZOOMED = [640, 320];

for (const state of STATES) {
  test(`accessible: ${state.name}`, async ({ fixture, newContext, hasTouch, allowConsole }) => {
    // Some states include errors.
    allowConsole(/Failed to load resource|ERR_|WebAssembly/);
    const server = state.blank ? fixture.blank : fixture.ringside;
    const context = await newContext({ storageState: state.author ? fixture.logins.get(server.url) : undefined });
    const page = await context.newPage();
    await state.open(page, fixture);

    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect.soft(await axeViolations(page), colorScheme).toEqual([]);
    }
    if (hasTouch) {
      expect.soft(await smallTargets(page)).toEqual([]);
    } else {
      for (const width of ZOOMED) {
        await page.setViewportSize({ width, height: 720 });
        expect.soft(await cutOff(page), `${width} pixels wide`).toEqual([]);
      }
    }
    await enlargeText(page, 2);
    expect.soft(await cutOff(page), "text at twice the size").toEqual([]);
  });
}
