// The composer in an entry's page, as its author uses it.
import type { BrowserContext, Locator, Page } from "@playwright/test";
import { expect } from "@playwright/test";
import { texts } from "./page";
import type { Entry } from "./test";

/** The text box. */
export const box = (page: Page): Locator => page.getByRole("textbox", { name: "Update" });

/** The items of the outbox: requests that the server has not responded to. */
export const outbox = (page: Page): Locator => page.getByRole("region", { name: "Outbox" }).getByRole("listitem");

/** The texts that no open page is editing. */
export const unposted = (page: Page): Locator => page.getByRole("region", { name: "Unposted texts" }).getByRole("listitem");

/** Opens the page of an entry in a new tab, and waits for its composer. */
export async function openComposer(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await box(page).waitFor();
  return page;
}

/** Types a text in place of what is in the box, and posts it. */
export async function postText(page: Page, text: string): Promise<void> {
  await box(page).fill(text);
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(box(page)).toHaveValue("");
}

/** The stores of the browser's database. */
export type Store = "texts" | "outbox";

/** Returns the values that the browser has stored. */
export async function stored(page: Page, store: Store): Promise<Array<Record<string, unknown>>> {
  return page.evaluate(
    (store) =>
      new Promise<Array<Record<string, unknown>>>((resolve, reject) => {
        const opening = indexedDB.open("ringside");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const database = opening.result;
          const reading = database.transaction(store).objectStore(store).getAll();
          reading.onerror = () => reject(reading.error);
          reading.onsuccess = () => {
            database.close();
            resolve(reading.result);
          };
        };
      }),
    store,
  );
}

/** Waits until the browser has stored a text that is being typed. */
export async function waitUntilStored(page: Page, source: string): Promise<void> {
  await expect.poll(async () => (await stored(page, "texts")).map((text) => text.source)).toContain(source);
}

/** Expects that readers see exactly these updates, in this order. */
export async function expectPublished(context: BrowserContext, entry: Entry, expected: string[]): Promise<void> {
  const reader = await context.newPage();
  await expect
    .poll(async () => {
      await reader.goto(entry.url);
      return texts(reader);
    })
    .toEqual(expected);
  await reader.close();
}

/**
 * Adds posts to the outbox in the browser's storage, each with another text of `texts`, as copies
 * of the only request there.
 */
export async function addToOutbox(page: Page, texts: string[]): Promise<void> {
  await page.evaluate(
    (texts) =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open("ringside");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const transaction = opening.result.transaction("outbox", "readwrite");
          const store = transaction.objectStore("outbox");
          const reading = store.getAll();
          reading.onsuccess = () => {
            const [first] = reading.result;
            texts.forEach((source, n) => {
              store.add({ ...first, op_id: `${first.op_id.slice(0, 20)}-${n}`, request: { ...first.request, source } });
            });
          };
          transaction.oncomplete = () => {
            opening.result.close();
            resolve();
          };
          transaction.onerror = () => reject(transaction.error);
        };
      }),
    texts,
  );
}

/** Returns how many requests of all accounts the browser has stored. */
export async function countOutbox(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open("ringside");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const counting = opening.result.transaction("outbox").objectStore("outbox").count();
          counting.onerror = () => reject(counting.error);
          counting.onsuccess = () => {
            opening.result.close();
            resolve(counting.result);
          };
        };
      }),
  );
}
