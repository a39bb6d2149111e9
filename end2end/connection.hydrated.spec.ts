// A page whose connection suffers.
import { expect, test, texts, updates, waitForFeed } from "./support/test";

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

test("a batch that comes twice, late or with a gap does no harm", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "kept");
  await page.goto(entry.url);
  await waitForFeed(page);
  const list = page.locator("#live-updates");
  const id = await list.getAttribute("data-entry-id");
  const everything = await (await page.request.get(`/feed/${id}/changes`)).json();
  const push = (batch: unknown) =>
    list.evaluate((node, detail) => node.dispatchEvent(new CustomEvent("ringside:batch", { detail })), JSON.stringify(batch));

  await push(everything);
  await push(everything);
  await expect(updates(page)).toHaveCount(1);
  await post(entry.slug, "new");
  await push({ ...everything, from: everything.head + 100, to: everything.head + 101, changes: [] });
  await expect(updates(page)).toHaveCount(2);
  expect(await texts(page)).toEqual(["kept", "new"]);
});
