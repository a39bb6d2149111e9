// A live entry with thousands of updates.
import type { Locator, Page } from "@playwright/test";
import { expect, expectStatus, test, updates, waitForFeed } from "./support/long-entry-test";

// Creating the long entry takes a while, so one worker runs all of these tests.
test.describe.configure({ mode: "default" });
// A trace of such a page takes longer than the test.
test.use({ trace: "off" });

/** Opens the page, and scrolls to an update in the middle. */
async function readInTheMiddle(page: Page, slugUrl: string): Promise<{ read: Locator; place: () => Promise<number> }> {
  await page.goto(slugUrl);
  await waitForFeed(page);
  await expectStatus(page, "live");
  const read = page.locator(".update", { hasText: "update number 1000." });
  // Chunks that were never in view have estimated heights, so the first jump may miss it.
  await expect(async () => {
    await read.scrollIntoViewIfNeeded();
    await expect(read).toBeInViewport({ timeout: 1_000 });
  }).toPass();
  return { read, place: () => read.evaluate((node) => node.getBoundingClientRect().top) };
}

/** Returns the ids of the updates, from top to bottom. */
const ids = (page: Page) =>
  page.locator("#live-updates .update").evaluateAll((nodes) => nodes.map((node) => Number((node as HTMLElement).dataset.updateId)));

const ascending = (numbers: number[]) => [...numbers].sort((a, b) => a - b);

test("new updates are appended across chunks, without scrolling the page", async ({ page, longEntry, post }) => {
  const { place } = await readInTheMiddle(page, longEntry.url);
  const before = { place: await place(), count: (await ids(page)).length };
  // More than a chunk holds.
  for (let n = 0; n < 60; n++) await post(longEntry.slug, `arrival ${n}`);
  await expect(page.locator("#live-updates .update")).toHaveCount(before.count + 60);
  const after = await ids(page);
  expect(after).toEqual(ascending(after));
  expect(await place()).toBe(before.place);
  const sizes = await page.locator(".chunk").evaluateAll((nodes) => nodes.map((node) => node.childElementCount));
  expect(Math.max(...sizes), "updates in the largest chunk").toBeLessThanOrEqual(50);
});

test("restored update returns to its place", async ({ page, longEntry, newMember }) => {
  const editor = await newMember("editor");
  const send = async (path: string) => {
    const origin = new URL(longEntry.url).origin;
    const response = await editor.context.request.post(origin + path, { headers: { Origin: origin }, maxRedirects: 0 });
    expect(response.status()).toBe(303);
  };
  const { read } = await readInTheMiddle(page, longEntry.url);
  const before = await ids(page);
  const id = await read.getAttribute("data-update-id");
  await send(`/desk/updates/${id}/delete`);
  await expect(read).toHaveCount(0);
  await send(`/desk/updates/${id}/restore`);
  await expect(read).toHaveCount(1);
  expect(await ids(page)).toEqual(before);
});

test("order is reversed and stored, and new updates appear at the other end", async ({ page, longEntry, post }) => {
  await page.goto(longEntry.url);
  await waitForFeed(page);
  const oldestFirst = await ids(page);
  await page.getByRole("button", { name: "Show latest first" }).click();
  expect(await ids(page)).toEqual(oldestFirst.toReversed());
  await page.reload();
  expect(await ids(page), "applied before hydration").toEqual(oldestFirst.toReversed());
  await waitForFeed(page);
  await expectStatus(page, "live");
  await post(longEntry.slug, "on top");
  await expect(updates(page).first()).toContainText("on top");
  await page.getByRole("button", { name: "Show oldest first" }).click();
  expect((await ids(page)).slice(0, -1)).toEqual(oldestFirst);
});
