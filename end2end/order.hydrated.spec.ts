// The order that a reader chooses, and pending updates.
import { randomUUID } from "node:crypto";
import { expect, expectStatus, idOf, placeOf, test, texts, updates, waitForFeed } from "./support/test";

test("chosen order is stored, and applied before the first paint", async ({ page, newEntry, post, allowConsole }) => {
  allowConsole(/ERR_FAILED/, /Failed to fetch/);
  const entry = await newEntry();
  for (const text of ["one", "two", "three"]) await post(entry.slug, text);
  await page.goto(entry.url);
  await waitForFeed(page);
  await page.getByRole("button", { name: "Show latest first" }).click();

  // Without the build's scripts: the inline script applies the order.
  await page.route("**/pkg/*.{js,wasm}", (route) => route.abort());
  await page.goto(entry.url, { waitUntil: "commit" });
  await expect(updates(page)).toHaveCount(3);
  expect(await texts(page)).toEqual(["three", "two", "one"]);
  await page.goto(`${entry.url}?order=oldest`);
  expect(await texts(page), "the address overrides the stored order").toEqual(["one", "two", "three"]);
});

test("burst of updates in latest-first order is shown latest first", async ({ page, newEntry, post }) => {
  const entry = await newEntry({ order: "latest" });
  await post(entry.slug, "start");
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  const burst = Array.from({ length: 12 }, (_, n) => `burst ${n}`);
  for (const text of burst) await post(entry.slug, text);
  await expect(updates(page)).toHaveCount(13);
  expect(await texts(page)).toEqual([...burst.reverse(), "start"]);
});

test("new updates above the reader are pending until they press a button", async ({ page, newEntry, post }) => {
  const entry = await newEntry({ order: "latest" });
  for (let n = 0; n < 12; n++) await post(entry.slug, `update ${n} `.repeat(40));
  await page.goto(entry.url);
  await waitForFeed(page);
  const read = updates(page).nth(6);
  await read.scrollIntoViewIfNeeded();
  const place = () => read.evaluate((node) => node.getBoundingClientRect().top);
  const before = await place();

  await post(entry.slug, "first arrival");
  await expect(page.getByRole("button", { name: "1 new update", exact: true })).toBeVisible();
  await post(entry.slug, "second arrival");
  const button = page.getByRole("button", { name: "2 new updates" });
  await expect(button).toBeVisible();
  await expect(updates(page)).toHaveCount(12);
  expect(await place()).toBe(before);

  await button.click();
  await expect(updates(page)).toHaveCount(14);
  expect((await texts(page)).slice(0, 2)).toEqual(["second arrival", "first arrival"]);
  await expect(button).toBeHidden();
});

test("new updates are pending during a selection, and deleted ones are not counted", async ({
  page,
  newEntry,
  post,
  send,
}) => {
  const entry = await newEntry({ order: "latest" });
  await post(entry.slug, "select me");
  await page.goto(entry.url);
  await waitForFeed(page);
  await updates(page).locator(".prose").selectText();
  await post(entry.slug, "pending");
  await post(entry.slug, "taken back");
  await expect(page.getByRole("button", { name: "2 new updates" })).toBeVisible();
  const id = await page.locator(".update", { hasText: "taken back" }).getAttribute("data-update-id");
  await send(`/desk/updates/${id}/delete`);
  await expect(page.getByRole("button", { name: "1 new update", exact: true })).toBeVisible();
  expect(await page.evaluate(() => getSelection()?.toString().trim())).toBe("select me");
});

test("oldest first: new updates out of view are counted, and the button jumps to the first", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  for (let n = 0; n < 12; n++) await post(entry.slug, `update ${n} `.repeat(40));
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  const read = updates(page).nth(4);
  await read.evaluate((node) => node.scrollIntoView());
  const before = await placeOf(read);
  const button = page.getByRole("button", { name: /^\d+ new updates?$/ });
  await expect(button).toHaveCount(0);
  for (const [at, text] of ["first arrival", "second arrival", "third arrival", "taken back"].entries()) {
    await post(entry.slug, text);
    await expect(button).toHaveText(at === 0 ? "1 new update" : `${at + 1} new updates`);
  }
  await send(`/desk/updates/${await idOf(page, "taken back")}/delete`);
  await expect(button).toHaveText("3 new updates");
  await expect(page.getByRole("status")).toHaveText(/new updates?$/);
  expect(await placeOf(read), "the page does not scroll").toBe(before);
  const box = await button.boundingBox();
  expect(box?.height).toBeGreaterThanOrEqual(44);

  await button.click();
  const first = updates(page).filter({ hasText: "first arrival" });
  await expect(first).toBeInViewport();
  await expect(first).toBeFocused();
  await expect(button).toHaveCount(0);
});

test("oldest first: a reader at the end sees new updates, and no count", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  for (let n = 0; n < 8; n++) await post(entry.slug, `update ${n} `.repeat(40));
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  const button = page.getByRole("button", { name: /^\d+ new updates?$/ });
  await post(entry.slug, "below");
  await expect(button).toHaveText("1 new update");
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(button, "the reader scrolled to it").toHaveCount(0);

  // Records the button's texts from now on.
  await page.locator(".pending-updates").evaluate((node) => {
    const labels: string[] = [];
    Object.assign(window, { labels });
    new MutationObserver(() => labels.push(node.hasAttribute("hidden") ? "" : (node.textContent ?? ""))).observe(node, { attributes: true, childList: true });
  });
  await post(entry.slug, "at the end");
  await expect(updates(page).last()).toContainText("at the end");
  await expect(updates(page).last()).toBeInViewport();
  await placeOf(updates(page).last());
  expect(await page.evaluate(() => (window as Window & { labels?: string[] }).labels?.filter(Boolean))).toEqual([]);
});

test("reversing the order clears the count of pending updates", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  for (let n = 0; n < 8; n++) await post(entry.slug, `update ${n} `.repeat(40));
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  await post(entry.slug, "an arrival");
  const button = page.getByRole("button", { name: "1 new update" });
  await expect(button).toBeVisible();
  await page.getByRole("button", { name: "Show latest first" }).click();
  await expect(button).toHaveCount(0);
  await expect(updates(page).first()).toContainText("an arrival");
});

test("late update is counted above and below the reader, and the button goes to it", async ({
  page,
  author,
  newEntry,
  post,
  send,
  ringside,
}) => {
  const entry = await newEntry({ order: "latest" });
  for (let n = 0; n < 12; n++) await post(entry.slug, `update ${n} `.repeat(60));
  // The first half is an hour old.
  const id = `(SELECT id FROM entries WHERE slug = '${entry.slug}')`;
  await ringside.sql(`UPDATE entries SET starts_at = starts_at - 7200000000 WHERE slug = '${entry.slug}'`);
  await ringside.sql(
    `UPDATE updates SET posted_at = posted_at - 3600000000, published_at = posted_at - 3600000000 WHERE id IN
     (SELECT id FROM updates WHERE entry_id = ${id} ORDER BY id LIMIT 6)`,
  );
  // A change of the time zone renders all cards again.
  await send(`/desk/entries/${entry.slug}/edit`, { title: "A dark hall", slug: entry.slug, time_zone: "Europe/London" });
  const postLate = async (source: string) => {
    const written_at = Date.now() * 1000 - 1_800_000_000;
    const data = { slug: entry.slug, op_id: randomUUID(), source, headline: "", written_at };
    const response = await author.context.request.post(`${ringside.url}/fn/post_update`, { data });
    expect(response.status()).toBe(200);
  };
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  const button = page.getByRole("button", { name: /^\d+ new updates?$/ });

  await postLate("sent from the hall");
  await expect(button, "below the reader").toHaveText("1 new update");
  await button.click();
  const first = updates(page).filter({ hasText: "sent from the hall" });
  await expect(first).toBeInViewport();
  await expect(first).toBeFocused();
  await expect(button).toHaveCount(0);
  await expect(first.locator(".update-late")).toHaveText(/^written .*\d\d:\d\d, published .*\d\d:\d\d$/);

  const last = updates(page).last();
  await last.evaluate((node) => node.scrollIntoView());
  const before = await placeOf(last);
  await postLate("sent later, from the same hall");
  await expect(button, "above the reader").toHaveText("1 new update");
  expect(await placeOf(last)).toBe(before);
  await button.click();
  const second = updates(page).filter({ hasText: "sent later" });
  await expect(second).toBeInViewport();
  await expect(second).toBeFocused();
  await expect(button).toHaveCount(0);
});
