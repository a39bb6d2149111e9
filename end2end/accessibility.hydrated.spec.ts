// Accessibility of all pages in all states, in the window of a desktop and in that of a phone.
import { axeViolations, cutOff, enlargeText, smallTargets } from "./support/accessibility";
import { expect, test } from "./support/fixtures";
import { STATES } from "./support/states";

// A fading color has no defined contrast.
test.use({ contextOptions: { reducedMotion: "reduce" } });

// 1280 pixels at 200 % are 640 CSS pixels, and at 400 % 320.
const ZOOMED = [640, 320];

const DESKTOP = { width: 1280, height: 720 };
const PHONE = { width: 412, height: 839 };

for (const state of STATES) {
  test(`accessible: ${state.name}`, async ({ fixture, newContext, allowConsole }) => {
    // Some states include errors.
    allowConsole(/Failed to load resource|ERR_|WebAssembly/);
    const server = state.blank ? fixture.blank : fixture.ringside;
    const context = await newContext({ storageState: state.author ? fixture.logins.get(server.url) : undefined });
    const page = await context.newPage();
    await state.open(page, fixture);

    for (const size of [DESKTOP, PHONE]) {
      await page.setViewportSize(size);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        expect.soft(await axeViolations(page), `${size.width} pixels wide, ${colorScheme}`).toEqual([]);
      }
    }
    expect.soft(await smallTargets(page)).toEqual([]);
    for (const width of ZOOMED) {
      await page.setViewportSize({ width, height: 720 });
      expect.soft(await cutOff(page), `${width} pixels wide`).toEqual([]);
    }
    for (const size of [DESKTOP, PHONE]) {
      await page.setViewportSize(size);
      await enlargeText(page, 2);
      expect.soft(await cutOff(page), `text at twice the size, ${size.width} pixels wide`).toEqual([]);
    }
  });
}
