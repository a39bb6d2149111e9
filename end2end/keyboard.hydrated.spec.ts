// Keyboard use: all actions are possible, and the focus is always visible.
import { focused, tabTo } from "./support/keyboard";
import { expect, idOf, test, texts, updates, waitForFeed } from "./support/test";

test("reader tabs through an entry, reverses the order, and opens an update", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "first, with [a link](https://example.org)");
  await post(entry.slug, "| a | b |\n| --- | --- |\n| 1 | 2 |");
  await page.goto(entry.url);
  await waitForFeed(page);

  const clock = /^\d\d:\d\d$/;
  const stops = await tabTo(page, "All live blogs");
  expect(stops.map((stop) => (clock.test(stop) ? "the time" : stop))).toEqual([
    "Skip to the content",
    "Ringside",
    "Log in",
    "Show latest first",
    "the time",
    "a link",
    "Like",
    "the time",
    "Table",
    "Like",
    "All live blogs",
  ]);

  await tabTo(page, "Show latest first", "Shift+Tab");
  await page.keyboard.press("Enter");
  expect((await texts(page))[1]).toMatch(/^first/);
  expect(await focused(page), "the focus stays").toBe("Show oldest first");
  await tabTo(page, clock);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/updates\/\d+$/);
  await tabTo(page, "Read in live blog");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/#update-\d+$/);
});

test("first stop skips the header", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "here");
  await page.goto(entry.url);
  await waitForFeed(page);
  await page.keyboard.press("Tab");
  expect(await focused(page)).toBe("Skip to the content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  expect(await focused(page)).toBe("Show latest first");
});

test("pending updates are shown by keyboard, and the first one gets the focus", async ({ page, newEntry, post }) => {
  const entry = await newEntry({ order: "latest" });
  for (let n = 0; n < 12; n++) await post(entry.slug, `update ${n} `.repeat(40));
  await page.goto(entry.url);
  await waitForFeed(page);
  await updates(page).nth(6).locator(".update-when").focus();
  await post(entry.slug, "an arrival");
  await page.getByRole("button", { name: "1 new update" }).waitFor();
  await tabTo(page, "1 new update", "Shift+Tab");
  await page.keyboard.press("Enter");
  expect(await focused(page)).toContain("an arrival");
  await page.keyboard.press("Tab");
  expect(await focused(page), "Tab continues from there").toMatch(/^\d\d:\d\d$/);
});

test("wide table is scrolled with the arrow keys", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  const row = (cell: string) => `|${` ${cell} |`.repeat(30)}`;
  await post(entry.slug, [row("column"), row("---"), row("1")].join("\n"));
  await page.goto(entry.url);
  await waitForFeed(page);
  await tabTo(page, "Table");
  await page.keyboard.press("ArrowRight");
  const region = page.getByRole("group", { name: "Table" });
  await expect.poll(() => region.evaluate((node) => node.scrollLeft)).toBeGreaterThan(0);
  await expect(region.getByRole("table")).toBeVisible();
});

test("author logs in, creates, posts, edits, deletes, undoes and ends by keyboard", async ({ page, ringside, newMember }) => {
  const member = await newMember("author");
  const type = async (field: string, text: string) => {
    await tabTo(page, field);
    await page.keyboard.type(text);
  };
  const press = async (button: string | RegExp) => {
    await tabTo(page, button);
    await page.keyboard.press("Enter");
  };
  await page.goto(`${ringside.url}/login`);
  await expect(page.getByLabel("Username")).toBeFocused();
  expect(await focused(page), "the first field has the focus").toBe("Username");
  await page.keyboard.type(member.name);
  await type("Password", member.password);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Your desk" })).toBeVisible();
  await type("Title", `By keyboard, ${member.name}`);
  await press("Create live blog");
  await expect(page.getByRole("heading", { name: `By keyboard, ${member.name}` })).toBeVisible();

  await page.getByRole("textbox", { name: "Update" }).waitFor();
  await press("Add headline");
  await expect(page.getByRole("textbox", { name: "Headline" })).toBeFocused();
  await page.keyboard.type("Now");
  await type("Update", "without a mouse");
  await press("Post");
  await expect(updates(page)).toHaveText(/without a mouse/);
  // The update may appear before the response to its post.
  await expect(page.getByRole("textbox", { name: "Update" })).toBeFocused();
  expect(await focused(page), "ready for the next one").toBe("Update");
  const id = await idOf(page, "without a mouse");

  await press("Edit or end live blog");
  await expect(page.getByRole("heading", { name: "Updates" })).toBeVisible();
  await press(/^Edit the update of/);
  await expect(page.getByRole("heading", { name: "Edit update" })).toBeVisible();
  await expect(page.getByLabel("Update", { exact: true })).toBeFocused();
  expect(await focused(page)).toBe("Update");
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.type(", nor a finger");
  await press("Save changes");
  await expect(page.getByText("without a mouse, nor a finger")).toBeVisible();
  await press(/^Delete the update of/);
  await expect(page.getByText("No updates yet.")).toBeVisible();
  await press("Undo");
  await expect(page.getByText("without a mouse, nor a finger")).toBeVisible();
  await press("End live blog");
  await expect(page.locator(".entry-state")).toHaveText("Ended");
  await press("View live blog");
  await expect(page.locator(`#update-${id}`)).toContainText("nor a finger");
  await press("Your desk");
  await expect(page.getByRole("heading", { name: "Your desk" })).toBeVisible();
  await press("Log out");
  await expect(page.getByRole("link", { name: "Log in" })).toBeVisible();
});
