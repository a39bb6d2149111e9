// The account page: password and sessions, with and without JavaScript.
import type { Page } from "@playwright/test";
import { submit } from "./support/form";
import { expect, test } from "./support/test";

/** Opens the account page from the desk. */
async function openAccount(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/desk`);
  await page.getByRole("link", { name: "Account" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your account");
}

async function changePassword(page: Page, current: string, password: string): Promise<void> {
  await page.getByLabel("Current password").fill(current);
  await page.getByLabel("New password").fill(password);
  await page.getByRole("button", { name: "Change password" }).click();
}

test("changing the password ends all other sessions", async ({ ringside, author, newContext, allowConsole }) => {
  allowConsole(/401|422/);
  const phone = await newContext();
  await submit(phone.request, ringside.url, "/login", { username: author.name, password: author.password });
  const page = await author.context.newPage();
  await openAccount(page, ringside.url);
  await expect(page.getByText(`You are logged in as ${author.name}, with the role author.`)).toBeVisible();

  await changePassword(page, "not the password", "a fresh one, please");
  await expect(page.getByRole("alert")).toHaveText("The current password is wrong.");
  await expect(page.getByLabel("Current password")).toHaveValue("");
  await expect(page.getByLabel("New password")).toHaveValue("");
  await changePassword(page, author.password, "Password2026!");
  await expect(page.getByRole("alert")).toContainText("This password is easy to guess.");

  await changePassword(page, author.password, "a fresh one, please");
  await expect(page.getByRole("status")).toHaveText("Your password is changed. All your other sessions have ended.");
  await page.goto(`${ringside.url}/desk`);
  await expect(page.getByRole("heading", { name: "Your desk" })).toBeVisible();

  const other = await phone.newPage();
  await other.goto(`${ringside.url}/account`);
  await expect(other, "redirects to the login, and back").toHaveURL(/\/login\?next=\/account$/);
  await other.getByLabel("Username").fill(author.name);
  await other.getByLabel("Password").fill(author.password);
  await other.getByRole("button", { name: "Log in" }).click();
  await expect(other.getByRole("alert")).toHaveText("The username or the password is wrong.");
  await other.getByLabel("Password").fill("a fresh one, please");
  await other.getByRole("button", { name: "Log in" }).click();
  await expect(other.getByRole("heading", { level: 1 })).toHaveText("Your account");
});

test("sessions can be ended one by one, all others at once, and the current one", async ({ ringside, author, newContext }) => {
  const others = [await newContext(), await newContext(), await newContext()];
  for (const other of others) {
    await submit(other.request, ringside.url, "/login", { username: author.name, password: author.password });
  }
  const page = await author.context.newPage();
  await openAccount(page, ringside.url);
  const sessions = page.getByRole("main").getByRole("listitem");
  await expect(sessions).toHaveCount(4);
  await expect(sessions.filter({ hasText: "This session" })).toHaveCount(1);

  await sessions.filter({ hasNotText: "This session" }).first().getByRole("button", { name: /^Log out/ }).click();
  await expect(page.getByRole("status")).toHaveText("The session has ended.");
  await expect(sessions).toHaveCount(3);
  await page.getByRole("button", { name: "Log out other sessions" }).click();
  await expect(page.getByRole("status")).toHaveText("All your other sessions have ended.");
  await expect(sessions).toHaveCount(1);
  await expect(page.getByRole("button", { name: "Log out other sessions" })).toHaveCount(0);
  for (const other of others) {
    const desk = await other.request.get(`${ringside.url}/desk`, { maxRedirects: 0 });
    expect(desk.status()).toBe(303);
  }

  await sessions.getByRole("button", { name: /^Log out/ }).click();
  await page.goto(`${ringside.url}/desk`);
  await expect(page).toHaveURL(/\/login/);
});

test("disabled account is logged out at its next request", async ({ ringside, author }) => {
  const page = await author.context.newPage();
  await page.goto(`${ringside.url}/desk`);
  await expect(page.getByRole("heading", { name: "Your desk" })).toBeVisible();
  await ringside.cli(["account", "disable", "--name", author.name]);
  await page.goto(`${ringside.url}/desk`);
  await expect(page).toHaveURL(/\/login\?next=\/desk$/);
});
