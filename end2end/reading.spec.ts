// Public pages, with and without JavaScript.
import { expect, test, texts } from "./support/test";

test("front page links to an entry, and the entry to each of its updates", async ({ page, newEntry, post }) => {
  const entry = await newEntry({ title: "The count" });
  await post(entry.slug, "The polls have **closed**.", { headline: "Closed" });

  await page.goto("/");
  await page.locator(`a[href="/entries/${entry.slug}"]`).click();
  await expect(page.getByRole("heading", { name: "The count", level: 1 })).toBeVisible();
  const update = page.getByRole("article").filter({ hasText: "The polls have closed." });
  await expect(update.getByRole("heading", { name: "Closed" })).toBeVisible();
  await expect(update.locator("strong")).toHaveText("closed");

  await update.locator(".update-when").click();
  await expect(page).toHaveURL(/\/entries\/.+\/updates\/\d+$/);
  await expect(page).toHaveTitle(/^Closed · The count/);
  await page.getByRole("link", { name: "Read in live blog" }).click();
  await expect(page).toHaveURL(/#update-\d+$/);
});

test("front page shows each entry's latest update, and links to all live updates", async ({ page, newEntry, post }) => {
  const entry = await newEntry({ title: "The count" });
  const other = await newEntry({ title: "The match" });
  await post(entry.slug, "The first **figures**.");
  await post(other.slug, "Kick-off.");
  await page.goto("/");
  const item = page.getByRole("listitem").filter({ has: page.locator(`a[href="/entries/${entry.slug}"]`) });
  await expect(item).toContainText("The first figures.");

  await page.getByRole("link", { name: "All live updates on one page" }).click();
  await expect(page.getByRole("heading", { name: "Live now", level: 1 })).toBeVisible();
  expect((await texts(page)).slice(0, 2)).toEqual(["Kick-off.", "The first figures."]);
  await page.getByRole("article").filter({ hasText: "The first figures." }).getByRole("link", { name: "The count" }).click();
  await expect(page).toHaveURL(new RegExp(`/entries/${entry.slug}#update-\\d+$`));
});

test("updates are oldest first, unless the address or the entry sets another order", async ({
  page,
  newEntry,
  post,
}) => {
  const entry = await newEntry();
  const news = await newEntry({ order: "latest" });
  for (const text of ["one", "two", "three"]) {
    await post(entry.slug, text);
    await post(news.slug, text);
  }
  await page.goto(entry.url);
  expect(await texts(page)).toEqual(["one", "two", "three"]);
  await page.goto(`${entry.url}?order=latest`);
  expect(await texts(page)).toEqual(["three", "two", "one"]);
  await page.goto(news.url);
  expect(await texts(page)).toEqual(["three", "two", "one"]);
  await page.goto(`${news.url}?order=oldest`);
  expect(await texts(page)).toEqual(["one", "two", "three"]);
});

test("without JavaScript, pages show that they do not update automatically, with working links", async ({ page, newEntry, post, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled !== false);
  const entry = await newEntry();
  await post(entry.slug, "first");
  await page.goto(entry.url);
  await expect(page.getByText("This page does not update automatically.")).toBeVisible();
  await post(entry.slug, "second");
  await page.getByRole("link", { name: "Refresh" }).click();
  expect(await texts(page)).toEqual(["first", "second"]);
  await page.getByRole("link", { name: "Show latest first" }).click();
  expect(await texts(page)).toEqual(["second", "first"]);
  for (const path of ["/", "/live"]) {
    await page.goto(path);
    await expect(page.getByText("This page does not update automatically.")).toBeVisible();
    await expect(page.getByRole("link", { name: "Refresh" })).toHaveAttribute("href", path);
  }
});

test("empty entry shows a sentence", async ({ page, newEntry }) => {
  const entry = await newEntry();
  await page.goto(entry.url);
  await expect(page.getByText("No updates yet.")).toBeVisible();
});

test("scripts in an author's text do not run", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, `<script>document.title = "owned"</script><img src=x onerror="document.title='owned'">seen`);
  await post(entry.slug, "[a link](javascript:alert(1)) <b onclick=alert(1)>bold</b>");
  await page.route("**/x", (route) => route.fulfill({ status: 204 }));
  await page.goto(entry.url);
  await expect(page.getByText("seen")).toBeVisible();
  await expect(page.locator("#live-updates :is(script, [onerror], [onclick], [href^=javascript])")).toHaveCount(0);
  await expect(page).not.toHaveTitle("owned");
});

test("unknown address shows an error page with a link to all live blogs", async ({ page, newEntry, allowConsole }) => {
  allowConsole(/404/);
  const draft = await newEntry({ state: "draft" });
  for (const address of ["/nowhere", "/entries/nowhere", "/entries/No%20Slug", draft.url, "/entries/nowhere/updates/1"]) {
    const response = await page.goto(address);
    expect(response?.status(), address).toBe(404);
    await expect(page.getByRole("heading", { name: "Not found" })).toBeVisible();
  }
  await page.getByRole("link", { name: "See all live blogs" }).click();
  await expect(page.getByRole("heading", { name: "Live blogs", exact: true })).toBeVisible();
});

test("footnote links to the note in its own update, and back", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "One per cent.[^1]\n\n[^1]: Reuters");
  await post(entry.slug, "Two per cent.[^1]\n\n[^1]: The returning officer");
  await page.goto(entry.url);
  const ids = await page.locator("[id]").evaluateAll((nodes) => nodes.map((node) => node.id));
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  const second = page.getByRole("article").filter({ hasText: "Two per cent." });
  await second.getByRole("link", { name: "1", exact: true }).click();
  await expect(second.getByRole("listitem").filter({ hasText: "The returning officer" })).toHaveCSS("direction", "ltr");
  await expect(page.locator(":target")).toContainText("The returning officer");
  await second.getByRole("link", { name: "Back to reference 1" }).click();
  await expect(page.locator(":target")).toHaveText("1");
});

test("each block of a text has its own direction", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "هدف! الأهلي 2–1 (90+3).\n\n- الأول\n\n> الثاني\n\nAnd in English.");
  await page.goto(entry.url);
  const prose = page.locator(".prose");
  for (const block of ["p >> nth=0", "ul", "li", "blockquote", "blockquote p"]) {
    await expect(prose.locator(block)).toHaveCSS("direction", "rtl");
  }
  await expect(prose.getByText("And in English.")).toHaveCSS("direction", "ltr");
});
