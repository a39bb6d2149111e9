// Several servers on one database.
import { expect, expectStatus, test, updates, waitForFeed } from "./support/test";

test("update posted on one server appears on another", async ({ page, newServer, newEntry, post }) => {
  const other = await newServer();
  const entry = await newEntry();
  await page.goto(`${other.url}/entries/${entry.slug}`);
  await waitForFeed(page);
  for (const text of ["one", "two", "three"]) {
    await post(entry.slug, text);
    await expect(updates(page).last()).toContainText(text);
  }
});

test("servers recover from closed database connections", async ({ page, ringside, newServer, newEntry, post }) => {
  const { postgres } = ringside;
  test.skip(!postgres, "an SQLite file has no connections to close");
  const other = await newServer();
  const entry = await newEntry();
  await page.goto(`${other.url}/entries/${entry.slug}`);
  await waitForFeed(page);
  await expectStatus(page, "live");
  for (const text of ["one", "two", "three"]) {
    await postgres?.closeConnections();
    await post(entry.slug, text);
    await expect(updates(page).last()).toContainText(text);
  }
  await expect(updates(page)).toHaveCount(3);
});
