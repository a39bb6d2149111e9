import { expect, type Page } from "@playwright/test";

/** Waits until the page's list of updates is live. */
export async function waitForFeed(page: Page): Promise<void> {
  await expect(page.locator("#live-updates[data-hydrated]")).toBeAttached();
}
