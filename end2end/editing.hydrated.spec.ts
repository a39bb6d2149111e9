// Changing published updates in the entry's page.
import type { Locator, Page } from "@playwright/test";
import { box, openComposer, outbox, postText, stored, unposted } from "./support/composer";
import { expect, idOf, test, texts, updates } from "./support/test";

/** Opens the menu of the update that contains `text`. */
async function openMenu(page: Page, text: string): Promise<Locator> {
  await updates(page).filter({ hasText: text }).getByRole("button", { name: /^Actions for the update of/ }).click();
  return page.getByRole("group", { name: /^Actions for the update of/ });
}

/** Opens the dialog to edit the update that contains `text`, and waits for its text. */
async function openEditor(page: Page, text: string): Promise<Locator> {
  await (await openMenu(page, text)).getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit update" });
  await expect(dialog.getByRole("textbox", { name: "Text" })).toHaveValue(text);
  return dialog;
}

test("author edits an update in the page", async ({ author, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "Gaol!");
  const page = await openComposer(author.context, entry.url);
  const dialog = await openEditor(page, "Gaol!");
  const text = dialog.getByRole("textbox", { name: "Text" });
  await expect(text).toBeFocused();
  await text.fill("Goal!");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("Changes saved.")).toBeVisible();
  await expect(updates(page)).toHaveText(/Goal!/);
  await expect(updates(page).getByText(/^edited/)).toBeVisible();
  await expect.poll(() => stored(page, "outbox")).toEqual([]);
  await expect.poll(() => stored(page, "texts")).toEqual([]);
  // The card has its button again.
  await openEditor(page, "Goal!");
});

test("author deletes an update in the page, and undoes it", async ({ author, newEntry, post }) => {
  const entry = await newEntry();
  for (const text of ["first", "second"]) await post(entry.slug, text);
  const page = await openComposer(author.context, entry.url);
  await (await openMenu(page, "first")).getByRole("button", { name: "Delete" }).click();
  await expect(updates(page)).toHaveCount(1);
  await expect(page.getByText("Update deleted.")).toBeVisible();
  const undo = outbox(page).getByRole("button", { name: "Undo" });
  await expect(undo).toBeFocused();
  await undo.click();
  await expect(updates(page)).toHaveCount(2);
  await expect(page.getByText("Update restored.")).toBeVisible();
  expect(await texts(page)).toEqual(["first", "second"]);
});

test("author marks and unmarks an update in the page", async ({ author, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "kick-off");
  const page = await openComposer(author.context, entry.url);
  const moments = page.getByRole("navigation", { name: "Key moments" }).getByRole("link");
  const pinned = page.getByRole("region", { name: "Pinned" });
  await (await openMenu(page, "kick-off")).getByRole("button", { name: "Mark as key" }).click();
  await expect(moments).toHaveCount(1);
  await (await openMenu(page, "kick-off")).getByRole("button", { name: "Pin", exact: true }).click();
  await expect(pinned).toBeVisible();
  await (await openMenu(page, "kick-off")).getByRole("button", { name: "Unmark as key" }).click();
  await expect(moments).toHaveCount(0);
  await (await openMenu(page, "kick-off")).getByRole("button", { name: "Unpin" }).click();
  await expect(pinned).toHaveCount(0);
});

test("update is posted as key and pinned", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await page.getByRole("checkbox", { name: "Key moment" }).check();
  await page.getByRole("checkbox", { name: "Pin to top" }).check();
  await postText(page, "kick-off");
  await expect(page.getByRole("navigation", { name: "Key moments" }).getByRole("link")).toHaveCount(1);
  await expect(page.getByRole("region", { name: "Pinned" })).toBeVisible();
  await expect(page.getByRole("checkbox", { name: "Key moment" })).not.toBeChecked();
});

test("menu works by keyboard, and copies the link", async ({ author, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "by keyboard");
  await author.context.grantPermissions(["clipboard-read"]);
  const page = await openComposer(author.context, entry.url);
  const button = updates(page).getByRole("button", { name: /^Actions for the update of/ });
  await button.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Edit", exact: true })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(button).toBeFocused();
  await expect(button).toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("Enter");
  // The menu moves the focus once it is open.
  await expect(page.getByRole("button", { name: "Edit", exact: true })).toBeFocused();
  await page.getByRole("button", { name: "Copy link" }).press("Enter");
  await expect(page.getByText("Link copied.")).toBeVisible();
  const id = await idOf(page, "by keyboard");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${entry.url}/updates/${id}`);
});

test("authors can change their own updates only, editors those of all", async ({ author, newMember, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "by the first author");
  const other = await openComposer((await newMember("author")).context, entry.url);
  await postText(other, "by the second author");
  const buttons = (page: Page) => page.getByRole("button", { name: /^Actions for the update of/ });
  await expect(buttons(other)).toHaveCount(1);
  const editor = await openComposer((await newMember("editor")).context, entry.url);
  await expect(buttons(editor)).toHaveCount(2);
  const reader = await author.context.browser()?.newContext();
  const page = await reader?.newPage();
  await page?.goto(entry.url);
  await expect(page?.getByRole("article") as Locator).toHaveCount(2);
  await expect(buttons(page as Page)).toHaveCount(0);
  await reader?.close();
});

test("changes that are not saved are kept, and continued", async ({ author, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "before");
  const page = await openComposer(author.context, entry.url);
  const dialog = await openEditor(page, "before");
  await dialog.getByRole("textbox", { name: "Text" }).fill("half changed");
  await page.keyboard.press("Escape");
  await expect(unposted(page)).toContainText("half changed");
  await page.reload();
  await unposted(page).getByRole("button", { name: "Continue" }).click();
  await expect(dialog.getByRole("textbox", { name: "Text" })).toHaveValue("half changed");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(updates(page)).toHaveText(/half changed/);
  await expect(unposted(page)).toHaveCount(0);
});

test("edit that conflicts shows both texts and a difference, and the author chooses", async ({
  author,
  newMember,
  newEntry,
  post,
  allowConsole,
}) => {
  allowConsole(/409/);
  const entry = await newEntry();
  await post(entry.slug, "The score is 2–0 now");
  const page = await openComposer(author.context, entry.url);
  const dialog = page.getByRole("dialog");
  const text = dialog.getByRole("textbox", { name: "Text" });
  const editor = await openComposer((await newMember("editor")).context, entry.url);

  const change = async (from: string, mine: string, theirs: string) => {
    await openEditor(page, from);
    await text.fill(mine);
    const other = await openEditor(editor, from);
    await other.getByRole("textbox", { name: "Text" }).fill(theirs);
    await other.getByRole("button", { name: "Save changes" }).click();
    await expect(updates(page)).toContainText(theirs);
    await dialog.getByRole("button", { name: "Save changes" }).click();
    await expect(dialog.getByRole("heading", { name: "Conflict" })).toBeVisible();
    await expect(dialog).toContainText("changed this text after you opened it");
    await expect(text).toHaveValue(mine);
  };

  await change("The score is 2–0 now", "The score is 2–0, now", "The score is 2–1 now");
  await expect(dialog.locator("del")).toContainText(["1"]);
  await expect(dialog.locator("ins")).toContainText(["0"]);
  // Merged by hand.
  await text.fill("The score is 2–1, now");
  await dialog.getByRole("button", { name: "Save my text" }).click();
  await expect(dialog).toBeHidden();
  await expect(updates(page)).toContainText("The score is 2–1, now");

  await change("The score is 2–1, now", "mine again", "theirs again");
  await dialog.getByRole("button", { name: "Keep their text" }).click();
  await expect(dialog).toBeHidden();
  await expect(updates(page)).toContainText("theirs again");
  await expect(outbox(page)).toHaveCount(0);
  await expect.poll(() => stored(page, "texts")).toEqual([]);
});

test("mark set meanwhile is no conflict", async ({ author, newEntry, newMember, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "to be marked");
  const page = await openComposer(author.context, entry.url);
  const dialog = await openEditor(page, "to be marked");
  const editor = await openComposer((await newMember("editor")).context, entry.url);
  await (await openMenu(editor, "to be marked")).getByRole("button", { name: "Mark as key" }).click();
  await expect(page.getByRole("navigation", { name: "Key moments" })).toBeVisible();
  await dialog.getByRole("textbox", { name: "Text" }).fill("edited and marked");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(updates(page)).toContainText("edited and marked");
  await expect(page.getByRole("navigation", { name: "Key moments" }).getByRole("link")).toContainText("edited and marked");
});

test("edit of an update that was deleted meanwhile keeps every word", async ({ author, newEntry, newMember, post, allowConsole }) => {
  allowConsole(/410/);
  const entry = await newEntry();
  await post(entry.slug, "about to go");
  const page = await openComposer(author.context, entry.url);
  const dialog = await openEditor(page, "about to go");
  await dialog.getByRole("textbox", { name: "Text" }).fill("words of the author");
  const editor = await openComposer((await newMember("editor")).context, entry.url);
  await (await openMenu(editor, "about to go")).getByRole("button", { name: "Delete" }).click();
  await expect(updates(page)).toHaveCount(0);
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(outbox(page)).toContainText("words of the author");
  await expect(outbox(page)).toContainText("Not published: This update was removed.");
  await outbox(page).getByRole("button", { name: "Post as new update" }).click();
  await expect(box(page)).toHaveValue("words of the author");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(updates(page)).toHaveText(/words of the author/);
});

test("edit made offline is saved when the network is back, once", async ({ author, newEntry, post, allowConsole }) => {
  allowConsole(/Failed to load resource/, /ERR_/);
  const entry = await newEntry();
  await post(entry.slug, "online");
  const page = await openComposer(author.context, entry.url);
  const dialog = await openEditor(page, "online");
  await author.context.setOffline(true);
  await dialog.getByRole("textbox", { name: "Text" }).fill("edited offline");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(outbox(page)).toContainText("edited offline");
  await author.context.setOffline(false);
  await expect(updates(page)).toHaveText(/edited offline/);
  await expect(outbox(page)).toHaveCount(0);
});

test("toolbar and shortcuts format the selected text, and a pasted address links it", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  const select = (start: number, end: number) =>
    box(page).evaluate((node: HTMLTextAreaElement, [start, end]) => node.setSelectionRange(start as number, end as number), [start, end]);
  const toolbar = page.getByRole("toolbar", { name: "Formatting" });
  await box(page).fill("a goal");
  await box(page).focus();
  await select(2, 6);
  await toolbar.getByRole("button", { name: "Bold" }).click();
  await expect(box(page)).toHaveValue("a **goal**");
  await expect(box(page)).toBeFocused();
  await page.keyboard.press("Control+b");
  await expect(box(page)).toHaveValue("a goal");
  await page.keyboard.press("Control+i");
  await expect(box(page)).toHaveValue("a _goal_");
  await page.keyboard.press("Control+z");
  await expect(box(page)).toHaveValue("a goal");
  await select(2, 6);
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData("text/plain", "https://example.org/goal");
    document.activeElement?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await expect(box(page)).toHaveValue("a [goal](https://example.org/goal)");
  await box(page).fill("one\ntwo");
  await select(0, 7);
  await page.keyboard.press("Control+Shift+Digit8");
  await expect(box(page)).toHaveValue("- one\n- two");
  // By keyboard: one stop in the tab order, and arrow keys.
  await page.keyboard.press("Shift+Tab");
  await expect(toolbar.getByRole("button", { name: "Bold" })).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await expect(toolbar.getByRole("button", { name: "Code" })).toBeFocused();
});

test("preview shows the text as it will be published, and what is removed", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await page.getByRole("button", { name: "Preview" }).click();
  const preview = page.getByRole("region", { name: "Preview" });
  await expect(preview).toContainText("Nothing to preview yet.");
  await box(page).fill('A **goal** <iframe src="https://www.youtube.com/embed/X"></iframe>');
  await expect(preview.locator("strong")).toHaveText("goal");
  await expect(preview).toContainText("Not shown: an iframe from youtube.com.");
  await box(page).fill("Next");
  await expect(preview.locator(".preview-content")).toHaveText("Next");
});

test("text box grows with its text", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  const height = async () => (await box(page).boundingBox())?.height ?? 0;
  const before = await height();
  await box(page).fill("line\n".repeat(12));
  await expect.poll(height).toBeGreaterThan(before * 1.5);
});

test("author writes the article in the page, and a conflict shows both texts", async ({
  author,
  page: readers,
  newMember,
  newEntry,
  allowConsole,
}) => {
  allowConsole(/409/);
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await readers.goto(entry.url);
  const article = (page: Page) => page.locator("#entry-article");
  const open = async (page: Page, text: string) => {
    await page.getByRole("button", { name: "Edit article" }).click();
    const dialog = page.getByRole("dialog", { name: "Edit article" });
    await expect(dialog.getByRole("textbox", { name: "Text" })).toHaveValue(text);
    await expect(dialog.getByRole("textbox", { name: "Text" })).toBeFocused();
    return dialog;
  };
  const dialog = await open(page, "");
  const text = page.getByRole("dialog").getByRole("textbox", { name: "Text" });
  await expect(dialog.getByRole("button", { name: "Add headline" })).toBeHidden();
  await text.fill("# What we know\n\nTwo goals.");
  await dialog.getByRole("button", { name: "Preview" }).click();
  await expect(dialog.getByRole("region", { name: "Preview" }).getByRole("heading", { level: 2 })).toHaveText("What we know");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Changes saved.")).toBeVisible();
  await expect(article(readers)).toContainText("Two goals.");

  // Half an edit is kept when the page is closed.
  await open(page, "# What we know\n\nTwo goals.");
  await text.fill("Two goals, one penalty.");
  await page.keyboard.press("Escape");
  await expect(unposted(page)).toContainText("Changes to the article.");
  await page.reload();

  const other = await openComposer((await newMember("editor")).context, entry.url);
  const theirs = await open(other, "# What we know\n\nTwo goals.");
  await theirs.getByRole("textbox", { name: "Text" }).fill("Three goals.");
  await theirs.getByRole("button", { name: "Save changes" }).click();
  await expect(article(readers)).toHaveText("Three goals.");

  await unposted(page).getByRole("button", { name: "Continue" }).click();
  await expect(text).toHaveValue("Two goals, one penalty.");
  await page.getByRole("dialog").getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByRole("dialog").getByRole("heading", { name: "Conflict" })).toBeFocused();
  await expect(page.getByRole("dialog")).toContainText("Three goals.");
  await text.fill("Three goals, one penalty.");
  await page.getByRole("dialog").getByRole("button", { name: "Save my text" }).click();
  await expect(article(readers)).toHaveText("Three goals, one penalty.");

  await open(page, "Three goals, one penalty.");
  await text.fill("");
  await page.getByRole("dialog").getByRole("button", { name: "Save changes" }).click();
  await expect(article(readers)).toHaveCount(0);
  await expect.poll(() => stored(page, "outbox")).toEqual([]);
  await expect.poll(() => stored(page, "texts")).toEqual([]);
});

test("article that is saved while the server is away is sent later, once", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await author.context.setOffline(true);
  await page.getByRole("button", { name: "Edit article" }).click();
  // It can't be loaded, and the dialog shows why.
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("The server can't be reached.");
  await author.context.setOffline(false);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Edit article" }).click();
  const text = page.getByRole("dialog").getByRole("textbox", { name: "Text" });
  await expect(text).toBeFocused();
  await text.fill("Written on a train");
  await author.context.setOffline(true);
  await page.getByRole("dialog").getByRole("button", { name: "Save changes" }).click();
  await expect(outbox(page)).toContainText("Article.");
  await author.context.setOffline(false);
  await expect(page.locator("#entry-article")).toHaveText("Written on a train");
  await expect.poll(() => stored(page, "outbox")).toEqual([]);
});
