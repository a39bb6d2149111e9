// The transports of the feed, and how a page selects one.
import type { Page } from "@playwright/test";
import {
  expect,
  expectStatus,
  idOf,
  markNodes,
  runUntil,
  runUntilStatus,
  test,
  texts,
  unmarked,
  updates,
  waitForFeed,
  watchHeads,
  watchStatus,
} from "./support/test";

test.use({ settings: { RINGSIDE_POLL_INTERVAL_MS: "500" } });

const NETWORK = /ERR_|Failed to load resource/;

/**
 * Records the feed's resources that a page requests: the last part of each path, such as `stream`.
 */
function watchRequests(page: Page): Set<string> {
  const requested = new Set<string>();
  page.on("request", (request) => {
    const path = /\/feed\/\w+\/(\w+)/.exec(request.url());
    // Counts are no changes.
    if (path?.[1] && path[1] !== "counts") requested.add(path[1]);
  });
  page.on("websocket", (socket) => requested.add(new URL(socket.url()).pathname));
  return requested;
}

for (const [transport, status, resources] of [
  ["sse", "live", ["stream"]],
  ["websocket", "live", ["/ws"]],
  ["poll", "polling", ["changes", "head"]],
] as const) {
  test(`all changes arrive over ${transport} alone, and unchanged updates keep their nodes`, async ({ page, newEntry, post, send }) => {
    const entry = await newEntry();
    for (const text of ["kept", "secnod", "wrong"]) await post(entry.slug, text);
    const requested = watchRequests(page);
    await page.goto(`${entry.url}?transport=${transport}`);
    await waitForFeed(page);
    await expectStatus(page, status);
    await markNodes(page);
    const [second, wrong] = [await idOf(page, "secnod"), await idOf(page, "wrong")];

    await post(entry.slug, "new");
    await expect(updates(page)).toHaveCount(4);
    await send(`/desk/updates/${second}`, { source: "second", headline: "" });
    await expect(page.locator(`#update-${second} .prose`)).toHaveText("second");
    await send(`/desk/updates/${wrong}/delete`);
    await expect(page.locator(`#update-${wrong}`)).toHaveCount(0);
    expect(await texts(page)).toEqual(["kept", "second", "new"]);
    expect(await unmarked(page), "only the new update has a new node").toBe(1);
    expect([...requested].sort()).toEqual(resources);

    await send(`/desk/entries/${entry.slug}/end`);
    await expectStatus(page, "ended");
    await expect(page.locator("#entry-state")).toHaveText("Ended");
  });
}

test("behind a buffering proxy the page polls, and streams again once the proxy allows it", async ({ page, middlebox, newEntry, post }) => {
  const entry = await newEntry();
  const statuses = await watchStatus(page);
  middlebox.buffers = /\/stream/;
  await page.clock.install();
  await page.goto(`${middlebox.url}/entries/${entry.slug}`);
  await waitForFeed(page);
  await runUntilStatus(page, "polling");
  await post(entry.slug, "by polling");
  await page.clock.runFor(2_000);
  await expect(updates(page)).toHaveText(/by polling/);

  middlebox.buffers = undefined;
  await runUntilStatus(page, "live");
  await post(entry.slug, "by the stream");
  await expect(updates(page)).toHaveCount(2);
  expect(await statuses()).toEqual(["connecting", "polling", "live"]);
});

test("behind a proxy that buffers after the first event, the page polls after the third stream", async ({
  page,
  middlebox,
  newEntry,
  post,
}) => {
  const entry = await newEntry();
  middlebox.buffersAfterFirstEvent = /\/stream/;
  await page.clock.install();
  await page.goto(`${middlebox.url}/entries/${entry.slug}`);
  await waitForFeed(page);
  await expectStatus(page, "live");
  await runUntil(page, () => expect(middlebox.cutAfterFirstEvent).toBeGreaterThanOrEqual(3));
  await runUntilStatus(page, "polling");
  for (const [at, text] of ["one", "two", "three"].entries()) {
    const posted = await page.evaluate(() => Date.now());
    await post(entry.slug, text);
    await runUntil(page, () => expect(updates(page)).toHaveCount(at + 1, { timeout: 250 }));
    // The poll interval of half a second, and the test's own steps; not the 20 seconds of silence.
    expect((await page.evaluate(() => Date.now())) - posted).toBeLessThan(15_000);
  }

  middlebox.buffersAfterFirstEvent = undefined;
  await runUntilStatus(page, "live");
  await post(entry.slug, "by the stream");
  await expect(updates(page)).toHaveCount(4);
});

test("page that gets no stream because of the server's limit polls, and never shows reconnecting", async ({
  page,
  newServer,
  newEntry,
  post,
  allowConsole,
}) => {
  allowConsole(/Failed to load resource: .* 503/);
  const full = await newServer({ RINGSIDE_MAX_STREAMS: "0", RINGSIDE_POLL_INTERVAL_MS: "500" });
  const entry = await newEntry();
  const statuses = await watchStatus(page);
  const response = page.waitForResponse(/\/stream/);
  await page.goto(`${full.url}/entries/${entry.slug}`);
  await waitForFeed(page);
  const refused = await response;
  expect(refused.status()).toBe(503);
  expect(refused.headers()["retry-after"]).toMatch(/^\d+$/);
  await expectStatus(page, "polling");
  await post(entry.slug, "by polling");
  await expect(updates(page)).toHaveText(/by polling/);
  await page.waitForResponse(/\/stream/);
  expect(await statuses()).toEqual(["connecting", "polling"]);
});

test("page polls while streams are blocked, and streams again afterwards", async ({ page, newEntry, post, allowConsole }) => {
  allowConsole(NETWORK);
  const entry = await newEntry();
  await page.route("**/feed/*/stream*", (route) => route.abort());
  await page.clock.install();
  await page.goto(entry.url);
  await waitForFeed(page);
  await runUntilStatus(page, "polling");
  await post(entry.slug, "by polling");
  await page.clock.runFor(2_000);
  await expect(updates(page)).toHaveText(/by polling/);
  await page.unroute("**/feed/*/stream*");
  await runUntilStatus(page, "live");
});

test("page polls at the server's interval", async ({ page, newServer, newEntry }) => {
  const calm = await newServer({ RINGSIDE_POLL_INTERVAL_MS: "10000" });
  const entry = await newEntry();
  const headRequests = await watchHeads(page);
  await page.clock.install();
  await page.goto(`${calm.url}/entries/${entry.slug}?transport=poll`);
  await waitForFeed(page);
  await expectStatus(page, "polling");
  await runUntil(page, async () => expect((await headRequests()).length).toBeGreaterThan(6));
  const times = await headRequests();
  const pauses = times.slice(1).map((at, n) => at - (times[n] ?? 0));
  // With 10 % jitter, a resolution of one second, and the time of the responses.
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(9_000);
  expect(Math.min(...pauses)).toBeLessThan(13_000);
});

test("request without a response does not stop polling", async ({ page, middlebox, newEntry, post }) => {
  const entry = await newEntry();
  await page.goto(`${middlebox.url}/entries/${entry.slug}?transport=poll`);
  await waitForFeed(page);
  await expectStatus(page, "polling");
  middlebox.buffers = /\/head/;
  await post(entry.slug, "not delivered");
  await expectStatus(page, "reconnecting");
  await expect(page.locator(".connection-status")).toHaveText(/last contact \d\d:\d\d/);
  middlebox.buffers = undefined;
  await expect(updates(page)).toHaveText(/not delivered/, { timeout: 40_000 });
  await expectStatus(page, "polling");
});

/**
 * Hides or shows a tab. In a headless browser all tabs are visible, so the page's properties are
 * overridden.
 */
const show = (page: Page, visible: boolean) =>
  page.evaluate((visible) => {
    Object.defineProperty(document, "hidden", { configurable: true, value: !visible });
    Object.defineProperty(document, "visibilityState", { configurable: true, value: visible ? "visible" : "hidden" });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, visible);

for (const transport of ["auto", "websocket"]) {
  test(`hidden tab (${transport}) has no stream, polls once a minute, and catches up when it is visible`, async ({
    page,
    middlebox,
    newEntry,
    post,
  }) => {
    const entry = await newEntry();
    const headRequests = await watchHeads(page);
    await page.clock.install();
    await page.goto(`${middlebox.url}/entries/${entry.slug}?transport=${transport}`);
    await waitForFeed(page);
    await expectStatus(page, "live");
    expect(middlebox.streams).toBe(1);
    await show(page, false);
    await expect.poll(() => middlebox.streams).toBe(0);

    const requested = watchRequests(page);
    const before = (await headRequests()).length;
    await runUntil(page, async () => expect((await headRequests()).length).toBeGreaterThan(before + 3), 5_000);
    const times = (await headRequests()).slice(before);
    for (const [n, at] of times.slice(1).entries()) expect(at - (times[n] ?? 0)).toBeGreaterThanOrEqual(54_000);
    expect([...requested]).toEqual(["head"]);

    await post(entry.slug, "while hidden");
    await show(page, true);
    await expect(updates(page)).toHaveText(/while hidden/);
    await expectStatus(page, "live");
    expect(middlebox.streams).toBe(1);
  });
}
