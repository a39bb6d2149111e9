// The desk: an author's work from the login to an ended live blog, with and without JavaScript.
import { randomUUID } from "node:crypto";
import { expect, test, texts } from "./support/test";

test("author logs in, creates, posts, edits, deletes, undoes, ends, reopens and logs out", async ({
  ringside,
  newMember,
  newContext,
}) => {
  const member = await newMember("author");
  const page = await (await newContext()).newPage();
  const title = `Cup final ${randomUUID().slice(0, 8)}`;

  await page.goto(`${ringside.url}/desk`);
  await expect(page, "the desk redirects to the login, and back").toHaveURL(/\/login\?next=\/desk$/);
  await page.getByLabel("Username").fill(member.name.toUpperCase());
  await page.getByLabel("Password").fill(member.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("heading", { name: "Your desk" })).toBeVisible();

  await page.getByLabel("Title").fill(title);
  await page.getByText("More", { exact: true }).click();
  await page.getByLabel("Summary (optional)").fill("Who wins?");
  await page.getByLabel("Article (optional)").fill("## The way here\n\nSix rounds.");
  await page.getByLabel("Time zone").fill("Europe/Paris");
  await page.getByRole("button", { name: "Create live blog" }).click();
  await expect(page, "the page of the live blog, at the composer").toHaveURL(/\/entries\/[a-z0-9-]+#composer-host$/);
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  await expect(page.getByRole("heading", { name: "The way here", level: 2 })).toBeVisible();
  const desk = page.url().replace("/entries/", "/desk/entries/").replace("#composer-host", "");

  await page.goto(desk);
  await page.getByRole("link", { name: "Post update" }).click();
  await page.getByLabel("Update", { exact: true }).fill("Kick-off.");
  await page.getByRole("button", { name: "Post" }).click();
  await expect(page.getByText("Posted.")).toBeVisible();
  await expect(page.getByLabel("Update", { exact: true }), "the form is blank again").toHaveValue("");
  await expect(page.getByText("Last update: Kick-off.")).toBeVisible();

  await page.goto(desk);
  await page.getByRole("link", { name: "Edit the update" }).click();
  await expect(page.getByLabel("Update", { exact: true })).toHaveValue("Kick-off.");
  await page.getByLabel("Update", { exact: true }).fill("Kick-off, at last.");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Kick-off, at last.")).toBeVisible();

  await page.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("No updates yet.")).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Kick-off, at last.")).toBeVisible();

  await page.getByRole("button", { name: "End live blog" }).click();
  await expect(page.locator(".entry-state")).toHaveText("Ended");
  await page.getByRole("link", { name: "View live blog" }).click();
  await expect(page.locator("#entry-state")).toHaveText("Ended");
  expect(await texts(page)).toEqual(["Kick-off, at last."]);
  await page.goto(desk);
  await page.getByRole("button", { name: "Reopen live blog" }).click();
  await expect(page.locator(".entry-state")).toHaveText("Live");

  await page.getByRole("button", { name: "Log out" }).click();
  await page.goto(desk);
  await expect(page).toHaveURL(/\/login/);
});

test("author marks, pins, deletes, undoes, and edits details; the old slug redirects", async ({ author, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "Kick-off.");
  await post(entry.slug, "A goal.");
  const page = await author.context.newPage();
  const desk = entry.url.replace("/entries/", "/desk/entries/");
  await page.goto(desk);
  const goal = page.getByRole("listitem").filter({ hasText: "A goal." });
  await goal.getByRole("button", { name: "Mark as key" }).click();
  await goal.getByRole("button", { name: "Pin" }).click();
  await expect(goal.getByRole("button", { name: "Unpin" })).toBeVisible();
  await page.goto(entry.url);
  await expect(page.getByRole("region", { name: "Pinned" }).getByRole("link")).toHaveText("A goal.");
  await expect(page.getByRole("navigation", { name: "Key moments" })).toContainText("A goal.");

  await page.goto(desk);
  await goal.getByRole("button", { name: "Unmark as key" }).click();
  await goal.getByRole("button", { name: "Delete" }).click();
  await page.goto(entry.url);
  expect(await texts(page)).toEqual(["Kick-off."]);
  await page.goto(desk);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.goto(entry.url);
  expect(await texts(page)).toEqual(["Kick-off.", "A goal."]);

  await page.goto(desk);
  await page.getByRole("link", { name: "Edit details" }).click();
  await page.getByLabel("Title").fill("The re-match");
  await page.getByLabel("Slug").fill(`${entry.slug}-again`);
  await page.getByLabel("Time zone").fill("Asia/Tokyo");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByRole("heading", { name: "The re-match" })).toBeVisible();
  await page.goto(entry.url);
  await expect(page).toHaveURL(new RegExp(`/entries/${entry.slug}-again$`));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("The re-match");
  await expect(page.locator("#entry-since")).toContainText("JST");
});

test("wrong password shows an error, and keeps the username", async ({ page, newMember, allowConsole }) => {
  allowConsole(/401/);
  const member = await newMember("author");
  await page.goto("/login");
  await page.getByLabel("Username").fill(member.name);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("alert")).toHaveText("The username or the password is wrong.");
  await expect(page.getByLabel("Username")).toHaveValue(member.name);
  await expect(page.getByLabel("Password")).toHaveValue("");
});

test("rejected form is shown again with its values", async ({ author, ringside, newEntry, allowConsole }) => {
  allowConsole(/422/);
  const entry = await newEntry();
  const page = await author.context.newPage();
  await page.goto(`${ringside.url}/desk`);
  await page.getByLabel("Title").fill("Another");
  await expect(page.getByLabel("Slug (optional)"), "folded up").toBeHidden();
  await page.getByText("More", { exact: true }).click();
  await page.getByLabel("Slug (optional)").fill(entry.slug);
  await page.getByRole("button", { name: "Create live blog" }).click();
  await expect(page.getByRole("alert")).toContainText("Another live blog already has this slug");
  await expect(page.getByLabel("Title")).toHaveValue("Another");
  await expect(page.getByLabel("Slug (optional)"), "unfolded, as it is wrong").toHaveValue(entry.slug);
  await expect(page.getByLabel("Slug (optional)")).toBeVisible();

  await page.goto(`${entry.url}/compose`);
  const long = "word ".repeat(12_000);
  await page.getByLabel("Update", { exact: true }).fill(long);
  await page.getByRole("button", { name: "Post" }).click();
  await expect(page.getByRole("alert")).toContainText("the maximum is 50000");
  await expect(page.getByLabel("Update", { exact: true })).toHaveValue(long);
});

test("form submitted twice publishes once", async ({ page, newEntry, send }) => {
  const entry = await newEntry();
  const form = { source: "only once", headline: "", op_id: randomUUID() };
  await send(`/entries/${entry.slug}/compose`, form);
  await send(`/entries/${entry.slug}/compose`, form);
  await page.goto(entry.url);
  expect(await texts(page)).toEqual(["only once"]);
});

test("set-up link creates the first owner once", async ({ ringside, page, allowConsole }) => {
  allowConsole(/403/);
  await page.goto("/setup?token=guessed");
  await expect(page.getByText("This set-up link is invalid or expired.")).toBeVisible();

  const link = /http:\S+\/setup\?token=\S+/.exec(ringside.log)?.[0];
  await page.goto(link ?? "the server printed no link");
  if (await page.getByRole("heading", { name: "Log in" }).isVisible()) {
    // The test ran before on this server, and used the link.
    return;
  }
  await page.getByLabel("Username").fill("the-owner");
  await page.getByLabel("Password").fill("a long enough password");
  await page.getByRole("button", { name: "Create owner account" }).click();
  await expect(page.getByRole("heading", { name: "Your desk" })).toBeVisible();
  await page.goto(link ?? "");
  await expect(page, "a used link redirects the owner to the desk").toHaveURL(/\/desk$/);
});

test("form submitted after the session expired is shown again with its text", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/401/);
  const entry = await newEntry();
  const page = await author.context.newPage();
  await page.goto(`${entry.url}/compose`);
  await page.getByLabel("Update", { exact: true }).fill('typed "before" the <session> ended');
  await author.context.clearCookies();
  await page.getByRole("button", { name: "Post" }).click();
  await expect(page.getByText("Your session has expired.")).toBeVisible();
  await expect(page.locator('[name="source"]')).toHaveValue('typed "before" the <session> ended');
  const opened = author.context.waitForEvent("page");
  await page.getByRole("link", { name: /log in/i }).click();
  const login = await opened;
  await login.getByLabel("Username").fill(author.name);
  await login.getByLabel("Password").fill(author.password);
  await login.getByRole("button", { name: "Log in" }).click();
  await expect(login.getByRole("heading", { name: "Your desk" })).toBeVisible();
  await page.getByRole("button", { name: "Send again" }).click();
  await expect(page.getByText("Posted.")).toBeVisible();
});
