// Keys in the composer, input methods, and the drafts of several accounts.
import type { CDPSession, Page } from "@playwright/test";
import { submit } from "./support/form";
import { type Entry, expect, type Member, test, texts, updates } from "./support/test";

async function openComposer(author: Member, entry: Entry): Promise<Page> {
  const page = await author.context.newPage();
  await page.goto(entry.url);
  await page.getByRole("textbox", { name: "Update" }).waitFor();
  return page;
}

/** Types with an input method: `text` is underlined, and not accepted yet. */
async function compose(input: CDPSession, text: string): Promise<void> {
  await input.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
}

const box = (page: Page) => page.getByRole("textbox", { name: "Update" });

/** The properties of an Enter key event. */
interface Enter {
  isComposing?: boolean;
  keyCode?: number;
  ctrlKey?: boolean;
  metaKey?: boolean;
}

/** Dispatches Enter to the focused field, as Safari and input methods do. */
async function dispatchEnter(page: Page, init: Enter): Promise<void> {
  await page.evaluate((init: Enter) => {
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...init }));
  }, init);
}

for (const key of ["Enter", "Control+Enter", "Meta+Enter"]) {
  test(`${key} during a composition publishes nothing; afterwards the whole text is published`, async ({ author, newEntry }) => {
    const entry = await newEntry();
    const page = await openComposer(author, entry);
    const posts: string[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/fn/post_update")) posts.push(request.postDataJSON().source);
    });
    const input = await page.context().newCDPSession(page);
    await box(page).focus();
    await compose(input, "へんかん");
    await page.keyboard.press(key);
    await input.send("Input.insertText", { text: "変換" });
    await expect(box(page)).toHaveValue(/変換/);
    // An earlier post would be recorded before this one.
    await box(page).press("Control+Enter");
    await expect(page.getByText("Posted.")).toBeVisible();
    await expect(box(page)).toHaveValue("");
    expect(posts).toHaveLength(1);
    expect(posts[0]).toContain("変換");
    await expect(updates(page)).toHaveCount(1);
  });
}

test("keys handled by an input method are ignored, however the browser reports them", async ({ author, newEntry }) => {
  const page = await openComposer(author, await newEntry());
  let posts = 0;
  page.on("request", (request) => void (posts += Number(request.url().endsWith("/fn/post_update"))));
  await page.getByRole("button", { name: "Add headline" }).click();
  const headline = page.getByRole("textbox", { name: "Headline" });
  await box(page).fill("unfinished");
  for (const field of [box(page), headline]) {
    await field.focus();
    for (const modifier of [{}, { ctrlKey: true }, { metaKey: true }] as Enter[]) {
      await dispatchEnter(page, { isComposing: true, ...modifier });
      // Safari reports the end of a composition before the key that ended it.
      await dispatchEnter(page, { keyCode: 229, ...modifier });
      await expect(field).toBeFocused();
    }
  }
  await box(page).fill("finished");
  await box(page).press("Control+Enter");
  await expect(page.getByText("Posted.")).toBeVisible();
  expect(posts).toBe(1);
});

test("Enter in the headline moves the focus to the text, and publishes nothing", async ({ author, newEntry }) => {
  const page = await openComposer(author, await newEntry());
  await page.getByRole("button", { name: "Add headline" }).click();
  const headline = page.getByRole("textbox", { name: "Headline" });
  await headline.focus();
  const input = await page.context().newCDPSession(page);
  await compose(input, "ごーる");
  await page.keyboard.press("Enter");
  await input.send("Input.insertText", { text: "ゴール" });
  await expect(headline).toBeFocused();
  await headline.fill("ゴール");
  await box(page).fill("unfinished");
  await headline.press("Enter");
  await expect(box(page)).toBeFocused();
  await expect(box(page)).toHaveValue("unfinished");
  await expect(page.locator(".composer-status")).toHaveText("");

  await box(page).fill("finished");
  await headline.press("Control+Enter");
  await expect(updates(page)).toHaveCount(1);
  expect(await texts(page)).toEqual(["finished"]);
  await expect(updates(page).getByRole("heading")).toHaveText("ゴール");
});

test("Enter in the headline publishes nothing on the composer's own page", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await author.context.newPage();
  await page.goto(`${entry.url}/compose`);
  await page.getByLabel("Update", { exact: true }).fill("unfinished");
  await page.getByLabel("Headline (optional)").fill("Goal");
  await page.getByLabel("Headline (optional)").press("Enter");
  await page.getByRole("button", { name: "Post" }).click();
  await expect(page.getByText("Posted.")).toBeVisible();
  await page.goto(entry.url);
  await expect(updates(page)).toHaveCount(1);
});

test("draft belongs to its account, and is not shown to another account in the same browser", async ({
  newMember,
  newEntry,
  ringside,
}) => {
  const entry = await newEntry();
  const [ann, bob] = [await newMember("author"), await newMember("author")];
  const page = await openComposer(ann, entry);
  await page.getByRole("button", { name: "Add headline" }).click();
  await page.getByRole("textbox", { name: "Headline" }).fill("Not yet");
  await box(page).fill("The minister will resign, according to a source");
  const logIn = ({ name, password }: Member) => submit(page.request, ringside.url, "/login", { username: name, password });

  await submit(page.request, ringside.url, "/logout", {});
  await page.goto(entry.url);
  await expect(page.getByText("minister")).toHaveCount(0);
  await expect(box(page)).toHaveCount(0);

  await logIn(bob);
  await page.goto(entry.url);
  await expect(box(page)).toHaveValue("");
  await expect(page.getByRole("textbox", { name: "Headline" })).toHaveCount(0);
  await box(page).fill("Bob's own");
  await box(page).fill("");
  await box(page).fill("Bob's own, again");

  await submit(page.request, ringside.url, "/logout", {});
  await logIn(ann);
  await page.goto(entry.url);
  await expect(box(page)).toHaveValue("The minister will resign, according to a source");
  await expect(page.getByRole("textbox", { name: "Headline" })).toHaveValue("Not yet");
});
