// A page whose connection suffers.
import type { Page } from "@playwright/test";
import { expect, markNodes, test, texts, unmarked, updates, waitForFeed } from "./support/test";

test.use({ settings: { RINGSIDE_POLL_INTERVAL_MS: "500" } });

const NETWORK = /ERR_|Failed to load resource/;

test("where streams are blocked, the page polls", async ({ page, newEntry, post, allowConsole }) => {
  allowConsole(NETWORK);
  const entry = await newEntry();
  await page.route("**/feed/*/stream*", (route) => route.abort());
  await page.goto(entry.url);
  await waitForFeed(page);
  await expect(page.locator(".chip")).toHaveAttribute("data-chip", "polling");
  await post(entry.slug, "by polling");
  await expect(updates(page)).toHaveText(/by polling/);
});

test("?transport=poll polls, and opens no stream", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  const streams: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/stream")) streams.push(request.url());
  });
  await page.goto(`${entry.url}?transport=poll`);
  await waitForFeed(page);
  await post(entry.slug, "by polling");
  await expect(updates(page)).toHaveText(/by polling/);
  expect(streams).toEqual([]);
});

test("?transport=websocket takes one, and no other road", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  const feed: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/feed/")) feed.push(request.url());
  });
  const opened = page.waitForEvent("websocket");
  await page.goto(`${entry.url}?transport=websocket`);
  await waitForFeed(page);
  expect((await opened).url()).toMatch(/^ws:.*\/ws$/);
  await expect(page.locator(".chip")).toHaveAttribute("data-chip", "live");
  await post(entry.slug, "by WebSocket");
  await expect(updates(page)).toHaveText(/by WebSocket/);
  expect(feed).toEqual([]);
});

for (const kill of [false, true]) {
  test(`after the server was ${kill ? "killed" : "restarted"}, the page catches up, each update once`, async ({
    page,
    ringside,
    newEntry,
    post,
    allowConsole,
  }) => {
    allowConsole(NETWORK);
    const entry = await newEntry();
    await post(entry.slug, "before");
    await page.goto(entry.url);
    await waitForFeed(page);
    await expect(page.locator(".chip")).toHaveAttribute("data-chip", "live");
    await ringside.restart({ kill });
    await post(entry.slug, "after");
    await expect(updates(page)).toHaveCount(2);
    await expect(page.locator(".chip")).toHaveAttribute("data-chip", "live", { timeout: 40_000 });
    await post(entry.slug, "and on");
    await expect(updates(page)).toHaveCount(3);
    expect(await texts(page)).toEqual(["before", "after", "and on"]);
  });
}

test("without a network the page says so, and heals by itself", async ({ page, newEntry, post, allowConsole }) => {
  allowConsole(NETWORK);
  const entry = await newEntry();
  await page.goto(entry.url);
  await waitForFeed(page);
  await expect(page.locator(".chip")).toHaveAttribute("data-chip", "live");
  await page.context().setOffline(true);
  await expect(page.locator(".chip")).toHaveText("Offline");
  await post(entry.slug, "missed");
  await page.context().setOffline(false);
  await expect(updates(page)).toHaveText(/missed/);
  await expect(page.locator(".chip")).toHaveAttribute("data-chip", "live");
});

/** Hands the page a batch as if a stream had brought it. */
const push = (page: Page, batch: unknown) =>
  page
    .locator("#live-updates")
    .evaluate((node, detail) => node.dispatchEvent(new CustomEvent("ringside:batch", { detail })), JSON.stringify(batch));

/** All that the server says of the page's entry. */
async function everything(page: Page) {
  const id = await page.locator("#live-updates").getAttribute("data-entry-id");
  return (await page.request.get(`/feed/${id}/changes`)).json();
}

test("a batch that comes twice, late or with a gap does no harm", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "kept");
  await page.goto(entry.url);
  await waitForFeed(page);
  const all = await everything(page);

  await push(page, all);
  await push(page, all);
  await expect(updates(page)).toHaveCount(1);
  await post(entry.slug, "new");
  await push(page, { ...all, from: all.head + 100, to: all.head + 101, changes: [] });
  await expect(updates(page)).toHaveCount(2);
  expect(await texts(page)).toEqual(["kept", "new"]);
});

test("after a reset what stays keeps its node, what is gone goes, and what was missed comes", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  for (const text of ["gone", "kept"]) await post(entry.slug, text);
  await page.goto(entry.url);
  await waitForFeed(page);
  await expect(page.locator(".chip")).toHaveAttribute("data-chip", "live");
  await markNodes(page);

  const all = await everything(page);
  const [, kept] = all.changes;
  const html = kept.html.replace(`"update-${kept.id}"`, '"update-999999"').replace(`id="${kept.id}"`, 'id="999999"').replace("kept", "missed");
  const missed = { ...kept, id: 999_999, html };
  const restored = { ...all, epoch: "another", changes: [kept, missed] };
  await page.route("**/changes?since=another.0", (route) => route.fulfill({ json: restored }));
  await push(page, { ...restored, changes: [] });
  await expect(updates(page).locator(".prose")).toHaveText(["kept", "missed"]);
  expect(await unmarked(page), "only what was missed is new").toBe(1);
});
