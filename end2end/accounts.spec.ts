// Accounts that people create themselves, and the page on which owners manage them, with and
// without JavaScript.
import type { Page } from "@playwright/test";
import { expect, test } from "./support/test";

// A server of its own, because its site has other settings.
test.use({ settings: { RINGSIDE_SIGN_UPS_PER_HOUR_PER_ADDRESS: "1000" } });

const PASSWORD = "a fresh one, please";

/** Creates an account with the form of the open page. */
async function createAccount(page: Page, username: string): Promise<void> {
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
}

test("an owner invites an author, who posts; then changes the role, and disables the account", async ({ ringside, newMember, newContext, newEntry, allowConsole }) => {
  allowConsole(/40[134]/);
  const entry = await newEntry();
  const owner = await (await newMember("owner")).context.newPage();
  await owner.goto(`${ringside.url}/desk`);
  await owner.getByRole("link", { name: "Accounts" }).click();
  await owner.getByRole("combobox", { name: "Role", exact: true }).selectOption("author");
  await owner.getByRole("button", { name: "Create invitation" }).click();
  const link = (await owner.getByRole("status").locator("code").textContent()) ?? "";
  await expect(owner.getByText("An invitation with the role author")).toBeVisible();

  const zoe = await (await newContext()).newPage();
  const name = `zoe-${Math.random().toString(36).slice(2, 10)}`;
  await zoe.goto(link);
  await expect(zoe.getByText("You are invited to write here, with the role author.")).toBeVisible();
  await createAccount(zoe, name);
  await expect(zoe.getByRole("heading", { name: "Your desk" })).toBeVisible();
  await zoe.goto(`${entry.url}/compose`);
  await expect(zoe.getByRole("button", { name: "Post", exact: true })).toBeVisible();
  // The link works once.
  const second = await (await newContext()).newPage();
  await second.goto(link);
  await expect(second.getByText("This invitation is no longer valid.")).toBeVisible();

  await owner.goto(`${ringside.url}/desk/accounts`);
  await owner.getByLabel("Names that begin with").fill(name.toUpperCase());
  await owner.getByRole("button", { name: "Find accounts" }).click();
  await expect(owner.getByText("An invitation with the role author")).toHaveCount(0);
  await owner.getByRole("combobox", { name: `Role of ${name}` }).selectOption("editor");
  await owner.getByRole("button", { name: `Change role of ${name}` }).click();
  await expect(owner.getByRole("status")).toHaveText("The role is changed. It applies at once.");
  await zoe.goto(`${ringside.url}/desk/moderation`);
  await expect(zoe.getByRole("heading", { level: 1 })).toHaveText("Moderation");
  await owner.goto(`${ringside.url}/desk/accounts?name=${name}`);
  await owner.getByRole("button", { name: `Disable account of ${name}` }).click();
  await expect(owner.getByRole("status")).toContainText("The account is disabled.");
  await zoe.goto(`${ringside.url}/desk`);
  await expect(zoe).toHaveURL(/\/login/);
});

test("a reader signs up, gets a new password by a link, and deletes the account", async ({ ringside, newMember, newContext, allowConsole }) => {
  allowConsole(/40[13]|422/);
  const owner = await (await newMember("owner")).context.newPage();
  await owner.goto(`${ringside.url}/desk/site`);
  await owner.getByLabel("Who can create an account").selectOption("true");
  await owner.getByRole("button", { name: "Save" }).click();
  await expect(owner.getByRole("status")).toContainText("Saved.");

  const reader = await (await newContext()).newPage();
  const name = `yann-${Math.random().toString(36).slice(2, 10)}`;
  await reader.goto(`${ringside.url}/login`);
  await reader.getByRole("link", { name: "Create one" }).click();
  await createAccount(reader, "moderator");
  await expect(reader.getByRole("alert")).toHaveText("This username is reserved. Choose a different one.");
  await createAccount(reader, name);
  await expect(reader.getByRole("status")).toContainText("Welcome.");
  await expect(reader.getByRole("link", { name: "Your desk" })).toHaveCount(0);

  await owner.goto(`${ringside.url}/desk/accounts?name=${name}`);
  await owner.getByRole("button", { name: `Create reset link of ${name}` }).click();
  const link = (await owner.getByRole("status").locator("code").textContent()) ?? "";
  const phone = await (await newContext()).newPage();
  await phone.goto(link);
  await phone.getByLabel("New password").fill("another fresh one");
  await phone.getByRole("button", { name: "Save password" }).click();
  await expect(phone.getByRole("heading", { level: 1 })).toHaveText("Your account");
  await reader.goto(`${ringside.url}/account`);
  await expect(reader, "the other session has ended").toHaveURL(/\/login/);

  await phone.getByRole("link", { name: "Delete your account" }).click();
  await phone.getByLabel("Current password").fill("another fresh one");
  await phone.getByRole("button", { name: "Delete account" }).click();
  await expect(phone.getByRole("status")).toHaveText("Your account is deleted.");
  await owner.goto(`${ringside.url}/desk/accounts?name=${name}`);
  await expect(owner.getByText("No account has such a name.")).toBeVisible();
});
