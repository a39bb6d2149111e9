// The cost of an entry with 5,000 updates, compared with an ordinary entry in the same run.
import type { Browser, CDPSession, Page } from "@playwright/test";
import { median, ms, record } from "./support/figures";
import { makeLongEntry } from "./support/long-entry";
import { expect, expectStatus, test, waitForFeed } from "./support/test";

const VIEWPORT = { width: 1280, height: 800 };

/** Repetitions. The two entries take turns, so that both run under the same conditions. */
const PAINTS = 9;
const FLIPS = 9;
const ROUNDS = 9;
const HYDRATIONS = 5;

/** The slowdown of the processor while a page is hydrated: about a cheap phone's. */
const SLOWER = 4;
const ARRIVALS_A_ROUND = 5;

// A trace would cost more than what is measured.
test.use({ trace: "off" });

test("cost of 5,000 updates in one entry", async ({ browser, ringside }) => {
  const [short, ordinary, long] = [await makeLongEntry(ringside, 100), await makeLongEntry(ringside, 200), await makeLongEntry(ringside, 5_000)];

  const paints = await inTurns([ordinary.url, long.url], PAINTS, (url) => firstPaint(browser, url));
  report("First contentful paint of the cached page", paints, ["200 updates", "5,000"]);

  const hydrations = await inTurns([ordinary.url, long.url], HYDRATIONS, (url) => hydration(browser, url));
  report(`From the navigation to the hydrated page, on a processor ${SLOWER} times slower`, hydrations, ["200 updates", "5,000"]);

  const flipped = [await openLive(browser, ordinary.url), await openLive(browser, long.url)];
  const flips = await inTurns(flipped, FLIPS, ({ page }) => flip(page));
  report("Click on the order switch to the next painted frame", flips, ["200 updates", "5,000"]);
  for (const { page } of flipped) await page.context().close();

  for (const order of ["oldest", "latest"]) {
    const pages = [await openLive(browser, `${short.url}?order=${order}`), await openLive(browser, `${long.url}?order=${order}`)];
    const costs = await inTurns(pages, ROUNDS, arrivalCost);
    report(`An arrival, ${order} first, all that the page's main thread does until it is painted`, costs, ["100 updates", "5,000"]);
    for (const { page } of pages) await page.context().close();
  }
  expect(ringside.log).not.toContain("panicked");
});

/** Measures `subjects` in turn, `times` times after a warm-up. */
async function inTurns<Subject>(subjects: Subject[], times: number, measure: (subject: Subject) => Promise<number>): Promise<number[][]> {
  const measured = subjects.map((): number[] => []);
  for (let n = 0; n <= times; n++) {
    for (const [index, subject] of subjects.entries()) {
      const value = await measure(subject);
      if (n > 0) measured[index]?.push(value);
    }
  }
  return measured;
}

function report(what: string, [reference, long]: number[][], [referenceName, longName]: [string, string]): void {
  record(`${what}: ${longName}`, `of ${referenceName}`, (long ?? []).map((value, n) => value / (reference?.[n] ?? Number.NaN)));
  const [beside, figure] = [median(reference ?? []), median(long ?? [])];
  console.log(`\n${what}, median of ${long?.length}:`);
  console.log(`  ${longName}: ${ms(figure)}; beside it ${referenceName}: ${ms(beside)}; ratio ${(figure / beside).toFixed(2)}`);
}

/**
 * Returns the milliseconds from the start of the navigation to the first paint, without a cache.
 */
async function firstPaint(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  await page.goto(url);
  const paint = await page.evaluate(
    () =>
      new Promise<number>((found) => {
        new PerformanceObserver((entries) => {
          for (const entry of entries.getEntriesByName("first-contentful-paint")) found(entry.startTime);
        }).observe({ type: "paint", buffered: true });
      }),
  );
  await context.close();
  return paint;
}

/**
 * Returns the milliseconds from the start of the navigation to the hydrated page, without a cache.
 */
async function hydration(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  await page.goto(url, { waitUntil: "commit" });
  const hydrated = await page.waitForFunction(() => document.querySelector("#live-updates[data-hydrated]") && performance.now(), null, {
    polling: "raf",
  });
  const time = Number(await hydrated.jsonValue());
  await context.close();
  return time;
}

interface OpenPage {
  page: Page;
  cdp: CDPSession;
}

async function openLive(browser: Browser, url: string): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Performance.enable");
  await page.goto(url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  return { page, cdp };
}

/**
 * Returns the milliseconds until the frame after a click is painted; then the message is handled.
 */
async function flip(page: Page): Promise<number> {
  await page.bringToFront();
  return page.evaluate(
    () =>
      new Promise<number>((painted) => {
        const button = [...document.querySelectorAll<HTMLElement>(".feed-bar button")].find((it) => it.innerText.startsWith("Show"));
        const start = performance.now();
        button?.click();
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => painted(performance.now() - start);
          port2.postMessage(null);
        });
      }),
  );
}

/** Returns the milliseconds of main-thread work per new update: script, style, layout and paint. */
async function arrivalCost({ page, cdp }: OpenPage): Promise<number> {
  await page.bringToFront();
  const before = await taskSeconds(cdp);
  await page.evaluate(arrive, ARRIVALS_A_ROUND);
  return ((await taskSeconds(cdp)) - before) * 1000 / ARRIVALS_A_ROUND;
}

async function taskSeconds(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
}

/** Runs in the page: passes batches with one new update each, and waits until each is painted. */
async function arrive(count: number): Promise<void> {
  const list = document.getElementById("live-updates") as HTMLElement;
  const template = list.querySelector(".update") as HTMLElement;
  for (let n = 0; n < count; n++) {
    const [epoch, known] = (list.dataset.cursor ?? "").split(".");
    const rev = Number(known) + 1;
    const [id, postedAt] = [rev + 1_000_000, Date.now() * 1000];
    const card = template.cloneNode(true) as HTMLElement;
    card.id = `update-${id}`;
    card.dataset.updateId = `${id}`;
    card.dataset.postedAt = `${postedAt}`;
    const change = { id, rev, entry_id: Number(list.dataset.entryId), posted_at: postedAt, html: card.outerHTML };
    const batch = { epoch, from: Number(known), to: rev, head: rev, more: false, changes: [change] };
    window.dispatchEvent(new CustomEvent("ringside:batch", { detail: JSON.stringify(batch) }));
    await new Promise<void>((painted) =>
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => painted();
        port2.postMessage(null);
      }),
    );
  }
}
