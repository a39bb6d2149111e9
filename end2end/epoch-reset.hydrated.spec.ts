// Readers' pages after a restore of an older database.
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import type { Ringside } from "./support/ringside";
import { expect, expectStatus, idOf, markNodes, placeOf, test, texts, unmarked, updates, waitForFeed } from "./support/test";

test.use({ settings: { RINGSIDE_POLL_INTERVAL_MS: "500" } });
test.skip(({ database }) => database === "postgres", "only an SQLite file can be copied");

const NETWORK = /ERR_|Failed to load resource|WebSocket connection to/;

/** Returns the files of the database. They do not include the high-water mark. */
const files = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith("ringside.db"));

async function copyFiles(from: string, to: string): Promise<void> {
  for (const name of await files(to)) await rm(join(to, name));
  for (const name of await files(from)) await cp(join(from, name), join(to, name));
}

/** Copies the database, and returns a function that restores the copy. */
async function backUp(ringside: Ringside): Promise<() => Promise<void>> {
  const copy = await mkdtemp(join(tmpdir(), "ringside-copy-"));
  await ringside.stop();
  await copyFiles(ringside.folder, copy);
  await ringside.start();
  return async () => {
    await ringside.stop();
    await copyFiles(copy, ringside.folder);
    await rm(copy, { recursive: true });
    await ringside.start();
  };
}

const epoch = async (page: Page) => (await page.locator("#live-updates").getAttribute("data-cursor"))?.split(".")[0];

for (const transport of ["auto", "websocket", "poll"]) {
  test(`after a restore of an older database, a page (${transport}) shows its updates, and keeps its scroll position`, async ({
    page,
    ringside,
    newEntry,
    post,
    send,
    allowConsole,
  }) => {
    allowConsole(NETWORK);
    const status = transport === "poll" ? "polling" : "live";
    const entry = await newEntry();
    const before = Array.from({ length: 12 }, (_, n) => `This is update ${n}. `.repeat(30).trim());
    for (const text of before) await post(entry.slug, text);
    const restore = await backUp(ringside);

    await page.goto(`${entry.url}?transport=${transport}`);
    await waitForFeed(page);
    await expectStatus(page, status);
    const begun = await epoch(page);
    await send(`/desk/updates/${await idOf(page, "update 2.")}`, { source: "Edited after the copy. ".repeat(90), headline: "" });
    await send(`/desk/updates/${await idOf(page, "update 4.")}/delete`);
    await post(entry.slug, "Posted after the copy.");
    await expect(updates(page).last()).toContainText("Posted after the copy.");
    const read = updates(page).filter({ hasText: "update 7." });
    await read.evaluate((node) => node.scrollIntoView());
    await read.locator(".prose").selectText();
    await markNodes(page);
    const place = await placeOf(read);

    await restore();
    await expect.poll(() => epoch(page), { timeout: 40_000 }).not.toBe(begun);
    await expectStatus(page, status, 40_000);
    expect(await texts(page)).toEqual(before);
    expect(await unmarked(page), "only the deleted update has a new node").toBe(1);
    expect(Math.abs((await placeOf(read)) - place), "pixels scrolled").toBeLessThan(3);
    expect(await page.evaluate(() => getSelection()?.toString().trim())).toBe(before[7]);

    await post(entry.slug, "And on it goes.");
    await expect(updates(page).last()).toContainText("And on it goes.");
    await expect(updates(page)).toHaveCount(13);
  });
}

test("after a restore of an older database, pending updates are counted again", async ({ page, ringside, newEntry, post, allowConsole }) => {
  allowConsole(NETWORK);
  const entry = await newEntry({ order: "latest" });
  for (let n = 0; n < 8; n++) await post(entry.slug, `update ${n} `.repeat(60));
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  await page.evaluate(() => scrollTo(0, 900));
  await post(entry.slug, "kept");
  const restore = await backUp(ringside);
  await post(entry.slug, "lost");
  await expect(page.getByRole("button", { name: "2 new updates" })).toBeVisible({ timeout: 40_000 });

  await restore();
  await expect(page.getByRole("button", { name: "1 new update", exact: true })).toBeVisible({ timeout: 40_000 });
  await expectStatus(page, "live", 40_000);
  await post(entry.slug, "found");
  await page.getByRole("button", { name: "2 new updates" }).click();
  expect((await texts(page)).slice(0, 2)).toEqual(["found", "kept"]);
});
