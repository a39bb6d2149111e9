// Drafts on the server, continued on another device.
import type { Page } from "@playwright/test";
import { box, openComposer, postText, stored } from "./support/composer";
import { expect, test, texts, updates } from "./support/test";

const drafts = (page: Page) => page.getByRole("list", { name: "Drafts" }).getByRole("listitem");

async function save(page: Page, text: string): Promise<void> {
  await box(page).fill(text);
  await page.getByRole("button", { name: "Save as draft" }).click();
}

/** Opens the list, and continues the draft that contains `text`. */
async function continueDraft(page: Page, text: string): Promise<void> {
  const item = drafts(page).filter({ hasText: text });
  if (!(await item.isVisible())) await page.getByText(/^Drafts \(\d+\)$/).click();
  await item.getByRole("button", { name: "Continue" }).click();
  await expect(box(page)).toHaveValue(text);
}

test("draft is saved on one device, and posted on another", async ({ author, newContext, newEntry, ringside }) => {
  const entry = await newEntry();
  const laptop = await openComposer(author.context, entry.url);
  await save(laptop, "written on the laptop");
  await expect(laptop.getByText("Draft saved.")).toBeVisible();
  await expect(box(laptop)).toHaveValue("");
  await expect.poll(() => stored(laptop, "texts")).toEqual([]);
  const other = await newContext({ storageState: await author.context.storageState() });
  const phone = await openComposer(other, entry.url);
  await continueDraft(phone, "written on the laptop");
  await postText(phone, "written on the laptop, posted from the phone");
  await expect(updates(phone)).toHaveCount(1);
  expect(await texts(phone)).toEqual(["written on the laptop, posted from the phone"]);
  await expect(drafts(phone)).toHaveCount(0);
  await laptop.goto(`${ringside.url}/desk`);
  await expect(laptop.getByText("written on the laptop")).toHaveCount(0);
});

test("draft that was changed on another device is not overwritten", async ({ author, newContext, newEntry }) => {
  const entry = await newEntry();
  const laptop = await openComposer(author.context, entry.url);
  await save(laptop, "first version");
  await expect(laptop.getByText("Draft saved.")).toBeVisible();
  const phone = await openComposer(await newContext({ storageState: await author.context.storageState() }), entry.url);
  await continueDraft(laptop, "first version");
  await continueDraft(phone, "first version");
  await save(phone, "version of the phone");
  await expect(phone.getByText("Draft saved.")).toBeVisible();
  await save(laptop, "version of the laptop");
  await expect(laptop.getByText("This draft was changed on another device. Nothing was saved.")).toBeVisible();
  const conflict = laptop.getByRole("region", { name: "The other text of this draft" });
  await expect(conflict).toContainText("version of the phone");
  await expect(box(laptop)).toHaveValue("version of the laptop");
  await conflict.getByRole("button", { name: "Save mine as another draft" }).click();
  await expect(drafts(laptop)).toHaveCount(2);
});

test("draft that was discarded on another device keeps its words", async ({ author, newContext, newEntry }) => {
  const entry = await newEntry();
  const laptop = await openComposer(author.context, entry.url);
  await save(laptop, "soon gone");
  await expect(laptop.getByText("Draft saved.")).toBeVisible();
  const phone = await openComposer(await newContext({ storageState: await author.context.storageState() }), entry.url);
  await continueDraft(phone, "soon gone");
  await laptop.getByText("Drafts (1)").click();
  await drafts(laptop).getByRole("button", { name: "Discard" }).click();
  await drafts(laptop).getByRole("button", { name: "Discard for good" }).click();
  await expect(drafts(laptop)).toHaveCount(0);
  await save(phone, "soon gone, but not lost");
  await expect(phone.getByText("Your text is kept here.")).toBeVisible();
  await expect(box(phone)).toHaveValue("soon gone, but not lost");
  await save(phone, "soon gone, but not lost");
  await expect(phone.getByText("Draft saved.")).toBeVisible();
});
