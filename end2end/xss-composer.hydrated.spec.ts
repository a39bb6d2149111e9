// Nothing that authors type runs as a script in the composer's lists, in its dialog, or in what is
// typed at the desk.
import type { Page } from "@playwright/test";
import { box, openComposer, outbox, postText, unposted, waitUntilStored } from "./support/composer";
import { submit } from "./support/form";
import { expectHarmless, watchViolations } from "./support/harmless";
import { expect, test, updates, waitForFeed } from "./support/test";
import { XSS } from "./support/xss";

/** A part of the corpus: every seventh text, and all that are no element with a handler. */
const CASES = XSS.filter((text, at) => at % 7 === 0 || !/on\w+=/.test(text));
/** Texts that are short enough to be seen whole in a list's excerpt, and for a headline. */
const SHORT = CASES.filter((text) => text.length < 60 && !/[\n\t\u0001]| {2}|^ /.test(text)).slice(0, 24);

/** Images of addresses that don't exist. */
const MISSING = [/Failed to load resource/, /Mixed Content/];

/**
 * Returns a text that begins with `word`, with cases from a number on: as many as one update may
 * nest.
 */
const textOf = (word: string, from = 0) => `${word}\n\n${CASES.slice(from, from + 40).join("\n\n")}`;

async function open(page: Page, url: string): Promise<void> {
  await watchViolations(page);
  await page.goto(url);
  await box(page).waitFor();
}

test("outbox, refusals, unposted texts and drafts run no script", async ({ author, newContext, newEntry, allowConsole }) => {
  allowConsole(...MISSING);
  const entry = await newEntry();
  const page = await author.context.newPage();
  await open(page, entry.url);

  await page.route("**/fn/post_update", (route) => route.abort());
  for (const text of SHORT) await postText(page, text);
  await expect(outbox(page)).toHaveCount(Math.min(SHORT.length, 20));
  for (const [at, text] of SHORT.slice(0, 20).entries()) await expect(outbox(page).nth(at)).toContainText(text);
  await expectHarmless(page, "the outbox");
  for (let n = 0; n < 20; n++) {
    const item = outbox(page).first();
    await item.getByRole("button", { name: "Discard" }).click();
    await item.getByRole("button", { name: "Discard for good" }).click();
    await expect(page.getByRole("button", { name: "Discard for good" })).toHaveCount(0);
  }
  await page.unroute("**/fn/post_update");
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await expect(outbox(page).filter({ hasNotText: "Not published" })).toHaveCount(0);
  await postText(page, "<script>window.xss=1</script>");
  await expect(outbox(page).filter({ hasText: "Not published" }).first()).toBeVisible();
  await expectHarmless(page, "refused updates");

  for (const text of [textOf("everything"), ...SHORT.slice(0, 12)]) {
    await box(page).fill(text);
    await waitUntilStored(page, text);
    await page.evaluate(() => sessionStorage.clear());
    await page.reload();
    await expect(unposted(page).filter({ hasText: text.split("\n")[0] ?? "" })).not.toHaveCount(0);
  }
  await expectHarmless(page, "unposted texts");
  await page.getByRole("button", { name: "Preview" }).click();
  await unposted(page).filter({ hasText: "everything" }).getByRole("button", { name: "Continue" }).click();
  await expect(page.locator(".preview-content")).toContainText("everything");
  await expectHarmless(page, "the preview of an unposted text");

  const drafts = page.getByRole("list", { name: "Drafts" }).getByRole("listitem");
  await page.getByRole("button", { name: "Save as draft" }).click();
  await page.getByText("Drafts (1)").click();
  for (const [at, text] of SHORT.slice(0, 12).entries()) {
    await box(page).fill(text);
    await page.getByRole("button", { name: "Save as draft" }).click();
    await expect(drafts).toHaveCount(at + 2);
  }
  await expectHarmless(page, "the list of drafts");
  // The other text of a draft that was changed on another device.
  const phone = await openComposer(await newContext({ storageState: await author.context.storageState() }), entry.url);
  for (const each of [page, phone]) {
    const item = each.getByRole("list", { name: "Drafts" }).getByRole("listitem").filter({ hasText: "everything" });
    if (each === phone) await each.getByText(/^Drafts \(/).click();
    await item.getByRole("button", { name: "Continue" }).click();
    await expect(box(each)).toHaveValue(/^everything/);
  }
  await box(phone).fill(textOf("of the phone"));
  await phone.getByRole("button", { name: "Save as draft" }).click();
  await expect(phone.getByText("Draft saved.")).toBeVisible();
  await box(page).fill(textOf("of the laptop"));
  await page.getByRole("button", { name: "Save as draft" }).click();
  await expect(page.getByRole("region", { name: "The other text of this draft" })).toContainText("of the phone");
  await expectHarmless(page, "the other text of a draft");
});

test("difference of two edits runs no script", async ({ author, newEntry, post, ringside, allowConsole }) => {
  allowConsole(...MISSING, /409/);
  const entry = await newEntry();
  await post(entry.slug, "before");
  const page = await author.context.newPage();
  await open(page, entry.url);
  const id = await updates(page).getAttribute("data-update-id");
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: /^Actions for the update of/ }).click();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await expect(dialog.getByRole("textbox", { name: "Text" })).toHaveValue("before");
  // Some cases are in both texts, and some in one of them.
  const [theirs, mine] = [textOf("theirs", 0), textOf("mine", 20)];
  const headlines = ["<img src=x onerror=window.xss=1> theirs", "<svg onload=window.xss=1></svg> mine"] as const;
  await submit(author.context.request, ringside.url, `/desk/updates/${id}`, { source: theirs, headline: headlines[0] });
  await dialog.getByRole("button", { name: "Add headline" }).click();
  await dialog.getByRole("textbox", { name: "Headline" }).fill(headlines[1]);
  await dialog.getByRole("textbox", { name: "Text" }).fill(mine);
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(dialog.getByRole("heading", { name: "Conflict" })).toBeVisible();
  await expect(dialog.locator("del").first()).toBeVisible();
  await expect(dialog.locator("ins").first()).toBeVisible();
  await expect(dialog.locator(".conflict")).toContainText("onerror=window.xss=1");
  await expectHarmless(page, "the difference");
  await dialog.getByRole("button", { name: "Preview" }).click();
  await expect(dialog.locator(".preview-content")).not.toBeEmpty();
  await expectHarmless(page, "the preview of an edit");
  await dialog.getByRole("button", { name: "Save my text" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("Changes saved.")).toBeVisible();
  await expectHarmless(page, "the edited update");
});

test("title, summary and article typed at the desk run no script, nor on a page that is open meanwhile", async ({
  author,
  newEntry,
  ringside,
  allowConsole,
}) => {
  allowConsole(...MISSING);
  const entry = await newEntry();
  const [page, reader] = [await author.context.newPage(), await author.context.newPage()];
  await watchViolations(page);
  await watchViolations(reader);
  await reader.goto(entry.url);
  await waitForFeed(reader);
  const titles = SHORT.slice(0, 8);
  const size = Math.ceil(CASES.length / titles.length);
  for (const [at, title] of titles.entries()) {
    await page.goto(`${ringside.url}/desk/entries/${entry.slug}/edit`);
    await page.getByLabel("Title").fill(title);
    await page.getByLabel(/^Summary/).fill(`summary ${at}: ${SHORT.slice(at, at + 4).join(" ")}`);
    await page.getByLabel(/^Article/).fill(`article ${at}\n\n${CASES.slice(at * size, (at + 1) * size).join("\n\n")}`);
    await page.getByRole("button", { name: /^Save/ }).click();
    await expect(page).toHaveURL(new RegExp(`/desk/entries/${entry.slug}`));
    await expectHarmless(page, "the desk");
    await expect(reader.getByText(`article ${at}`)).toBeVisible();
    await expectHarmless(reader, `the open page, with the title ${title}`);
    await page.goto(entry.url);
    await expect(page.getByText(`summary ${at}:`)).toBeVisible();
    await expectHarmless(page, `the page, with the title ${title}`);
  }
  // A new live blog gets its title at the desk, and headlines are typed in its composer.
  await page.goto(`${ringside.url}/desk`);
  await page.getByLabel("Title").fill("<img src=x onerror=window.xss=1> created");
  await page.getByRole("button", { name: "Create live blog" }).click();
  await box(page).waitFor();
  await page.getByRole("button", { name: "Add headline" }).click();
  for (const [at, headline] of titles.entries()) {
    if (at > 0) await page.getByRole("button", { name: "Add headline" }).click();
    await page.getByRole("textbox", { name: "Headline" }).fill(headline);
    await page.getByRole("checkbox", { name: "Key moment" }).check();
    await postText(page, `with headline ${at}`);
    await expect(updates(page)).toHaveCount(at + 1);
  }
  await expectHarmless(page, "headlines that were typed");
  await page.goto(ringside.url);
  await expectHarmless(page, "the front page");
});
