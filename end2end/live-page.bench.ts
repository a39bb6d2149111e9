// The time from the click on "Post" to another reader's DOM, and the layout shift by new updates.
import type { BrowserContext, Page } from "@playwright/test";
import { waitUntilStored } from "./support/composer";
import { median, ms, quantile, record } from "./support/figures";
import { type Entry, expect, expectStatus, test, updates, waitForFeed } from "./support/test";

const POSTS = 50;

/** Milliseconds since 1970, by a clock that both pages share. Finer than `Date.now()`. */
const now = "performance.timeOrigin + performance.now()";

/** Opens the composer of an author in a browser, whose page records its clicks. */
async function openComposer(browser: BrowserContext, entry: Entry, before?: () => void): Promise<Page> {
  const page = await browser.newPage();
  if (before) await page.addInitScript(before);
  await page.goto(entry.url);
  await page.getByRole("textbox", { name: "Update" }).waitFor();
  await page.evaluate(`
    window.clicks = [];
    addEventListener("click", () => clicks.push(${now}), { capture: true });
  `);
  return page;
}

test("time from the click on Post to another browser's DOM", async ({ author, newContext, newEntry, post, ringside }) => {
  const entry = await newEntry();
  await post(entry.slug, "the first update");
  const reader = await (await newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await reader.goto(entry.url);
  await waitForFeed(reader);
  await expectStatus(reader, "live");
  await reader.evaluate(`
    window.seen = [];
    window.shift = 0;
    new MutationObserver((changes) => {
      for (const change of changes) for (const node of change.addedNodes) seen.push([node.textContent, ${now}]);
    }).observe(document.getElementById("live-updates"), { childList: true, subtree: true });
    new PerformanceObserver((entries) => {
      for (const entry of entries.getEntries()) shift += entry.value;
    }).observe({ type: "layout-shift" });
  `);

  const writer = await openComposer(author.context, entry);
  // Without the browser's storage, the composer sends a text at once. In a browser of its own,
  // since the tabs of one browser take turns in sending.
  const other = await newContext({ storageState: await author.context.storageState() });
  const direct = await openComposer(other, entry, () => {
    Object.defineProperty(window, "indexedDB", {
      get() {
        throw new DOMException("blocked", "SecurityError");
      },
    });
  });
  for (let n = 0; n < 2 * POSTS; n++) {
    const page = n % 2 === 0 ? writer : direct;
    const box = page.getByRole("textbox", { name: "Update" });
    await page.bringToFront();
    const text = `update number ${n}. ${"It reports something about the event. ".repeat(8)}`;
    await box.fill(text);
    // What an author has typed is stored before the hand is at the button.
    if (page === writer) await waitUntilStored(page, text);
    await page.getByRole("button", { name: "Post", exact: true }).click();
    await expect(box).toHaveValue("");
    await expect(updates(reader)).toHaveCount(n + 2);
  }

  const seen = (await reader.evaluate("seen")) as [string, number][];
  const latencies = async (page: Page, first: number) => {
    const clicks = (await page.evaluate("clicks")) as number[];
    return clicks.map((click, at) => {
      const arrival = seen.find(([text]) => text.includes(`update number ${first + 2 * at}.`));
      return (arrival?.[1] ?? Number.POSITIVE_INFINITY) - click;
    });
  };
  const latency = await latencies(writer, 0);
  const unstored = await latencies(direct, 1);
  const roundTrips: number[] = await writer.evaluate(async () => {
    const times: number[] = [];
    for (let n = 0; n < 50; n++) {
      const start = performance.now();
      await (await fetch("/healthz")).text();
      times.push(performance.now() - start);
    }
    return times;
  });
  const shift = (await reader.evaluate("shift")) as number;

  record("Click on Post to another browser's page", "ms", latency);
  record("Click on Post, the text being stored in the browser first", "ms more", [median(latency) - median(unstored)]);
  record("Layout shift by arrivals", "", [shift]);
  console.log(`\nClick on "Post" to another browser's DOM, ${POSTS} posts, two headless browsers and the server on one machine:`);
  console.log(`  median ${ms(median(latency))}, nine in ten within ${ms(quantile(latency, 0.9))}, slowest ${ms(Math.max(...latency))}`);
  console.log(`  beside it, in turns, from a browser that blocks its storage: median ${ms(median(unstored))}`);
  console.log(`  beside it, in the same run, a bare round trip from that page: median ${ms(median(roundTrips))}`);
  console.log(`Layout shift in the reader's page over ${POSTS} new updates: ${shift}`);
  expect(ringside.log).not.toContain("panicked");
});
