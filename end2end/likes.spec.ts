// Likes of updates, with and without JavaScript, by the pages that need none.
import { expect, idOf, test } from "./support/test";

test("update is liked on its own page, and the like is taken back", async ({ page, newContext, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "first");
  await page.goto(entry.url);
  const id = await idOf(page, "first");
  await page.goto(`${entry.url}/updates/${id}`);
  await page.getByRole("button", { name: "Like" }).click();
  await expect(page.getByRole("heading", { name: "1 like" })).toBeVisible();
  const other = await (await newContext()).newPage();
  await other.goto(`${entry.url}/updates/${id}/like`);
  await other.getByRole("button", { name: "Like" }).click();
  await expect(other.getByRole("heading", { name: "2 likes" })).toBeVisible();
  await page.getByRole("button", { name: "Remove like" }).click();
  await expect(page.getByRole("heading", { name: "1 like" })).toBeVisible();
  await page.getByRole("link", { name: "Read in live blog" }).click();
  await expect(page).toHaveURL(`${entry.url}#update-${id}`);
});
