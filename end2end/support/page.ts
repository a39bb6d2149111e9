import { expect, type Locator, type Page } from "@playwright/test";

/** Waits until the page's list of updates is hydrated. */
export async function waitForFeed(page: Page): Promise<void> {
  await expect(page.locator("#live-updates[data-hydrated]")).toBeAttached();
}

/** The visible updates, from top to bottom. */
export function updates(page: Page): Locator {
  return page.locator("#live-updates .update:visible");
}

/** Returns the texts of the visible updates, from top to bottom. */
export async function texts(page: Page): Promise<string[]> {
  // Not `innerText`, which is empty for content that `content-visibility` skips.
  const contents = await updates(page).locator(".prose").allTextContents();
  return contents.map((text) => text.trim());
}

/** Returns the id of the update that contains `text`. */
export async function idOf(page: Page, text: string): Promise<string> {
  const id = await page.locator("#live-updates .update", { hasText: text }).getAttribute("data-update-id");
  if (id === null) throw new Error(`no update contains ${text}`);
  return id;
}

/** Marks every update's node, so that `unmarked` counts the nodes created later. */
export async function markNodes(page: Page): Promise<void> {
  await page.locator("#live-updates .update").evaluateAll((nodes) => {
    for (const node of nodes) (node as HTMLElement & { marked?: boolean }).marked = true;
  });
}

/** Returns how many updates' nodes were created since `markNodes`. */
export function unmarked(page: Page): Promise<number> {
  return page
    .locator("#live-updates .update")
    .evaluateAll((nodes) => nodes.filter((node) => !(node as HTMLElement & { marked?: boolean }).marked).length);
}

/**
 * Returns an element's distance from the top of the window in pixels, after scrolling has been laid
 * out.
 */
export function placeOf(locator: Locator): Promise<number> {
  return locator.evaluate(async (node) => {
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    return node.getBoundingClientRect().top;
  });
}

/** Expects the page's connection status, such as `live`. */
export async function expectStatus(page: Page, status: string, timeout?: number): Promise<void> {
  await expect(page.locator(".connection-status")).toHaveAttribute("data-status", status, { timeout });
}

/**
 * Runs the page's clock (after `page.clock.install`) until `done` does not throw. The steps are
 * shorter than all deadlines, with time for responses between them.
 */
export async function runUntil(page: Page, done: () => void | Promise<void>, step = 1_000): Promise<void> {
  await expect(async () => {
    await page.clock.runFor(step);
    await done();
  }).toPass({ timeout: 120_000, intervals: [100] });
}

/** Pauses the page's clock (after `page.clock.install`): from now on, it runs only in `runFor`. */
export async function pauseClock(page: Page): Promise<void> {
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 10_000);
}

/**
 * Records when the page requests its feed's head, by its own clock. Call it before opening the
 * page.
 */
export async function watchHeads(page: Page): Promise<() => Promise<number[]>> {
  await page.addInitScript(() => {
    const headRequests: number[] = [];
    const { fetch } = window;
    window.fetch = (input, init) => {
      if (/\/head$/.test(String(input))) headRequests.push(Date.now());
      return fetch(input, init);
    };
    Object.assign(window, { headRequests });
  });
  return () => page.evaluate(() => (window as Window & { headRequests?: number[] }).headRequests ?? []);
}

/** Removes the deadline of the page's requests, for tests that respond late. */
export async function disableFetchDeadline(page: Page): Promise<void> {
  await page.addInitScript(() => {
    AbortSignal.timeout = () => new AbortController().signal;
  });
}

/** Runs the page's clock (after `page.clock.install`) until the page has this connection status. */
export async function runUntilStatus(page: Page, status: string): Promise<void> {
  // Responses take no time by the page's clock, and some by the test's.
  await runUntil(page, () => expectStatus(page, status, 250));
}

/** Records the page's connection statuses. Call it before opening the page. */
export async function watchStatus(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const statuses: string[] = [];
    Object.assign(window, { statuses });
    new MutationObserver(() => {
      const status = document.querySelector(".connection-status")?.getAttribute("data-status");
      if (status && status !== statuses.at(-1)) statuses.push(status);
    }).observe(document, { subtree: true, childList: true, attributeFilter: ["data-status"] });
  });
  return () => page.evaluate(() => (window as Window & { statuses?: string[] }).statuses ?? []);
}

/** Passes a batch to the page as if a stream had sent it. */
export async function push(page: Page, batch: unknown): Promise<void> {
  await page
    .locator("#live-updates")
    .evaluate((_, detail) => window.dispatchEvent(new CustomEvent("ringside:batch", { detail })), JSON.stringify(batch));
}
