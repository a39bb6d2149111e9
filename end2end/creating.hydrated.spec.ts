// Creating a live blog from its title.
import { expect, test } from "./support/test";

test("title and one click lead to the live blog, in the browser's time zone", async ({ author, ringside, newContext }) => {
  const cookies = await author.context.cookies();
  const context = await newContext({ timezoneId: "Asia/Tokyo" });
  await context.addCookies(cookies);
  const page = await context.newPage();
  await page.goto(`${ringside.url}/desk`);
  await expect(page.getByLabel("Time zone"), "folded up").toBeHidden();
  await expect(page.getByLabel("Time zone")).toHaveValue("Asia/Tokyo");
  await page.getByLabel("Title").fill("The match in Tokyo");
  await page.getByRole("button", { name: "Create live blog" }).click();
  await expect(page).toHaveURL(/\/entries\/the-match-in-tokyo[0-9-]*#composer-host$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("The match in Tokyo");
  await expect(page.locator("#entry-since")).toContainText("JST");
  await expect(page.getByRole("textbox", { name: "Update" })).toBeVisible();
});

test("time zone that the author entered is kept when the form is shown again", async ({ author, ringside, allowConsole }) => {
  allowConsole(/422/);
  const page = await author.context.newPage();
  await page.goto(`${ringside.url}/desk`);
  await page.getByLabel("Title").fill("The match");
  await page.getByText("More", { exact: true }).click();
  await page.getByLabel("Time zone").fill("america/new york");
  await page.getByLabel("Slug (optional)").fill("Not a slug");
  await page.getByRole("button", { name: "Create live blog" }).click();
  await expect(page.getByRole("alert")).toContainText("The slug can contain only");
  await expect(page.getByLabel("Time zone")).toHaveValue("america/new york");
});
