// What an open page makes of batches, whatever transport brought them.
import type { Page } from "@playwright/test";
import { expect, expectStatus, idOf, markNodes, push, test, texts, unmarked, updates, waitForFeed } from "./support/test";

/** All that the server says of the page's entry. */
async function everything(page: Page) {
  const id = await page.locator("#live-updates").getAttribute("data-entry-id");
  return (await page.request.get(`/feed/${id}/changes`)).json();
}

/** Answers the page as a server whose database is another: with `everything`, and after that with nothing new. */
async function answerAs(page: Page, everything: { epoch: string; to: number }): Promise<void> {
  // The real server's stream goes on, and its heartbeats have the page ask: that must be answered, too.
  const nothing = { ...everything, from: everything.to, changes: [], entry: undefined };
  await page.route(`**/changes?since=${everything.epoch}.*`, (route) =>
    route.fulfill({ json: route.request().url().endsWith(`${everything.epoch}.0`) ? everything : nothing }),
  );
}

/** The same card of another update. */
const renumbered = (card: { id: number; html: string }, id: number, from: string, to: string) => ({
  ...card,
  id,
  html: card.html.replaceAll(new RegExp(`(update-(?:id=")?|updates/)${card.id}\\b`, "g"), `$1${id}`).replace(from, to),
});

test("a batch with a gap before it is not taken: the page asks for what it missed", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "kept");
  await page.goto(`${entry.url}?transport=websocket`);
  await waitForFeed(page);
  await expectStatus(page, "live");
  const cursor = await page.locator("#live-updates").getAttribute("data-cursor");
  const all = await everything(page);
  const late = renumbered({ ...all.changes[0], rev: all.head + 101 }, 999_999, "kept", "too early");
  const asked = page.waitForRequest(/\/changes\?since=/);
  await push(page, { ...all, from: all.head + 100, to: all.head + 101, head: all.head + 101, changes: [late] });
  expect((await asked).url()).toContain(`since=${cursor}`);
  await post(entry.slug, "new");
  await expect(updates(page)).toHaveCount(2);
  expect(await texts(page)).toEqual(["kept", "new"]);
});

test("a batch whose entry can't be read moves no cursor: the page fetches what it missed", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "kept");
  await page.goto(`${entry.url}?transport=websocket`);
  await waitForFeed(page);
  await expectStatus(page, "live");
  const list = page.locator("#live-updates");
  const cursor = await list.getAttribute("data-cursor");
  const all = await everything(page);
  const later = { from: all.head, to: all.head + 100, head: all.head + 100, changes: [] };
  for (const unreadable of [{ state: "paused" }, { title: 7 }, { highlights: {} }]) {
    const asked = page.waitForRequest(/\/changes\?since=/);
    await push(page, { ...all, ...later, entry: { ...all.entry, rev: all.head + 100, ...unreadable } });
    expect((await asked).url()).toContain(`since=${cursor}`);
    await expect(list).toHaveAttribute("data-cursor", cursor ?? "");
  }
});

test("a batch that comes twice or late brings nothing back", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  for (const text of ["kept", "taken back"]) await post(entry.slug, text);
  await page.goto(entry.url);
  await waitForFeed(page);
  const old = await everything(page);
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

test("after a reset what stays keeps its node, what is gone goes, and what was missed comes", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  for (const text of ["gone", "kept"]) await post(entry.slug, text);
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  await markNodes(page);

  const all = await everything(page);
  const [, kept] = all.changes;
  const restored = { ...all, epoch: "another", changes: [kept, renumbered(kept, 999_999, "kept", "missed")] };
  await answerAs(page, restored);
  await push(page, { ...restored, changes: [] });
  await expect(updates(page).locator(".prose")).toHaveText(["kept", "missed"]);
  expect(await unmarked(page), "only what was missed is new").toBe(1);
});

test("what waits above is counted as it is: edits, repeats and what was taken back are no news, before a reset and after", async ({
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
  const waiting = (count: number) =>
    expect(page.getByRole("button", { name: `${count} new update${count === 1 ? "" : "s"}`, exact: true })).toBeVisible();

  for (const [at, text] of ["one", "two", "three"].entries()) {
    await post(entry.slug, text);
    await waiting(at + 1);
  }
  const [read, two, three] = [await idOf(page, "update 3"), await idOf(page, "two"), await idOf(page, "three")];
  await send(`/desk/updates/${read}`, { source: "An edit of what is read", headline: "" });
  await expect(page.locator(`#update-${read} .prose`)).toHaveText("An edit of what is read");
  await send(`/desk/updates/${two}`, { source: "two, edited", headline: "" });
  await expect(page.locator(`#update-${two} .prose`)).toHaveText("two, edited");
  await push(page, await everything(page));
  await waiting(3);
  await send(`/desk/updates/${three}/delete`);
  await waiting(2);

  const all = await everything(page);
  const shown = all.changes.filter((change: { deleted?: boolean }) => !change.deleted);
  const last = shown.find((change: { id: number }) => change.id === Number(two));
  const missed = renumbered(last, 999_999, "two, edited", "missed");
  await answerAs(page, { ...all, epoch: "another", changes: [...shown, missed] });
  await push(page, { ...all, epoch: "another", changes: [] });
  await waiting(3);
  await page.getByRole("button", { name: "3 new updates" }).click();
  expect((await texts(page)).slice(0, 3)).toEqual(["missed", "two, edited", "one"]);
});
