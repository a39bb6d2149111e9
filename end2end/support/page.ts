import { expect, type Locator, type Page } from "@playwright/test";

/** Waits until the page's list of updates is live. */
export async function waitForFeed(page: Page): Promise<void> {
  await expect(page.locator("#live-updates[data-hydrated]")).toBeAttached();
}

/** The updates that can be seen, from top to bottom. */
export function updates(page: Page): Locator {
  return page.locator("#live-updates .update:visible");
}

/** What the visible updates say, from top to bottom. */
export async function texts(page: Page): Promise<string[]> {
  // Not `innerText`: that of what isn't painted yet (`content-visibility`) is empty.
  const said = await updates(page).locator(".prose").allTextContents();
  return said.map((text) => text.trim());
}

/** The number of the update that says `text`. */
export async function idOf(page: Page, text: string): Promise<string> {
  const id = await page.locator("#live-updates .update", { hasText: text }).getAttribute("data-update-id");
  if (id === null) throw new Error(`no update says ${text}`);
  return id;
}

/** Marks every update's node, so that `unmarked` tells which were made anew. */
export async function markNodes(page: Page): Promise<void> {
  await page.locator("#live-updates .update").evaluateAll((nodes) => {
    for (const node of nodes) (node as HTMLElement & { marked?: boolean }).marked = true;
  });
}

/** How many updates' nodes were made since `markNodes`. */
export function unmarked(page: Page): Promise<number> {
  return page
    .locator("#live-updates .update")
    .evaluateAll((nodes) => nodes.filter((node) => !(node as HTMLElement & { marked?: boolean }).marked).length);
}

/** How many pixels below the window's top something is, once the browser has laid out what it scrolled to. */
export function placeOf(locator: Locator): Promise<number> {
  return locator.evaluate(async (node) => {
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    return node.getBoundingClientRect().top;
  });
}

/** What the page says of its connection, as in `live`. */
export async function expectStatus(page: Page, status: string, timeout?: number): Promise<void> {
  await expect(page.locator(".connection-status")).toHaveAttribute("data-status", status, { timeout });
}

/**
 * Lets the page's clock run (`page.clock.install` came before) until `done` throws no more: in steps that are short enough for
 * nothing to be given up within one, with time for answers between them.
 */
export async function runUntil(page: Page, done: () => void | Promise<void>, step = 1_000): Promise<void> {
  await expect(async () => {
    await page.clock.runFor(step);
    await done();
  }).toPass({ timeout: 120_000, intervals: [100] });
}

/** Stops the page's clock (`page.clock.install` came before): from here on it runs only when told to. */
export async function pauseClock(page: Page): Promise<void> {
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 10_000);
}

/** When the page asks where its feed stands, by its own clock; to be called before it is opened. */
export async function watchHeads(page: Page): Promise<() => Promise<number[]>> {
  await page.addInitScript(() => {
    const asked: number[] = [];
    const { fetch } = window;
    window.fetch = (input, init) => {
      if (/\/head$/.test(String(input))) asked.push(Date.now());
      return fetch(input, init);
    };
    Object.assign(window, { asked });
  });
  return () => page.evaluate(() => (window as Window & { asked?: number[] }).asked ?? []);
}

/** Gives the page all the time that a test needs to answer what it asks. */
export async function waitForAnswers(page: Page): Promise<void> {
  await page.addInitScript(() => {
    AbortSignal.timeout = () => new AbortController().signal;
  });
}

/** Lets the page's clock run (`page.clock.install` came before) until it says this of its connection. */
export async function runUntilStatus(page: Page, status: string): Promise<void> {
  // Answers take no time by that clock, and some by ours.
  await runUntil(page, () => expectStatus(page, status, 250));
}

/** Everything that the page says of its connection from its start on; to be called before it is opened. */
export async function watchStatus(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const said: string[] = [];
    Object.assign(window, { said });
    new MutationObserver(() => {
      const status = document.querySelector(".connection-status")?.getAttribute("data-status");
      if (status && status !== said.at(-1)) said.push(status);
    }).observe(document, { subtree: true, childList: true, attributeFilter: ["data-status"] });
  });
  return () => page.evaluate(() => (window as Window & { said?: string[] }).said ?? []);
}

/** Hands the page a batch as if a stream had brought it. */
export async function push(page: Page, batch: unknown): Promise<void> {
  await page
    .locator("#live-updates")
    .evaluate((node, detail) => node.dispatchEvent(new CustomEvent("ringside:batch", { detail })), JSON.stringify(batch));
}
