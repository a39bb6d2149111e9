// What 5,000 updates in one entry cost a reader, beside an entry of ordinary length in the same run.
import type { Browser, CDPSession, Page } from "@playwright/test";
import { median, ms, record } from "./support/figures";
import { makeLongEntry } from "./support/long-entry";
import { expect, test, waitForFeed } from "./support/test";

const VIEWPORT = { width: 1280, height: 800 };

/** How often each thing is done; the two entries take turns, so that both meet the same machine. */
const PAINTS = 9;
const FLIPS = 9;
const ROUNDS = 9;
const HYDRATIONS = 5;

/** How many times slower than this machine's the processor is on which a page is hydrated: about a cheap phone's. */
const SLOWER = 4;
const ARRIVALS_A_ROUND = 5;

// A trace would cost the page more than what is measured.
test.use({ trace: "off" });

test("what 5,000 updates in one entry cost", async ({ browser, ringside }) => {
  const [short, ordinary, long] = [await makeLongEntry(ringside, 100), await makeLongEntry(ringside, 200), await makeLongEntry(ringside, 5_000)];

  const paints = await inTurns([ordinary.url, long.url], PAINTS, (url) => firstPaint(browser, url));
  report("First contentful paint of the cached page", paints, ["200 updates", "5,000"]);

  const hydrations = await inTurns([ordinary.url, long.url], HYDRATIONS, (url) => hydration(browser, url));
  report(`From the navigation to the hydrated page, on a processor ${SLOWER} times slower`, hydrations, ["200 updates", "5,000"]);

  const flipped = [await livePage(browser, ordinary.url), await livePage(browser, long.url)];
  const flips = await inTurns(flipped, FLIPS, ({ page }) => flip(page));
  report("Click on the order switch to the next painted frame", flips, ["200 updates", "5,000"]);
  for (const { page } of flipped) await page.context().close();

  for (const order of ["oldest", "latest"]) {
    const pages = [await livePage(browser, `${short.url}?order=${order}`), await livePage(browser, `${long.url}?order=${order}`)];
    const costs = await inTurns(pages, ROUNDS, arrivalCost);
    report(`An arrival, ${order} first, all that the page's main thread does until it is painted`, costs, ["100 updates", "5,000"]);
    for (const { page } of pages) await page.context().close();
  }
  expect(ringside.log).not.toContain("panicked");
});

/** Measures each of `subjects` in turn, so many times; the first time of each only warms it up. */
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

/** Milliseconds from the start of the navigation, in a browser that has never seen the site. */
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

/** Milliseconds from the start of the navigation to the live page, in a browser that has never seen the site. */
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

interface LivePage {
  page: Page;
  cdp: CDPSession;
}

async function livePage(browser: Browser, url: string): Promise<LivePage> {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Performance.enable");
  await page.goto(url);
  await waitForFeed(page);
  await expect(page.locator(".connection-status")).toHaveAttribute("data-status", "live");
  return { page, cdp };
}

/** Milliseconds until the frame after a click is painted: the message is handled behind it. */
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

/** Milliseconds of the main thread's work an arrival: script, style, layout, paint and all else. */
async function arrivalCost({ page, cdp }: LivePage): Promise<number> {
  await page.bringToFront();
  const before = await taskSeconds(cdp);
  await page.evaluate(arrive, ARRIVALS_A_ROUND);
  return ((await taskSeconds(cdp)) - before) * 1000 / ARRIVALS_A_ROUND;
}

async function taskSeconds(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
}

/** In the page: hands it batches of one new update as a stream would, and waits each time until it is painted. */
async function arrive(count: number): Promise<void> {
  const list = document.getElementById("live-updates") as HTMLElement;
  const like = list.querySelector(".update") as HTMLElement;
  for (let n = 0; n < count; n++) {
    const [epoch, known] = (list.dataset.cursor ?? "").split(".");
    const rev = Number(known) + 1;
    const [id, postedAt] = [rev + 1_000_000, Date.now() * 1000];
    const card = like.cloneNode(true) as HTMLElement;
    card.id = `update-${id}`;
    card.dataset.updateId = `${id}`;
    card.dataset.postedAt = `${postedAt}`;
    const change = { id, rev, entry_id: Number(list.dataset.entryId), posted_at: postedAt, html: card.outerHTML };
    const batch = { epoch, from: Number(known), to: rev, head: rev, more: false, changes: [change] };
    list.dispatchEvent(new CustomEvent("ringside:batch", { detail: JSON.stringify(batch) }));
    await new Promise<void>((painted) =>
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => painted();
        port2.postMessage(null);
      }),
    );
  }
}
