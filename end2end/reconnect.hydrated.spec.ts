// Lost connections, and how a page recovers.
import { expect, expectStatus, markNodes, runUntilStatus, test, texts, unmarked, updates, waitForFeed } from "./support/test";

test.use({ settings: { RINGSIDE_POLL_INTERVAL_MS: "500" } });

const NETWORK = /ERR_|Failed to load resource|WebSocket connection to/;

for (const [transport, status, kill] of [
  ["auto", "live", false],
  ["auto", "live", true],
  ["websocket", "live", false],
  ["poll", "polling", true],
] as const) {
  test(`after the server was ${kill ? "killed" : "restarted"}, a page (${transport}) catches up, each update once`, async ({
    page,
    ringside,
    newEntry,
    post,
    allowConsole,
  }) => {
    allowConsole(NETWORK);
    const entry = await newEntry();
    await post(entry.slug, "before");
    await page.goto(`${entry.url}?transport=${transport}`);
    await waitForFeed(page);
    await expectStatus(page, status);
    await ringside.stop({ kill });
    await expectStatus(page, "reconnecting");
    await expect(page.locator(".connection-status")).toHaveText(/last contact \d\d:\d\d/);
    await ringside.start();
    await post(entry.slug, "after");
    await expect(updates(page)).toHaveCount(2, { timeout: 40_000 });
    await expectStatus(page, status, 40_000);
    await post(entry.slug, "and on");
    await expect(updates(page)).toHaveCount(3);
    expect(await texts(page)).toEqual(["before", "after", "and on"]);
  });
}

for (const transport of ["auto", "websocket", "poll"]) {
  test(`without a network, a page (${transport}) shows that it is offline and since when, and recovers`, async ({ page, newEntry, post, allowConsole }) => {
    allowConsole(NETWORK);
    const entry = await newEntry();
    const status = transport === "poll" ? "polling" : "live";
    await page.goto(`${entry.url}?transport=${transport}`);
    await waitForFeed(page);
    await expectStatus(page, status);
    await expect(page.locator(".connection-status")).toHaveAttribute("title", /^Last contact with the server at \d\d:\d\d$/);
    await page.context().setOffline(true);
    await expect(page.locator(".connection-status")).toHaveText(/^Offline · last contact \d\d:\d\d$/);
    await post(entry.slug, "missed");
    await page.context().setOffline(false);
    await expect(updates(page)).toHaveText(/missed/);
    await expectStatus(page, status);
  });
}

test("page reconnects after 40 seconds without an event", async ({ page, middlebox, newEntry, post }) => {
  const entry = await newEntry();
  await page.clock.install();
  await page.goto(`${middlebox.url}/entries/${entry.slug}`);
  await waitForFeed(page);
  await expectStatus(page, "live");
  middlebox.dropStreams();
  await post(entry.slug, "not received");
  // The page's clock also runs in real time, so there is some margin for a busy machine.
  await page.clock.runFor(15_000);
  await expect(updates(page)).toHaveCount(0);
  await expectStatus(page, "live");
  await page.clock.runFor(27_000);
  await expect(updates(page)).toHaveText(/not received/);
  await runUntilStatus(page, "live");
});

test("page catches up after the machine has slept", async ({ page, middlebox, newEntry, post }) => {
  const entry = await newEntry();
  // While a machine sleeps, no timer fires, and in some browsers `performance.now()` stops, too.
  // Only the wall clock advances.
  await page.addInitScript(() => {
    const wall = Date.now;
    let slept = 0;
    Date.now = () => wall() + slept;
    Object.assign(window, { sleep: (milliseconds: number) => (slept += milliseconds) });
  });
  await page.goto(`${middlebox.url}/entries/${entry.slug}`);
  await waitForFeed(page);
  await expectStatus(page, "live");
  middlebox.dropStreams();
  await post(entry.slug, "while it slept");
  await page.evaluate(() => (window as Window & { sleep?: (milliseconds: number) => void }).sleep?.(3_600_000));
  await expect(updates(page)).toHaveText(/while it slept/);
  await expectStatus(page, "live");
});

for (const transport of ["auto", "websocket"]) {
  test(`page (${transport}) restored from the back/forward cache keeps its nodes, and catches up`, async ({
    playwright,
    launchOptions,
    consoleWatch,
    ringside,
    newEntry,
    post,
  }) => {
    const entry = await newEntry();
    await post(entry.slug, "before");
    // Playwright disables the cache by default.
    const browser = await playwright.chromium.launch({ ...launchOptions, ignoreDefaultArgs: ["--disable-back-forward-cache"] });
    const context = await browser.newContext();
    consoleWatch.watch(context);
    const page = await context.newPage();
    await page.goto(`${entry.url}?transport=${transport}`);
    await waitForFeed(page);
    await expectStatus(page, "live");
    await markNodes(page);
    await page.goto(`${ringside.url}/login`);
    await post(entry.slug, "while the reader was away");
    // A restored page loads nothing.
    await page.goBack({ waitUntil: "commit" });
    await expect(updates(page)).toHaveCount(2);
    await expectStatus(page, "live");
    expect(await unmarked(page), "only the missed update has a new node").toBe(1);
    expect(await texts(page)).toEqual(["before", "while the reader was away"]);
    await browser.close();
  });
}
