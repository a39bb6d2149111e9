// From a key press in the composer to the painted character, in a live blog of 2,000 updates.
import type { Page } from "@playwright/test";
import { median, ms, quantile, record } from "./support/figures";
import { makeLongEntry } from "./support/long-entry";
import { expect, expectStatus, test, waitForFeed } from "./support/test";

const UPDATES = 2_000;

/** Keys in each of the pages. */
const KEYS = 400;

/** Milliseconds between two keys: a fast typist's. */
const PAUSE = 80;

/** Milliseconds between two updates that arrive. */
const ARRIVAL = 1_000;

// A trace would cost more than what is measured.
test.use({ trace: "off" });

test("time from a key press to the painted character", async ({ author, newContext, post, ringside }) => {
  const entry = await makeLongEntry(ringside, UPDATES);
  const page = await author.context.newPage();
  await page.goto(`${entry.url}?order=latest`);
  await waitForFeed(page);
  await expectStatus(page, "live");
  const box = page.getByRole("textbox", { name: "Update" });
  await box.waitFor();

  let arrived = 0;
  let isTyping = true;
  const arrivals = (async () => {
    for (let next = Date.now(); isTyping; next += ARRIVAL) {
      await new Promise((resolve) => setTimeout(resolve, next - Date.now()));
      await post(entry.slug, `arrival ${arrived++}`);
    }
  })();
  await box.focus();
  const figures = await typeInto(page);
  isTyping = false;
  await arrivals;
  // Those that arrive while the list's top is out of view are in the page, and hidden.
  await expect(page.locator("#live-updates .update")).toHaveCount(UPDATES + arrived);
  await expect(box).toHaveValue("x".repeat(KEYS));

  const bare = await (await newContext()).newPage();
  await bare.setContent("<textarea></textarea>");
  await bare.locator("textarea").focus();
  const reference = await typeInto(bare);

  record("Key press to the painted character with 2,000 updates", "ms", figures);
  console.log(`\nA key press to the painted character, ${KEYS} keys, ${UPDATES} updates and ${arrived} more that arrive:`);
  for (const [name, times] of [["the composer", figures], ["beside it a bare text box", reference]] as const) {
    console.log(`  ${name}: median ${ms(median(times))}, 99 of 100 within ${ms(quantile(times, 0.99))}, slowest ${ms(Math.max(...times))}`);
  }
});

/** Types into the focused text box. Returns the milliseconds from each key to its painted frame. */
async function typeInto(page: Page): Promise<number[]> {
  await page.bringToFront();
  await page.evaluate(() => {
    const painted: number[] = [];
    Object.assign(window, { painted });
    addEventListener(
      "keydown",
      ({ timeStamp }) =>
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => painted.push(performance.now() - timeStamp);
          port2.postMessage(null);
        }),
      { capture: true },
    );
  });
  for (let key = 1; key <= KEYS; key++) {
    await page.keyboard.press("x");
    await page.waitForTimeout(PAUSE);
  }
  await page.waitForFunction((keys) => (window as unknown as { painted: number[] }).painted.length === keys, KEYS);
  return page.evaluate(() => (window as unknown as { painted: number[] }).painted);
}
