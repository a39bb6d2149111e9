// The transports that changes take to a page, and how a page finds one.
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
  watchStatus,
  watchHeads,
} from "./support/test";

test.use({ settings: { RINGSIDE_POLL_INTERVAL_MS: "500" } });

const NETWORK = /ERR_|Failed to load resource/;

/** What a page asks of its feed: the last part of each path, as in `stream`. */
function listen(page: Page): Set<string> {
  const asked = new Set<string>();
  page.on("request", (request) => {
    const path = /\/feed\/\w+\/(\w+)/.exec(request.url());
    if (path?.[1]) asked.add(path[1]);
  });
  page.on("websocket", (socket) => asked.add(new URL(socket.url()).pathname));
  return asked;
}

for (const [transport, status, asks] of [
  ["sse", "live", ["stream"]],
  ["websocket", "live", ["/ws"]],
  ["poll", "polling", ["changes", "head"]],
] as const) {
  test(`all that happens arrives by ${transport}, by no other transport, and what stays keeps its node`, async ({ page, newEntry, post, send }) => {
    const entry = await newEntry();
    for (const text of ["kept", "secnod", "wrong"]) await post(entry.slug, text);
    const asked = listen(page);
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
    expect(await unmarked(page), "only what is new is a new node").toBe(1);
    expect([...asked].sort()).toEqual(asks);

    await send(`/desk/entries/${entry.slug}/end`);
    await expectStatus(page, "ended");
    await expect(page.locator("#entry-state")).toHaveText("Ended");
  });
}

test("behind a proxy that holds streams back the page polls, and streams again once it can", async ({ page, middlebox, newEntry, post }) => {
  const entry = await newEntry();
  const said = await watchStatus(page);
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
  expect(await said()).toEqual(["connecting", "polling", "live"]);
});

test("behind a proxy that lets a stream begin and then holds it back, updates come by polls from the third stream on", async ({
  page,
  middlebox,
  newEntry,
  post,
}) => {
  const entry = await newEntry();
  middlebox.buffersAfterFirstWords = /\/stream/;
  await page.clock.install();
  await page.goto(`${middlebox.url}/entries/${entry.slug}`);
  await waitForFeed(page);
  await expectStatus(page, "live");
  await runUntil(page, () => expect(middlebox.begun).toBeGreaterThanOrEqual(3));
  await runUntilStatus(page, "polling");
  for (const [at, text] of ["one", "two", "three"].entries()) {
    const posted = await page.evaluate(() => Date.now());
    await post(entry.slug, text);
    await runUntil(page, () => expect(updates(page)).toHaveCount(at + 1, { timeout: 250 }));
    // A poll every half second, and what the test's own steps take; not the 20 seconds of silence.
    expect((await page.evaluate(() => Date.now())) - posted).toBeLessThan(15_000);
  }

  middlebox.buffersAfterFirstWords = undefined;
  await runUntilStatus(page, "live");
  await post(entry.slug, "by the stream");
  await expect(updates(page)).toHaveCount(4);
});

test("a page that gets no stream under the server's cap polls, and never says that it reconnects", async ({
  page,
  newServer,
  newEntry,
  post,
  allowConsole,
}) => {
  allowConsole(/Failed to load resource: .* 503/);
  const full = await newServer({ RINGSIDE_MAX_STREAMS: "0", RINGSIDE_POLL_INTERVAL_MS: "500" });
  const entry = await newEntry();
  const said = await watchStatus(page);
  const refused = page.waitForResponse(/\/stream/);
  await page.goto(`${full.url}/entries/${entry.slug}`);
  await waitForFeed(page);
  const answer = await refused;
  expect(answer.status()).toBe(503);
  expect(answer.headers()["retry-after"]).toMatch(/^\d+$/);
  await expectStatus(page, "polling");
  await post(entry.slug, "by polling");
  await expect(updates(page)).toHaveText(/by polling/);
  await page.waitForResponse(/\/stream/);
  expect(await said()).toEqual(["connecting", "polling"]);
});

test("where streams are blocked the page polls, and streams again once they aren't", async ({ page, newEntry, post, allowConsole }) => {
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

test("a page polls as often as the server says, and no oftener", async ({ page, newServer, newEntry }) => {
  const calm = await newServer({ RINGSIDE_POLL_INTERVAL_MS: "10000" });
  const entry = await newEntry();
  const asked = await watchHeads(page);
  await page.clock.install();
  await page.goto(`${calm.url}/entries/${entry.slug}?transport=poll`);
  await waitForFeed(page);
  await expectStatus(page, "polling");
  await runUntil(page, async () => expect((await asked()).length).toBeGreaterThan(6));
  const times = await asked();
  const pauses = times.slice(1).map((at, n) => at - (times[n] ?? 0));
  // A tenth is left to chance, the connection looks at the clock once a second, and answers take their time.
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(9_000);
  expect(Math.min(...pauses)).toBeLessThan(13_000);
});

test("a question that is never answered doesn't end the polls", async ({ page, middlebox, newEntry, post }) => {
  const entry = await newEntry();
  await page.goto(`${middlebox.url}/entries/${entry.slug}?transport=poll`);
  await waitForFeed(page);
  await expectStatus(page, "polling");
  middlebox.buffers = /\/head/;
  await post(entry.slug, "asked for in vain");
  await expectStatus(page, "reconnecting");
  await expect(page.locator(".connection-status")).toHaveText(/last contact \d\d:\d\d/);
  middlebox.buffers = undefined;
  await expect(updates(page)).toHaveText(/asked for in vain/, { timeout: 40_000 });
  await expectStatus(page, "polling");
});

/** Takes a tab out of view, or back. Headless, a browser has every tab in view: the page is told as it would be. */
const show = (page: Page, visible: boolean) =>
  page.evaluate((visible) => {
    Object.defineProperty(document, "hidden", { configurable: true, value: !visible });
    Object.defineProperty(document, "visibilityState", { configurable: true, value: visible ? "visible" : "hidden" });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, visible);

for (const transport of ["auto", "websocket"]) {
  test(`a tab that is out of view holds no stream (${transport}), asks once a minute, and catches up when it is seen`, async ({
    page,
    middlebox,
    newEntry,
    post,
  }) => {
    const entry = await newEntry();
    const asked = await watchHeads(page);
    await page.clock.install();
    await page.goto(`${middlebox.url}/entries/${entry.slug}?transport=${transport}`);
    await waitForFeed(page);
    await expectStatus(page, "live");
    expect(middlebox.streams).toBe(1);
    await show(page, false);
    await expect.poll(() => middlebox.streams).toBe(0);

    const paths = listen(page);
    const before = (await asked()).length;
    await runUntil(page, async () => expect((await asked()).length).toBeGreaterThan(before + 3), 5_000);
    const times = (await asked()).slice(before);
    for (const [n, at] of times.slice(1).entries()) expect(at - (times[n] ?? 0)).toBeGreaterThanOrEqual(54_000);
    expect([...paths]).toEqual(["head"]);

    await post(entry.slug, "while nobody looked");
    await show(page, true);
    await expect(updates(page)).toHaveText(/while nobody looked/);
    await expectStatus(page, "live");
    expect(middlebox.streams).toBe(1);
  });
}
