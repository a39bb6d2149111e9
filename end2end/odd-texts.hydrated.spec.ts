// Texts that are too long, and characters that are none: no word is lost, and what is allowed is
// published once.
import type { Page } from "@playwright/test";
import { box, expectPublished, openComposer, stored } from "./support/composer";
import { expect, test, texts, updates } from "./support/test";

/** Two million characters, with line ends. */
const LONG = "A word, and another one.\n".repeat(80_000);
/** The longest text of an update, in characters. */
const MAX_CHARACTERS = 50_000;

/** Pastes a text at the caret, from the clipboard. */
async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await page.keyboard.press("ControlOrMeta+v");
}

/** Returns the length of the text in the box, without transferring the text. */
const lengthIn = (page: Page) => box(page).evaluate((node: HTMLTextAreaElement) => node.value.length);

/** Returns the lengths of the stored texts. */
const storedLengths = async (page: Page) => (await stored(page, "texts")).map(({ source }) => (source as string).length);

test("text of two megabytes is kept and refused in one sentence, and posted once it is cut", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/413|422/);
  const entry = await newEntry();
  await author.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await openComposer(author.context, entry.url);
  const posts: string[] = [];
  page.on("request", (request) => void (request.url().endsWith("/fn/post_update") && posts.push(request.url())));
  await box(page).focus();
  await paste(page, LONG);
  await expect.poll(() => lengthIn(page)).toBe(LONG.length);
  await expect.poll(() => storedLengths(page)).toEqual([LONG.length]);

  const alerts = page.getByRole("alert").filter({ visible: true });
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(alerts).toHaveText([/^[^.]* the maximum is 50000\.$/]);
  await page.keyboard.press("Control+Enter");
  await expect(alerts).toHaveText([/^[^.]* the maximum is 50000\.$/]);
  await page.getByRole("button", { name: "Save as draft" }).click();
  const draft = page.getByRole("status").filter({ hasText: "The draft was not saved." });
  await expect(draft).toHaveText(/^The draft was not saved\. [^.]+\. Your text is kept here\.$/);
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByRole("region", { name: "Preview" }).locator(".form-error")).toHaveText(/^[^.]+\.$/);
  await page.getByRole("button", { name: "Preview" }).click();
  expect(await lengthIn(page)).toBe(LONG.length);
  expect(posts).toEqual([]);

  await page.reload();
  await expect.poll(() => lengthIn(page)).toBe(LONG.length);
  expect(await box(page).evaluate((node: HTMLTextAreaElement, long) => node.value === long, LONG)).toBe(true);
  await expectPublished(author.context, entry, []);
  // The page is usable: a headline is added, and the text is cut.
  await page.getByRole("button", { name: "Add headline" }).click();
  await page.getByRole("textbox", { name: "Headline" }).fill("In full");
  await box(page).fill(LONG.slice(0, MAX_CHARACTERS));
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page.getByText("Posted.")).toBeVisible();
  await expect(updates(page)).toHaveCount(1);
  await expect(updates(page).getByRole("heading")).toHaveText("In full");
  await expect.poll(() => stored(page, "texts")).toEqual([]);
  expect(posts).toHaveLength(1);
  const reader = await author.context.newPage();
  await reader.goto(entry.url);
  expect((await texts(reader)).map((text) => text.split("another one.").length - 1)).toEqual([MAX_CHARACTERS / 25]);
});

test("headline of two megabytes is kept and refused in one sentence", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/413|422/);
  const entry = await newEntry();
  await author.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await openComposer(author.context, entry.url);
  const line = LONG.replaceAll("\n", " ");
  await page.getByRole("button", { name: "Add headline" }).click();
  const headline = page.getByRole("textbox", { name: "Headline" });
  await expect(headline).toBeFocused();
  await paste(page, line);
  await box(page).fill("a short text");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page.getByRole("alert").filter({ visible: true })).toHaveText([/^[^.]* the maximum is \d+\.$/]);
  await expect.poll(async () => (await stored(page, "texts")).map(({ headline }) => (headline as string).length)).toEqual([line.length]);
  await page.reload();
  await expect.poll(() => headline.evaluate((node: HTMLInputElement) => node.value.length)).toBe(line.length);
  await headline.fill("Short");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(updates(page).getByRole("heading")).toHaveText("Short");
  await expectPublished(author.context, entry, ["a short text"]);
});

/** Types UTF-16 units into the focused field, one input event for each. */
async function typeUnits(page: Page, units: number[]): Promise<void> {
  await page.evaluate((units) => {
    for (const unit of units) document.execCommand("insertText", false, String.fromCharCode(unit));
  }, units);
}

/** Returns the UTF-16 units in the focused field, and the position of the caret. */
const focusedField = (page: Page) =>
  page.evaluate(() => {
    const field = document.activeElement as HTMLTextAreaElement;
    return { units: Array.from({ length: field.value.length }, (_, at) => field.value.charCodeAt(at)), caret: field.selectionStart };
  });

test("emoji that a keyboard types in two halves is posted whole, in text and headline", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await page.getByRole("button", { name: "Add headline" }).click();
  const headline = page.getByRole("textbox", { name: "Headline" });
  for (const field of [headline, box(page)]) {
    await field.fill("goal !");
    await field.press("ArrowLeft");
    await typeUnits(page, [0xd83c, 0xdf89]);
    await expect(field).toHaveValue("goal 🎉!");
    expect((await focusedField(page)).caret, "the caret is behind the emoji").toBe(7);
    await field.pressSequentially("?");
    await expect(field).toHaveValue("goal 🎉?!");
  }
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(updates(page).getByRole("heading")).toHaveText("goal 🎉?!");
  await expectPublished(author.context, entry, ["goal 🎉?!"]);
});

test("half of a character loses no word, keeps the caret, and is posted as the replacement character", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await page.getByRole("button", { name: "Add headline" }).click();
  const headline = page.getByRole("textbox", { name: "Headline" });
  for (const half of [0xd83c, 0xdf89]) {
    for (const field of [headline, box(page)]) {
      await field.fill("before after");
      for (let presses = 0; presses < 5; presses++) await field.press("ArrowLeft");
      await typeUnits(page, [half]);
      expect((await focusedField(page)).caret).toBe(8);
      await field.pressSequentially("and ");
      await expect.poll(async () => (await focusedField(page)).units.length).toBe("before ?and after".length);
    }
    await expect.poll(() => stored(page, "texts")).toMatchObject([{ source: "before \ufffdand after", headline: "before \ufffdand after" }]);
    await page.reload();
    await expect(box(page)).toHaveValue("before \ufffdand after");
    await expect(headline).toHaveValue("before \ufffdand after");
  }
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(updates(page).getByRole("heading")).toHaveText("before \ufffdand after");
  await expectPublished(author.context, entry, ["before \ufffdand after"]);
});

test("half of a character typed while editing an update is saved as the replacement character", async ({ author, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "before");
  const page = await openComposer(author.context, entry.url);
  await page.getByRole("button", { name: /^Actions for the update of/ }).click();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Edit update" });
  const text = dialog.getByRole("textbox", { name: "Text" });
  await expect(text).toHaveValue("before");
  await text.press("End");
  await typeUnits(page, [0xd83c]);
  await text.pressSequentially(" after");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Changes saved.")).toBeVisible();
  await expectPublished(author.context, entry, ["before\ufffd after"]);
});
