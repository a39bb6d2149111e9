// How an open page applies batches, over any transport.
import type { Page } from "@playwright/test";
import { expect, expectStatus, idOf, markNodes, push, test, texts, unmarked, updates, waitForFeed } from "./support/test";

/** Fetches all changes of the page's entry. */
async function allChanges(page: Page) {
  const id = await page.locator("#live-updates").getAttribute("data-entry-id");
  return (await page.request.get(`/feed/${id}/changes`)).json();
}

/** Responds as a server with another epoch: first with `all` changes, and then with no changes. */
async function respondAs(page: Page, all: { epoch: string; to: number }): Promise<void> {
  // The heartbeats of the real server's stream cause further requests, which need responses, too.
  const nothing = { ...all, from: all.to, changes: [], entry: undefined };
  await page.route(`**/changes?since=${all.epoch}.*`, (route) =>
    route.fulfill({ json: route.request().url().endsWith(`${all.epoch}.0`) ? all : nothing }),
  );
}

/** Returns the card with another update's id. */
const renumbered = (card: { id: number; html: string }, id: number, from: string, to: string) => ({
  ...card,
  id,
  html: card.html.replaceAll(new RegExp(`(update-(?:id=")?|updates/)${card.id}\\b`, "g"), `$1${id}`).replace(from, to),
});

test("batch after a gap is not applied, and the missing changes are fetched", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "kept");
  await page.goto(`${entry.url}?transport=websocket`);
  await waitForFeed(page);
  await expectStatus(page, "live");
  const cursor = await page.locator("#live-updates").getAttribute("data-cursor");
  const all = await allChanges(page);
  const late = renumbered({ ...all.changes[0], rev: all.head + 101 }, 999_999, "kept", "too early");
  const request = page.waitForRequest(/\/changes\?since=/);
  await push(page, { ...all, from: all.head + 100, to: all.head + 101, head: all.head + 101, changes: [late] });
  expect((await request).url()).toContain(`since=${cursor}`);
  await post(entry.slug, "new");
  await expect(updates(page)).toHaveCount(2);
  expect(await texts(page)).toEqual(["kept", "new"]);
});

test("batch with an invalid entry does not move the cursor, and the changes are fetched", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "kept");
  await page.goto(`${entry.url}?transport=websocket`);
  await waitForFeed(page);
  await expectStatus(page, "live");
  const list = page.locator("#live-updates");
  const cursor = await list.getAttribute("data-cursor");
  const all = await allChanges(page);
  const later = { from: all.head, to: all.head + 100, head: all.head + 100, changes: [] };
  for (const invalid of [{ state: "paused" }, { title: 7 }, { highlights: {} }]) {
    const request = page.waitForRequest(/\/changes\?since=/);
    await push(page, { ...all, ...later, entry: { ...all.entry, rev: all.head + 100, ...invalid } });
    expect((await request).url()).toContain(`since=${cursor}`);
    await expect(list).toHaveAttribute("data-cursor", cursor ?? "");
  }
});

test("repeated or late batch restores no deleted update", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  for (const text of ["kept", "taken back"]) await post(entry.slug, text);
  await page.goto(entry.url);
  await waitForFeed(page);
  const old = await allChanges(page);
  expect(old.changes).toHaveLength(2);
  await push(page, old);
  await push(page, old);
  expect(await texts(page)).toEqual(["kept", "taken back"]);

  const id = await idOf(page, "taken back");
  await send(`/desk/updates/${id}/delete`);
  await expect(page.locator(`#update-${id}`)).toHaveCount(0);
  await push(page, old);
  await post(entry.slug, "new");
  await expect(updates(page)).toHaveCount(2);
  expect(await texts(page)).toEqual(["kept", "new"]);
});

test("after a reset, updates that still exist keep their nodes, others are removed or added", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  for (const text of ["gone", "kept"]) await post(entry.slug, text);
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  await markNodes(page);

  const all = await allChanges(page);
  const [, kept] = all.changes;
  const restored = { ...all, epoch: "another", changes: [kept, renumbered(kept, 999_999, "kept", "missed")] };
  await respondAs(page, restored);
  await push(page, { ...restored, changes: [] });
  await expect(updates(page).locator(".prose")).toHaveText(["kept", "missed"]);
  expect(await unmarked(page), "only the missed update has a new node").toBe(1);
});

test("pending updates are counted without edits, repeats and deleted ones, before and after a reset", async ({
  page,
  newEntry,
  post,
  send,
}) => {
  const entry = await newEntry({ order: "latest" });
  for (let n = 0; n < 8; n++) await post(entry.slug, `update ${n} `.repeat(60));
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  await page.evaluate(() => scrollTo(0, 900));
  const expectPending = (count: number) =>
    expect(page.getByRole("button", { name: `${count} new update${count === 1 ? "" : "s"}`, exact: true })).toBeVisible();

  for (const [at, text] of ["one", "two", "three"].entries()) {
    await post(entry.slug, text);
    await expectPending(at + 1);
  }
  const [read, two, three] = [await idOf(page, "update 3"), await idOf(page, "two"), await idOf(page, "three")];
  await send(`/desk/updates/${read}`, { source: "An edit in view", headline: "" });
  await expect(page.locator(`#update-${read} .prose`)).toHaveText("An edit in view");
  await send(`/desk/updates/${two}`, { source: "two, edited", headline: "" });
  await expect(page.locator(`#update-${two} .prose`)).toHaveText("two, edited");
  await push(page, await allChanges(page));
  await expectPending(3);
  await send(`/desk/updates/${three}/delete`);
  await expectPending(2);

  const all = await allChanges(page);
  const shown = all.changes.filter((change: { deleted?: boolean }) => !change.deleted);
  const last = shown.find((change: { id: number }) => change.id === Number(two));
  const missed = renumbered(last, 999_999, "two, edited", "missed");
  await respondAs(page, { ...all, epoch: "another", changes: [...shown, missed] });
  await push(page, { ...all, epoch: "another", changes: [] });
  await expectPending(3);
  await page.getByRole("button", { name: "3 new updates" }).click();
  expect((await texts(page)).slice(0, 3)).toEqual(["missed", "two, edited", "one"]);
});
