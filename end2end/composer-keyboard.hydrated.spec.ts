// The whole composer by keyboard, with the names and the announcements that a screen reader gets.
import type { Page } from "@playwright/test";
import { box, expectPublished, outbox, stored, unposted } from "./support/composer";
import { submit } from "./support/form";
import { focused, pressEnterOn, tabTo, watchAnnouncements } from "./support/keyboard";
import { type Entry, type Member, expect, test, texts, updates } from "./support/test";

const post = "**/fn/post_update";

/** Opens the composer with the focus in its text box. Returns the page and its announcements. */
async function open(author: Member, entry: Entry): Promise<[Page, () => Promise<string[]>]> {
  const page = await author.context.newPage();
  const announced = await watchAnnouncements(page);
  await page.goto(`${entry.url}#composer-host`);
  await expect(box(page)).toBeFocused();
  return [page, announced];
}

/** Replaces the text in the box by typing. */
async function type(page: Page, text: string): Promise<void> {
  await expect(box(page)).toBeFocused();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(text);
}

/** Expects an announcement that was not there before it is called. */
async function expectAnnounced(announced: () => Promise<string[]>, text: string | RegExp): Promise<void> {
  const wanted = typeof text === "string" ? expect.stringContaining(text) : expect.stringMatching(text);
  await expect.poll(announced, `announced: ${text}`).toContainEqual(wanted);
}

test("composer, its toolbar and its options are named, and work by keyboard", async ({ author, newEntry }) => {
  const [page, announced] = await open(author, await newEntry());
  await expect(page.getByRole("form", { name: "Post an update" })).toMatchAriaSnapshot(`
    - form "Post an update":
      - toolbar "Formatting":
        - button "Bold"
        - button "Italic"
        - button "Link"
        - button "Quote"
        - button "List"
        - button "Code"
      - text: Update
      - textbox "Update"
      - button "Post"
      - button "Preview"
      - button "Add headline"
      - button "Save as draft"
      - checkbox "Key moment"
      - checkbox "Pin to top"
      - status
  `);
  await type(page, "one");
  await page.keyboard.press("ControlOrMeta+a");
  await tabTo(page, "Bold", "Shift+Tab");
  for (const [name, formatted] of [
    ["Bold", "**one**"],
    ["Italic", "_one_"],
    ["Link", /^\[one\]\(/],
    ["Quote", "> one"],
    ["List", "- one"],
    ["Code", "`one`"],
  ] as const) {
    expect(await focused(page)).toBe(name);
    await page.keyboard.press("Enter");
    await expect(box(page)).toHaveValue(formatted);
    await expect(box(page), "the text box has the focus again").toBeFocused();
    await type(page, "one");
    await page.keyboard.press("ControlOrMeta+a");
    await tabTo(page, name, "Shift+Tab");
    await page.keyboard.press("ArrowRight");
  }
  expect(await focused(page), "the last button is followed by the first").toBe("Bold");
  await page.keyboard.press("End");
  expect(await focused(page)).toBe("Code");
  await page.keyboard.press("Home");
  expect(await focused(page)).toBe("Bold");

  const stops = await tabTo(page, "Pin to top");
  expect(stops).toEqual(["Update", "Post", "Preview", "Add headline", "Save as draft", "Key moment", "Pin to top"]);
  await page.keyboard.press("Space");
  await tabTo(page, "Key moment", "Shift+Tab");
  await page.keyboard.press("Space");
  await pressEnterOn(page, "Preview", "Shift+Tab");
  await expect(page.getByRole("button", { name: "Preview", expanded: true })).toBeFocused();
  await expect(page.getByRole("region", { name: "Preview" })).toContainText("one");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Preview" })).toHaveCount(0);
  await tabTo(page, "Add headline");
  const frames = await page.evaluateHandle(() => window.requestAnimationFrame);
  await page.evaluate(() => {
    // A busy browser paints no frame before the next keys.
    window.requestAnimationFrame = () => 0;
  });
  await page.keyboard.press("Enter");
  await page.keyboard.type("By keyboard");
  expect(await focused(page)).toBe("Headline");
  await page.evaluate((frames) => (window.requestAnimationFrame = frames), frames);
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route(post, async (route) => {
    await released;
    await route.continue();
  });
  await pressEnterOn(page, "Post");
  await expect(box(page), "ready for the next one").toBeFocused();
  await expectAnnounced(announced, "Posting…");
  release();
  await expectAnnounced(announced, "Posted.");
  await expect(updates(page).getByRole("heading", { name: "By keyboard" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Pinned" })).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Key moments" }).getByRole("link")).toHaveCount(1);
  await expect(page.getByRole("checkbox", { name: "Key moment" })).not.toBeChecked();
});

test("drafts are saved, continued and discarded by keyboard", async ({ author, newContext, newEntry, ringside }) => {
  const entry = await newEntry();
  const [page, announced] = await open(author, entry);
  for (const text of ["first draft", "second draft"]) {
    await type(page, text);
    await pressEnterOn(page, "Save as draft");
    await expect(box(page)).toHaveValue("");
    expect(await focused(page), "the button keeps the focus").toBe("Save as draft");
    await tabTo(page, "Update", "Shift+Tab");
  }
  await expectAnnounced(announced, "Draft saved. You can continue it on any device.");
  await pressEnterOn(page, "Drafts (2)");
  const drafts = page.getByRole("list", { name: "Drafts" }).getByRole("listitem");
  await expect(drafts).toHaveCount(2);
  await pressEnterOn(page, "Discard");
  await expect(page.getByRole("button", { name: "Discard for good" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(drafts).toHaveCount(1);
  await expect(box(page), "the button with the focus is gone").toBeFocused();
  await pressEnterOn(page, "Continue");
  await expect(box(page)).toHaveValue(/draft$/);
  await expect(box(page)).toBeFocused();

  // Its other version, saved on another device.
  let text = await box(page).inputValue();
  const other = await newContext({ storageState: await author.context.storageState() });
  const phone = await other.newPage();
  await phone.goto(`${ringside.url}/entries/${entry.slug}#composer-host`);
  await box(phone).waitFor();
  for (const choice of ["Save mine as another draft", "Replace it with my text"]) {
    await phone.getByText(/^Drafts \(/).click();
    await phone.getByRole("list", { name: "Drafts" }).getByRole("listitem").filter({ hasText: text }).getByRole("button", { name: "Continue" }).click();
    await expect(box(phone)).toHaveValue(text);
    text = `${choice}: of the phone`;
    await box(phone).fill(text);
    await phone.getByRole("button", { name: "Save as draft" }).click();
    await expect(phone.getByText("Draft saved.")).toBeVisible();
    await type(page, `${choice}: of the laptop`);
    await pressEnterOn(page, "Save as draft");
    await expectAnnounced(announced, "This draft was changed on another device. Nothing was saved.");
    await expect(page.getByRole("region", { name: "The other text of this draft" })).toContainText(text);
    await pressEnterOn(page, choice);
    await expect(page.getByRole("region", { name: "The other text of this draft" })).toHaveCount(0);
    await expect(box(page)).toHaveValue("");
    await expect(box(page), "the button with the focus is gone").toBeFocused();
    if (choice === "Replace it with my text") break;
    await page.reload();
    await expect(box(page)).toBeFocused();
    await pressEnterOn(page, /^Drafts \(/);
    await page.getByRole("list", { name: "Drafts" }).getByRole("listitem").filter({ hasText: text }).getByRole("button", { name: "Continue" }).focus();
    await page.keyboard.press("Enter");
    await expect(box(page)).toHaveValue(text);
    await expect(box(page)).toBeFocused();
    await phone.reload();
    await box(phone).waitFor();
  }
});

test("waiting and refused updates are announced, and handled by keyboard", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/Failed to load resource/, /ERR_/, /422/);
  const entry = await newEntry();
  const [page, announced] = await open(author, entry);
  await author.context.setOffline(true);
  await type(page, "posted offline");
  await page.keyboard.press("Control+Enter");
  await expectAnnounced(announced, /^You are offline\. Your text is kept here and will be sent again automatically\./);
  const item = outbox(page);
  await expect(item).toMatchAriaSnapshot(`
    - listitem:
      - paragraph: posted offline
      - paragraph: You are offline. Your text is kept here. It will be sent again automatically.
      - button "Retry"
      - button "Edit"
      - button "Copy"
      - button "Discard"
  `);
  for (const name of ["Retry", "Copy"]) {
    await tabTo(page, name);
    await page.keyboard.press("Enter");
    await expect(item).toContainText("You are offline.");
    await expect(item.getByRole("button", { name: name === "Copy" ? "Copied" : name }), "the button keeps the focus").toBeFocused();
  }
  await pressEnterOn(page, "Edit", "Shift+Tab");
  await expect(box(page)).toBeFocused();
  await expect(box(page)).toHaveValue("posted offline");
  await expect(item).toHaveCount(0);
  await type(page, "posted offline, and edited");
  await page.keyboard.press("Control+Enter");
  await expect(item).toContainText("You are offline.");
  await tabTo(page, "Discard");
  await author.context.setOffline(false);
  await expectAnnounced(announced, "Posted.");
  await expect(item).toHaveCount(0);
  await expect(box(page), "the button with the focus is gone").toBeFocused();

  await type(page, "<script>nothing</script>");
  await page.keyboard.press("Control+Enter");
  await expectAnnounced(announced, "An update was not published.");
  await expect(item).toContainText("Not published: This text has no visible content.");
  await pressEnterOn(page, "Discard");
  await expect(item.getByRole("button", { name: "Discard for good" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(item).toHaveCount(0);
  await expect(box(page), "the button with the focus is gone").toBeFocused();
  await expectPublished(author.context, entry, ["posted offline, and edited"]);
});

test("button of a waiting update keeps the focus during the attempts to send it", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const entry = await newEntry();
  const [page] = await open(author, entry);
  let attempts = 0;
  await page.route(post, (route) => {
    attempts += 1;
    return route.abort();
  });
  await type(page, "not lost");
  await page.keyboard.press("Control+Enter");
  await pressEnterOn(page, "Discard");
  const confirm = outbox(page).getByRole("button", { name: "Discard for good" });
  await expect(confirm).toBeFocused();
  const before = attempts;
  await expect.poll(() => attempts, "attempts").toBeGreaterThan(before + 2);
  await expect(confirm).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  expect(await focused(page)).toBe("Copy");
});

test("menu, editor and conflicts are named, and work by keyboard", async ({ author, newEntry, newMember, post: publish, ringside, allowConsole }) => {
  allowConsole(/409/);
  const entry = await newEntry();
  await publish(entry.slug, "before");
  const [page, announced] = await open(author, entry);
  const menu = page.getByRole("group", { name: /^Actions for the update of \d\d:\d\d$/ });
  const button = page.getByRole("button", { name: /^Actions for the update of/ });
  const dialog = page.getByRole("dialog");
  const openMenu = async () => {
    if (await button.evaluate((node) => node !== document.activeElement)) await tabTo(page, /^Actions for the update of/);
    await page.keyboard.press("Enter");
    await expect(menu.getByRole("button", { name: "Edit" })).toBeFocused();
  };
  await openMenu();
  await expect(menu).toMatchAriaSnapshot(`
    - group:
      - button "Edit"
      - button "Delete"
      - button "Mark as key"
      - button "Pin"
      - button "Copy link"
      - status
  `);
  await expect(page.getByRole("button", { name: "Edit", exact: true })).toBeFocused();
  await pressEnterOn(page, "Mark as key");
  await expectAnnounced(announced, "Marked as key.");
  await expect(page.getByRole("navigation", { name: "Key moments" })).toBeVisible();
  await expect(button, "the button of the card that was replaced").toBeFocused();
  await openMenu();
  await pressEnterOn(page, "Pin");
  await expectAnnounced(announced, "Pinned.");
  await expect(button).toBeFocused();
  await openMenu();
  await pressEnterOn(page, "Copy link");
  await expectAnnounced(announced, "Link copied.");
  await page.keyboard.press("Escape");
  await expect(button).toBeFocused();

  // An edit, cancelled and continued.
  const edit = async (text: string) => {
    await expect(dialog.getByRole("textbox", { name: "Text" })).toBeFocused();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type(text);
  };
  await openMenu();
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("textbox", { name: "Text" })).toHaveValue("before");
  await expect(dialog).toMatchAriaSnapshot(`
    - dialog "Edit update":
      - heading "Edit update" [level=2]
      - status
      - toolbar "Formatting"
      - text: Text
      - textbox "Text": before
      - button "Save changes"
      - button "Cancel"
      - button "Preview"
      - button "Add headline"
  `);
  await edit("half changed");
  await pressEnterOn(page, "Cancel");
  await expect(dialog).toBeHidden();
  await expect(button, "the focus returns to the button").toBeFocused();
  await expect(unposted(page)).toContainText("half changed");
  await pressEnterOn(page, "Continue", "Shift+Tab");
  await expect(dialog.getByRole("textbox", { name: "Text" })).toHaveValue("half changed");
  await edit("changed");
  await pressEnterOn(page, "Save changes");
  await expectAnnounced(announced, "Changes saved.");
  await expect(dialog).toBeHidden();
  await expect(updates(page)).toHaveText(/changed/);
  await expect(box(page), "the button that opened the dialog is gone").toBeFocused();

  // Two conflicts: both choices.
  const editor = await newMember("editor");
  const id = await updates(page).getAttribute("data-update-id");
  const conflict = async (mine: string, theirs: string) => {
    await openMenu();
    await page.keyboard.press("Enter");
    await edit(mine);
    await submit(editor.context.request, ringside.url, `/desk/updates/${id}`, { source: theirs, headline: "" });
    await expect(updates(page)).toHaveText(new RegExp(theirs));
    await pressEnterOn(page, "Save changes");
    await expectAnnounced(announced, `${editor.name} changed this text after you opened it.`);
    await expect(dialog.getByRole("textbox", { name: "Text" })).toHaveValue(mine);
    await expect(dialog.getByRole("heading", { name: "Conflict" })).toBeFocused();
  };
  await conflict("my text", "their text");
  await expect(dialog).toMatchAriaSnapshot(`
    - dialog "Conflict":
      - heading "Conflict" [level=2]
      - alert: /changed this text after you opened it/
      - heading "Their text" [level=3]
      - text: their text
      - heading "From theirs to yours" [level=3]
      - paragraph:
        - deletion: "removed: their"
        - insertion: "added: my"
      - toolbar "Formatting"
      - textbox "Text": my text
      - button "Save my text"
      - button "Keep their text"
      - button "Cancel"
  `);
  await pressEnterOn(page, "Save my text");
  await expect(updates(page)).toHaveText(/my text/);
  await expect(dialog).toBeHidden();
  await expect(box(page), "the button that opened the dialog is gone").toBeFocused();
  await conflict("mine again", "theirs again");
  await pressEnterOn(page, "Keep their text");
  await expect(dialog).toBeHidden();
  await expect(box(page), "the button that opened the dialog is gone").toBeFocused();
  await expect(updates(page)).toHaveText(/theirs again/);
  await expect.poll(() => stored(page, "texts")).toEqual([]);

  await openMenu();
  await pressEnterOn(page, "Delete");
  await expectAnnounced(announced, "Update deleted.");
  await expect(updates(page)).toHaveCount(0);
  await expect(outbox(page).getByRole("button", { name: "Undo" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expectAnnounced(announced, "Update restored.");
  await expect(updates(page)).toHaveText(/theirs again/);
  await expect(box(page), "the button with the focus is gone").toBeFocused();
});

test("menu of an update that changes meanwhile stays open, and keeps the focus", async ({ author, newEntry, newMember, post: publish, ringside }) => {
  const entry = await newEntry();
  await publish(entry.slug, "before");
  const [page] = await open(author, entry);
  const editor = await newMember("editor");
  const id = await updates(page).getAttribute("data-update-id");
  await pressEnterOn(page, /^Actions for the update of/);
  await expect(page.getByRole("button", { name: "Edit", exact: true })).toBeFocused();
  await submit(editor.context.request, ringside.url, `/desk/updates/${id}`, { source: "changed", headline: "" });
  await expect(updates(page)).toHaveText(/changed/);
  await expect(page.getByRole("button", { name: "Edit", exact: true })).toBeFocused();
  await expect(page.getByRole("button", { name: /^Actions for the update of/, expanded: true })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: /^Actions for the update of/, expanded: false })).toBeFocused();
  // The update is deleted while its menu is open.
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Edit", exact: true })).toBeFocused();
  await submit(editor.context.request, ringside.url, `/desk/updates/${id}/delete`, {});
  await expect(updates(page)).toHaveCount(0);
  await expect(page.getByRole("group", { name: /^Actions for the update of/ })).toHaveCount(0);
});

test("unposted texts are continued and discarded by keyboard", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const left = await author.context.newPage();
  for (const text of ["left behind", "left as well"]) {
    await left.goto(entry.url);
    await box(left).fill(text);
    await expect.poll(async () => (await stored(left, "texts")).map(({ source }) => source)).toContain(text);
    await left.evaluate(() => sessionStorage.clear());
  }
  await left.close();
  const [page] = await open(author, entry);
  await expect(unposted(page)).toHaveCount(2);
  await pressEnterOn(page, "Discard");
  await expect(page.getByRole("button", { name: "Discard for good" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(unposted(page)).toHaveCount(1);
  await expect(box(page), "the button with the focus is gone").toBeFocused();
  await pressEnterOn(page, "Continue");
  await expect(box(page)).toHaveValue(/^left/);
  await expect(box(page)).toBeFocused();
  await page.keyboard.press("Control+Enter");
  await expect(updates(page)).toHaveCount(1);
  expect((await texts(page))[0]).toMatch(/^left/);
});

test("login in the page is named, and works by keyboard", async ({ author, newEntry, ringside, allowConsole }) => {
  allowConsole(/401/);
  const entry = await newEntry();
  const [page, announced] = await open(author, entry);
  await submit(author.context.request, ringside.url, "/logout", {});
  await type(page, "written before the login");
  await page.keyboard.press("Control+Enter");
  const dialog = page.getByRole("dialog", { name: "Log in again" });
  await expect(dialog).toMatchAriaSnapshot(`
    - dialog "Log in again":
      - heading "Log in again" [level=2]
      - paragraph: Your session has expired. Your texts are kept in this browser.
      - text: Username
      - textbox "Username"
      - text: Password
      - textbox "Password"
      - button "Log in"
      - button "Not now"
  `);
  await expect(dialog.getByLabel("Password")).toBeFocused();
  await expectAnnounced(announced, "Your session has expired. Your text is kept here. Log in to send it.");
  await pressEnterOn(page, "Not now");
  await expect(dialog).toBeHidden();
  await expect(box(page), "the focus returns").toBeFocused();
  await pressEnterOn(page, "Log in");
  await expect(dialog.getByLabel("Password")).toBeFocused();
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await expectAnnounced(announced, "The username or the password is wrong.");
  await dialog.getByLabel("Password").focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(author.password);
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expectAnnounced(announced, "Posted.");
  await expect(box(page), "the button with the focus is gone").toBeFocused();
  await expectPublished(author.context, entry, ["written before the login"]);
});
