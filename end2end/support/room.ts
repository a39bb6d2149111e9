// Rooms in which readers chat.
import { expect, type Locator, type Page } from "@playwright/test";
import type { Entry } from "./test";

/**
 * Returns the messages of the room in `page` that its reader sees. A sent message is hidden, not
 * yet removed, for as long as the page has the published one and not yet the server's answer.
 */
export const messages = (page: Page): Locator => page.locator("#room-messages > .message:not([hidden])");

/** Returns the texts of the messages of the room in `page`. */
export const messageTexts = (page: Page): Promise<string[]> => page.locator("#room-messages .message-text").allTextContents();

/** Waits until the room in `page` follows its feed. */
export async function waitForRoom(page: Page, status = "live"): Promise<void> {
  await expect(page.locator("#room-view[data-hydrated]")).toBeVisible();
  await expect(page.locator(".room-status")).toHaveAttribute("data-status", status);
}

/** Opens the page of a room, and waits until it is live. */
export async function openRoom(page: Page, url: string, status?: string): Promise<void> {
  await page.goto(url);
  await waitForRoom(page, status);
}

/** Opens the chat beside the updates of an entry. */
export async function openChat(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Chat", exact: true }).click();
  await waitForRoom(page);
}

/** Sends a message with the form in `page`. */
export async function sendMessage(page: Page, text: string, name?: string): Promise<void> {
  if (name) await page.getByRole("textbox", { name: "Name" }).fill(name);
  await page.getByRole("textbox", { name: "Message" }).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

/** The fields of the form that edits an entry, with its chat. */
export const withChat = (entry: Entry, chat: string, title = "The match"): Record<string, string> => ({
  title,
  slug: entry.slug,
  time_zone: "UTC",
  chat,
});
