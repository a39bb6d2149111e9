// The names below updates.
import { openComposer } from "./support/composer";
import { expect, test, updates, waitForFeed } from "./support/test";

test("name that an author chooses reaches open pages, and the author's buttons stay", async ({
  page,
  author,
  newMember,
  newEntry,
  post,
  ringside,
}) => {
  const entry = await newEntry();
  await post(entry.slug, "A goal");
  const owner = await newMember("owner");
  const site = await owner.context.newPage();
  await site.goto(`${ringside.url}/desk`);
  await site.getByRole("link", { name: "Site" }).click();
  await site.getByLabel("Name below updates").selectOption("Display name, if there is one");
  await site.getByRole("button", { name: "Save" }).click();
  await expect(site.getByRole("status")).toContainText("Saved.");

  await page.goto(entry.url);
  await waitForFeed(page);
  const composer = await openComposer(author.context, entry.url);
  const name = `Ann ${author.name}`;
  const account = await author.context.newPage();
  await account.goto(`${ringside.url}/account`);
  await account.getByRole("textbox", { name: "Display name" }).fill(name);
  await account.getByRole("button", { name: "Save name" }).click();
  await expect(account.getByText("Your display name is saved.")).toBeVisible();

  for (const open of [page, composer]) await expect(open.locator(".update-author")).toHaveText(name);
  const actions = updates(composer).getByRole("button", { name: /^Actions for the update of/ });
  await expect(actions).toBeVisible();
  await post(entry.slug, "Another goal");
  for (const open of [page, composer]) await expect(open.locator(".update-author")).toHaveText([name, name]);
  await expect(actions).toHaveCount(2);

  await site.getByLabel("Name below updates").selectOption("Username");
  await site.getByRole("button", { name: "Save" }).click();
  for (const open of [page, composer]) await expect(open.locator(".update-author")).toHaveText([author.name, author.name]);
});
