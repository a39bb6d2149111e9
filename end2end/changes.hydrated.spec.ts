// What changes around the updates: marks, and the entry itself.
import { expect, idOf, markNodes, test, unmarked, updates, waitForFeed } from "./support/test";

test("what is pinned or key stands above the list while it is, and moves nothing", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  for (const text of ["first", "second", "third"]) await post(entry.slug, text);
  await page.goto(entry.url);
  await waitForFeed(page);
  await markNodes(page);
  const id = await idOf(page, "second");

  await send(`/desk/updates/${id}/mark`, { mark: "pinned", on: "true" });
  const teaser = page.getByRole("region", { name: "Pinned" });
  await expect(teaser.getByRole("link", { name: "second" })).toHaveAttribute("href", `#update-${id}`);
  await send(`/desk/updates/${id}/mark`, { mark: "key", on: "true" });
  const moments = page.getByRole("navigation", { name: "Key moments" });
  await expect(moments.getByRole("link", { name: /second/ })).toBeVisible();
  await expect(page.locator(`#update-${id}`)).toContainText("Key moment");

  await send(`/desk/updates/${id}`, { source: "the second", headline: "" });
  await expect(teaser).toContainText("the second");
  await send(`/desk/updates/${id}/delete`);
  await expect(teaser).toBeHidden();
  await expect(moments).toBeHidden();
  expect(await unmarked(page)).toBe(0);
});

test("a change of the entry appears on open pages, and its old address leads to it", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  await post(entry.slug, "an update");
  await page.goto(entry.url);
  await waitForFeed(page);
  const changed = { title: "The re-match", slug: `${entry.slug}-2`, summary: "All of it again.", time_zone: "Asia/Tokyo" };
  await send(`/desk/entries/${entry.slug}/edit`, changed);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("The re-match");
  await expect(page.getByText("All of it again.")).toBeVisible();
  await expect(page).toHaveTitle(/^The re-match/);
  await expect(page.locator("#entry-since")).toContainText("JST");
  await expect(updates(page).locator("a.update-when")).toHaveAttribute("href", new RegExp(`/entries/${changed.slug}/`));

  await post(changed.slug, "and on it goes");
  await expect(updates(page)).toHaveCount(2);
  await page.goto(entry.url);
  await expect(page).toHaveURL(new RegExp(`/entries/${changed.slug}$`));
});
