// A reader's open page while updates are posted, edited and deleted.
import { expect, expectStatus, idOf, markNodes, runUntilStatus, test, texts, unmarked, updates, waitForFeed } from "./support/test";

test("update posted in one browser appears in another", async ({ page, author, newEntry }) => {
  const entry = await newEntry();
  await page.goto(entry.url);
  await waitForFeed(page);
  await expect(page.getByText("No updates yet.")).toBeVisible();

  const desk = await author.context.newPage();
  await desk.goto(entry.url);
  await desk.getByRole("textbox", { name: "Update" }).fill("The **first** one.");
  await desk.getByRole("button", { name: "Post", exact: true }).click();

  await expect(updates(page)).toHaveText(/The first one\./);
  await expect(page.getByText("No updates yet.")).toBeHidden();
  await expect(updates(desk), "once in the author's own page").toHaveCount(1);
  await expectStatus(page, "live");
});

test("selection and nodes survive new updates and a change of order", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  for (const text of ["alpha", "beta", "gamma"]) await post(entry.slug, text);
  await page.goto(entry.url);
  await waitForFeed(page);
  await markNodes(page);
  await updates(page).nth(1).locator(".prose").selectText();

  await post(entry.slug, "delta");
  await expect(updates(page)).toHaveCount(4);
  expect(await page.evaluate(() => getSelection()?.toString().trim())).toBe("beta");
  expect(await unmarked(page)).toBe(1);

  await markNodes(page);
  await page.getByRole("button", { name: "Show latest first" }).click();
  expect(await texts(page)).toEqual(["delta", "gamma", "beta", "alpha"]);
  await page.getByRole("button", { name: "Show oldest first" }).click();
  expect(await texts(page)).toEqual(["alpha", "beta", "gamma", "delta"]);
  expect(await unmarked(page), "reversing the order creates no nodes").toBe(0);
});

test("new updates do not scroll the page", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  for (let n = 0; n < 15; n++) await post(entry.slug, `update ${n} `.repeat(40));
  await page.goto(entry.url);
  await waitForFeed(page);
  await updates(page).nth(7).scrollIntoViewIfNeeded();
  const place = () => updates(page).nth(7).evaluate((node) => node.getBoundingClientRect().top);
  const before = await place();
  await post(entry.slug, "an arrival");
  await expect(updates(page)).toHaveCount(16);
  expect(await place()).toBe(before);
});

test("edit, deletion and undo change the update on open pages", async ({
  page,
  newEntry,
  post,
  send,
}) => {
  const entry = await newEntry();
  for (const text of ["first", "secnod", "third"]) await post(entry.slug, text);
  await page.goto(entry.url);
  await waitForFeed(page);
  await markNodes(page);
  const id = await idOf(page, "secnod");

  await send(`/desk/updates/${id}`, { source: "second", headline: "" });
  await expect(page.locator(`#update-${id} .prose`)).toHaveText("second");
  await expect(page.locator(`#update-${id}`)).toContainText(/edited \d\d:\d\d/);
  expect(await unmarked(page)).toBe(0);

  await send(`/desk/updates/${id}/delete`);
  await expect(page.locator(`#update-${id}`)).toHaveCount(0);
  expect(await texts(page)).toEqual(["first", "third"]);

  await send(`/desk/updates/${id}/restore`);
  await expect(page.locator(`#update-${id}`)).toBeVisible();
  expect(await texts(page)).toEqual(["first", "second", "third"]);
});

test("ended and reopened entry shows its state on open pages", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  await page.clock.install();
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  await send(`/desk/entries/${entry.slug}/end`);
  await expect(page.locator("#entry-state")).toHaveText("Ended");
  await expectStatus(page, "ended");
  await expect(page.locator("#entry-since")).toHaveText(/^From .+ to .+/);
  await expect(page.getByRole("status").filter({ hasText: "This live blog has ended." })).toBeAttached();

  await send(`/desk/entries/${entry.slug}/start`);
  await post(entry.slug, "one more thing");
  // The page of an ended entry polls once a minute, or up to six seconds earlier.
  await runUntilStatus(page, "live");
  await expect(page.locator("#entry-state")).toHaveText("Live");
  await expect(updates(page)).toHaveText(/one more thing/);
});

test("reader can switch to times in their own zone", async ({ newContext, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "when?");
  const context = await newContext({ timezoneId: "Asia/Tokyo" });
  const page = await context.newPage();
  await page.goto(entry.url);
  await waitForFeed(page);
  const time = updates(page).locator("time").first();
  const inUtc = await time.innerText();
  await page.getByRole("button", { name: "Times in my zone" }).click();
  // There may be a date before the clock.
  const hours = (text: string) => Number(/(\d\d):\d\d/.exec(text)?.[1]);
  expect((hours(await time.innerText()) - hours(inUtc) + 24) % 24).toBe(9);
  await post(entry.slug, "and now?");
  await expect(updates(page)).toHaveCount(2);
  // Not `innerText`, which is empty for content that `content-visibility` skips.
  const later = (await updates(page).nth(1).locator("time").first().textContent()) ?? "";
  expect((hours(later) - hours(inUtc) + 24) % 24, "a new update, too").toBeGreaterThanOrEqual(9);
  await page.getByRole("button", { name: "Times in UTC" }).click();
  await expect(time).toHaveText(inUtc);
});

test("selection in a key moment survives a change of title in the reader's own zone", async ({ newContext, newEntry, post, send }) => {
  const entry = await newEntry();
  await post(entry.slug, "the goal");
  const page = await (await newContext({ timezoneId: "Asia/Tokyo" })).newPage();
  await page.goto(entry.url);
  await waitForFeed(page);
  await send(`/desk/updates/${await idOf(page, "the goal")}/mark`, { mark: "key", on: "true" });
  const time = page.getByRole("navigation", { name: "Key moments" }).locator("time");
  const inUtc = await time.innerText();
  await page.getByRole("button", { name: "Times in my zone" }).click();
  await expect(time).not.toHaveText(inUtc);
  const own = await time.innerText();
  await time.selectText();
  await send(`/desk/entries/${entry.slug}/edit`, { title: "The re-match", slug: entry.slug, time_zone: "UTC" });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("The re-match");
  expect(await page.evaluate(() => getSelection()?.toString())).toBe(own);
});
