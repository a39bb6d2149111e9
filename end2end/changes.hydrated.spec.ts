// Changes of marks and of the entry itself, on an open page.
import { expect, expectStatus, idOf, markNodes, placeOf, test, unmarked, updates, waitForFeed } from "./support/test";

test("pinned and key updates are shown above the list while they are marked", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  for (const text of ["first", "second", "third"]) await post(entry.slug, text);
  await page.goto(entry.url);
  await waitForFeed(page);
  await markNodes(page);
  const id = await idOf(page, "second");

  await send(`/desk/updates/${id}/mark`, { mark: "pinned", on: "true" });
  const pinned = page.getByRole("region", { name: "Pinned" });
  await expect(pinned.getByRole("link", { name: "second" })).toHaveAttribute("href", `#update-${id}`);
  await send(`/desk/updates/${id}/mark`, { mark: "key", on: "true" });
  const moments = page.getByRole("navigation", { name: "Key moments" });
  await expect(moments.getByRole("link", { name: /second/ })).toBeVisible();
  await expect(page.locator(`#update-${id}`)).toContainText("Key moment");

  await send(`/desk/updates/${id}`, { source: "the second", headline: "" });
  await expect(pinned).toContainText("the second");
  await send(`/desk/updates/${id}/delete`);
  await expect(pinned).toBeHidden();
  await expect(moments).toBeHidden();
  expect(await unmarked(page)).toBe(0);
});

test("edited details appear on open pages, and the old slug redirects", async ({ page, newEntry, post, send }) => {
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

test("article appears on open pages, is changed in place, and goes", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  await post(entry.slug, "an update");
  await page.goto(entry.url);
  await waitForFeed(page);
  await expect(page.locator("#entry-article")).toHaveCount(0);
  const details = { title: "The match", slug: entry.slug, time_zone: "Europe/Paris" };
  const write = (body: string) => send(`/desk/entries/${entry.slug}/edit`, { ...details, body });
  await write("## Line-ups\n\nTo be announced.");
  const article = page.locator("#entry-article");
  await expect(article.getByRole("heading", { name: "Line-ups", level: 2 })).toBeVisible();
  await article.evaluate((node: HTMLElement & { marked?: boolean }) => {
    node.marked = true;
  });

  await write("## Line-ups\n\nAble, Baker, Chan.");
  await expect(article).toContainText("Able, Baker, Chan.");
  expect(await article.evaluate((node: HTMLElement & { marked?: boolean }) => node.marked)).toBe(true);
  // A change of something else does not touch it.
  await send(`/desk/entries/${entry.slug}/edit`, { ...details, title: "The re-match" });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("The re-match");
  await expect(article).toContainText("Able, Baker, Chan.");

  await write("");
  await expect(article).toHaveCount(0);
  await page.reload();
  await waitForFeed(page);
  await expect(article).toHaveCount(0);
});

test("scroll position, selection and focus survive all changes", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  for (let n = 0; n < 16; n++) await post(entry.slug, `This is update ${n}. `.repeat(30));
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  const ids = await updates(page).evaluateAll((nodes) => nodes.map((node) => node.getAttribute("data-update-id") ?? ""));
  const [read, focused] = [`#update-${ids[8]}`, `#update-${ids[9]} .update-when`];
  await page.locator(read).evaluate((node) => node.scrollIntoView());
  await page.locator(read).locator(".prose").selectText();
  await page.locator(focused).evaluate((link: HTMLElement) => link.focus({ preventScroll: true }));
  await markNodes(page);
  const place = await placeOf(page.locator(read));
  const selected = await page.evaluate(() => getSelection()?.toString());
  expect(selected).toContain("This is update 8.");

  const desk = `/desk/entries/${entry.slug}`;
  const mark = (at: number, word: string) => send(`/desk/updates/${ids[at]}/mark`, { mark: word, on: "true" });
  const fields = { title: "The re-match", slug: entry.slug, summary: "All of it again.", time_zone: "Asia/Tokyo" };
  const changes: [string, () => Promise<void>, () => Promise<void>][] = [
    ["an edit above", () => send(`/desk/updates/${ids[2]}`, { source: "Shorter." }), () => expect(page.locator(`#update-${ids[2]} .prose`)).toHaveText("Shorter.")],
    ["an edit in view", () => send(`/desk/updates/${ids[9]}`, { source: "Another text.", headline: "A headline" }), () => expect(page.locator(`#update-${ids[9]} .prose`)).toHaveText("Another text.")],
    ["a deletion above", () => send(`/desk/updates/${ids[4]}/delete`), () => expect(page.locator(`#update-${ids[4]}`)).toHaveCount(0)],
    ["an undo", () => send(`/desk/updates/${ids[4]}/restore`), () => expect(page.locator(`#update-${ids[4]}`)).toHaveCount(1)],
    ["a pin", () => mark(6, "pinned"), () => expect(page.getByRole("region", { name: "Pinned" })).toBeVisible()],
    ["a mark on the selected update", () => mark(8, "key"), () => expect(page.locator(read)).toContainText("Key moment")],
    ["another zone and title", () => send(`${desk}/edit`, fields), () => expect(page.locator("#entry-since")).toContainText("JST")],
    ["an article above", () => send(`${desk}/edit`, { ...fields, body: "Line-ups. ".repeat(300) }), () => expect(page.locator("#entry-article")).toContainText("Line-ups.")],
    ["a shorter article", () => send(`${desk}/edit`, { ...fields, body: "None." }), () => expect(page.locator("#entry-article")).toHaveText("None.")],
    ["the end", () => send(`${desk}/end`), () => expectStatus(page, "ended")],
  ];
  for (const [what, change, arrived] of changes) {
    await change();
    await arrived();
    expect.soft(await page.evaluate(() => getSelection()?.toString()), `selected after ${what}`).toBe(selected);
    await expect.soft(page.locator(focused), `focused after ${what}`).toBeFocused();
    const moved = (await placeOf(page.locator(read))) - place;
    expect.soft(Math.abs(moved), `pixels moved after ${what}`).toBeLessThan(1);
  }
  // Only the restored update has a new node.
  expect(await unmarked(page)).toBe(1);
});

test("focused key moment keeps the focus while others are added and removed", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  for (const text of ["first", "second", "third"]) await post(entry.slug, text);
  await page.goto(entry.url);
  await waitForFeed(page);
  const mark = async (text: string, word: string, on = "true") => send(`/desk/updates/${await idOf(page, text)}/mark`, { mark: word, on });
  await mark("second", "key");
  const moments = page.getByRole("navigation", { name: "Key moments" }).getByRole("link");
  const second = moments.filter({ hasText: "second" });
  await second.focus();
  await mark("first", "key");
  await mark("third", "key");
  await mark("third", "pinned");
  await expect(page.getByRole("region", { name: "Pinned" })).toBeVisible();
  await mark("first", "key", "false");
  await expect(moments).toHaveCount(2);
  await mark("third", "pinned", "false");
  await expect(page.getByRole("region", { name: "Pinned" })).toHaveCount(0);
  await expect(second).toBeFocused();
});

test("draft is posted to an entry whose slug was changed twice meanwhile", async ({ author, newEntry, post, send }) => {
  const entry = await newEntry();
  await post(entry.slug, "an update");
  const page = await author.context.newPage();
  await page.goto(entry.url);
  const box = page.getByRole("textbox", { name: "Update" });
  await box.fill("Typed before, posted after");
  await box.evaluate((node: HTMLTextAreaElement) => node.setSelectionRange(6, 12));
  for (const [from, to] of [["", "-2"], ["-2", "-3"]]) {
    await send(`/desk/entries/${entry.slug}${from}/edit`, { title: `Part ${to}`, slug: `${entry.slug}${to}`, time_zone: "UTC" });
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Part ${to}`);
  }
  await expect(box).toBeFocused();
  expect(await box.evaluate((node: HTMLTextAreaElement) => [node.selectionStart, node.selectionEnd])).toEqual([6, 12]);
  await page.reload();
  await expect(page).toHaveURL(new RegExp(`${entry.slug}-3$`));
  await expect(box).toHaveValue("Typed before, posted after");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(updates(page)).toHaveCount(2);
});
