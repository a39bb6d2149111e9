// A page whose connection suffers, and heals by itself.
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
  test(`without a network a page (${transport}) says so and since when, and heals by itself`, async ({ page, newEntry, post, allowConsole }) => {
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

test("after 40 seconds of silence a page takes its stream for lost", async ({ page, middlebox, newEntry, post }) => {
  const entry = await newEntry();
  await page.clock.install();
  await page.goto(`${middlebox.url}/entries/${entry.slug}`);
  await waitForFeed(page);
  await expectStatus(page, "live");
  middlebox.forget();
  await post(entry.slug, "unheard");
  // The clock runs on meanwhile: the time between is left for a busy machine.
  await page.clock.runFor(15_000);
  await expect(updates(page)).toHaveCount(0);
  await expectStatus(page, "live");
  await page.clock.runFor(27_000);
  await expect(updates(page)).toHaveText(/unheard/);
  await runUntilStatus(page, "live");
});

test("a machine that slept wakes to a page that catches up", async ({ page, middlebox, newEntry, post }) => {
  const entry = await newEntry();
  // Asleep, no timer fires, and in some browsers the page's own clock stands still: only the one on the wall goes on.
  await page.addInitScript(() => {
    const wall = Date.now;
    let slept = 0;
    Date.now = () => wall() + slept;
    Object.assign(window, { sleep: (milliseconds: number) => (slept += milliseconds) });
  });
  await page.goto(`${middlebox.url}/entries/${entry.slug}`);
  await waitForFeed(page);
  await expectStatus(page, "live");
  middlebox.forget();
  await post(entry.slug, "while it slept");
  await page.evaluate(() => (window as Window & { sleep?: (milliseconds: number) => void }).sleep?.(3_600_000));
  await expect(updates(page)).toHaveText(/while it slept/);
  await expectStatus(page, "live");
});

for (const transport of ["auto", "websocket"]) {
  test(`a page (${transport}) that comes out of the back/forward cache catches up, with the nodes that it had`, async ({
    playwright,
    launchOptions,
    consoleWatch,
    ringside,
    newEntry,
    post,
  }) => {
    const entry = await newEntry();
    await post(entry.slug, "before");
    // Playwright turns that cache off.
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
    // A page that is taken out as it was loads nothing.
    await page.goBack({ waitUntil: "commit" });
    await expect(updates(page)).toHaveCount(2);
    await expectStatus(page, "live");
    expect(await unmarked(page), "it is the same page, and one update came").toBe(1);
    expect(await texts(page)).toEqual(["before", "while the reader was away"]);
    await browser.close();
  });
}
