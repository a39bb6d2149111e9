// The time from the click on "Post" to another reader's DOM, and the layout shift by new updates.
import { median, ms, quantile, record } from "./support/figures";
import { expect, expectStatus, test, updates, waitForFeed } from "./support/test";

const POSTS = 50;

/** Milliseconds since 1970, by a clock that both pages share. Finer than `Date.now()`. */
const now = "performance.timeOrigin + performance.now()";

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

  const writer = await author.context.newPage();
  await writer.goto(entry.url);
  const box = writer.getByRole("textbox", { name: "Update" });
  await box.waitFor();
  await writer.evaluate(`
    window.clicks = [];
    addEventListener("click", () => clicks.push(${now}), { capture: true });
  `);
  for (let n = 0; n < POSTS; n++) {
    await box.fill(`update number ${n}. ${"It reports something about the event. ".repeat(8)}`);
    await writer.getByRole("button", { name: "Post", exact: true }).click();
    await expect(box).toHaveValue("");
    await expect(updates(reader)).toHaveCount(n + 2);
  }

  const clicks = (await writer.evaluate("clicks")) as number[];
  const seen = (await reader.evaluate("seen")) as [string, number][];
  const latency = clicks.map((click, n) => {
    const arrival = seen.find(([text]) => text.includes(`update number ${n}.`));
    return (arrival?.[1] ?? Number.POSITIVE_INFINITY) - click;
  });
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
  record("Layout shift by arrivals", "", [shift]);
  console.log(`\nClick on "Post" to another browser's DOM, ${POSTS} posts, two headless browsers and the server on one machine:`);
  console.log(`  median ${ms(median(latency))}, nine in ten within ${ms(quantile(latency, 0.9))}, slowest ${ms(Math.max(...latency))}`);
  console.log(`  beside it, in the same run, a bare round trip from that page: median ${ms(median(roundTrips))}`);
  console.log(`Layout shift in the reader's page over ${POSTS} new updates: ${shift}`);
  expect(ringside.log).not.toContain("panicked");
});
