// Many windows of one browser, which opens only six connections to a server over HTTP/1.1.
import type { BrowserContext, Page } from "@playwright/test";
import { expect, expectStatus, test, updates, waitForFeed } from "./support/test";

test.use({ settings: { RINGSIDE_POLL_INTERVAL_MS: "500" } });

/** Returns how many of the pages have this connection status. */
async function count(pages: Page[], status: string): Promise<number> {
  const statuses = await Promise.all(pages.map((page) => page.locator(".connection-status").getAttribute("data-status")));
  return statuses.filter((each) => each === status).length;
}

async function openAll(context: BrowserContext, urls: string[]): Promise<Page[]> {
  const pages: Page[] = [];
  for (const url of urls) {
    const page = await context.newPage();
    await page.goto(url);
    await expect(page.locator("[data-hydrated]")).toBeAttached();
    await expect(page.locator(".connection-status")).toHaveAttribute("data-status", /^(live|polling)$/);
    pages.push(page);
  }
  return pages;
}

test("with seven windows, posting works, and streams move to other windows when some are closed or hidden", async ({ author, ringside, newEntry, post }) => {
  const entries = [];
  for (let n = 0; n < 5; n++) entries.push(await newEntry());
  const urls = [`${ringside.url}/`, `${ringside.url}/live`, ...entries.map(({ url }) => url)];
  const pages = await openAll(author.context, urls);
  await expect.poll(() => count(pages, "live")).toBe(3);
  await expect.poll(() => count(pages, "polling")).toBe(4);

  const last = pages.at(-1) as Page;
  await last.getByRole("textbox", { name: "Update" }).fill("from the seventh window");
  await last.getByRole("button", { name: "Post", exact: true }).click();
  await expect(last.getByText("Posted.")).toBeVisible();
  for (const [at, entry] of entries.entries()) {
    await post(entry.slug, `news of ${entry.slug}`);
    await expect(updates(pages[at + 2] as Page).filter({ hasText: `news of ${entry.slug}` })).toHaveCount(1);
  }

  await pages[0]?.close();
  await expect.poll(() => count(pages.slice(1), "live")).toBe(3);
  // In a headless browser all windows are visible, so the page's property is overridden.
  await pages[1]?.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, value: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  });
  await expect.poll(() => count(pages.slice(2), "live")).toBe(3);
});

test("windows opened at the same time end up with three streams, and all receive updates", async ({ newContext, newEntry, post }) => {
  const entry = await newEntry();
  const context = await newContext();
  const pages = await Promise.all(Array.from({ length: 7 }, () => context.newPage()));
  await Promise.all(pages.map((page) => page.goto(entry.url)));
  for (const page of pages) await waitForFeed(page);
  await expect.poll(() => count(pages, "live")).toBe(3);
  await post(entry.slug, "to all of them");
  for (const page of pages) await expect(updates(page)).toHaveText(/to all of them/);
});

test("stream slot of a crashed window is released", async ({ newContext, newEntry }) => {
  const entry = await newEntry();
  const pages = await openAll(await newContext(), Array.from({ length: 4 }, () => entry.url));
  const [first, , , fourth] = pages as [Page, Page, Page, Page];
  await expectStatus(fourth, "polling");
  const session = await first.context().newCDPSession(first);
  // The page can't release its slot.
  void session.send("Page.crash").catch(() => {});
  await expectStatus(fourth, "live");
});
