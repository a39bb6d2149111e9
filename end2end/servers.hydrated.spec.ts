// Several servers on one database.
import { expect, test, updates, waitForFeed } from "./support/test";

test("what is posted on one server is read on another", async ({ page, newServer, newEntry, post }) => {
  const other = await newServer();
  const entry = await newEntry();
  await page.goto(`${other.url}/entries/${entry.slug}`);
  await waitForFeed(page);
  for (const text of ["one", "two", "three"]) {
    await post(entry.slug, text);
    await expect(updates(page).last()).toContainText(text);
  }
});

test("servers that are cut off from the database go on", async ({ page, ringside, newServer, newEntry, post }) => {
  const { postgres } = ringside;
  test.skip(!postgres, "an SQLite file has no connections to cut");
  const other = await newServer();
  const entry = await newEntry();
  await page.goto(`${other.url}/entries/${entry.slug}`);
  await waitForFeed(page);
  await expect(page.locator(".connection-status")).toHaveAttribute("data-status", "live");
  for (const text of ["one", "two", "three"]) {
    await postgres?.cutConnections();
    await post(entry.slug, text);
    await expect(updates(page).last()).toContainText(text);
  }
  await expect(updates(page)).toHaveCount(3);
});
