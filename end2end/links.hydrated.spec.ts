// Links to pending updates.
import type { Locator, Page } from "@playwright/test";
import { expect, expectStatus, idOf, test, updates, waitForFeed } from "./support/test";

/** Follows a link to the update with this id. */
type Follow = (page: Page, id: string) => Promise<void>;

const byMouse = (link: (page: Page, id: string) => Locator): Follow => (page, id) => link(page, id).click();
const byKeyboard = (link: (page: Page, id: string) => Locator): Follow => async (page, id) => {
  await link(page, id).focus();
  await page.keyboard.press("Enter");
};
const moment = (page: Page, id: string) => page.getByRole("navigation", { name: "Key moments" }).locator(`a[href="#update-${id}"]`);
const pinned = (page: Page) => page.getByRole("region", { name: "Pinned" }).getByRole("link");
const inside = (page: Page) => updates(page).getByRole("link", { name: "the penalty" });

const ways: Record<string, Follow> = {
  "a key moment, by mouse": byMouse(moment),
  "a key moment, by keyboard": byKeyboard(moment),
  "the pinned update, by mouse": byMouse(pinned),
  "the pinned update, by keyboard": byKeyboard(pinned),
  "a link in another update, by mouse": byMouse(inside),
  "a link in another update, by keyboard": byKeyboard(inside),
  "the address bar": (page, id) => page.evaluate((hash) => void (location.hash = hash), `#update-${id}`),
};

for (const [way, follow] of Object.entries(ways)) {
  test(`${way}: pending updates are shown, and the linked update gets the focus`, async ({ page, newEntry, post, send }) => {
    const entry = await newEntry({ order: "latest" });
    for (let n = 0; n < 14; n++) await post(entry.slug, `update ${n} `.repeat(60));
    await page.goto(entry.url);
    await waitForFeed(page);
    await expectStatus(page, "live");
    const read = await idOf(page, "update 6");
    await page.locator(`#update-${read}`).evaluate((node) => node.scrollIntoView());
    for (const text of ["one", "Penalty given", "three"]) await post(entry.slug, text);
    const button = page.getByRole("button", { name: "3 new updates" });
    await expect(button).toBeVisible();
    const id = await idOf(page, "Penalty given");
    await send(`/desk/updates/${id}/mark`, { mark: "key", on: "true" });
    await send(`/desk/updates/${id}/mark`, { mark: "pinned", on: "true" });
    await send(`/desk/updates/${read}`, { source: `See [the penalty](${entry.url}#update-${id}). ${"More. ".repeat(90)}`, headline: "" });
    await expect(inside(page)).toHaveCount(1);
    await expect(pinned(page)).toHaveCount(1);
    const update = page.locator(`#update-${id}`);
    await expect(update).toBeHidden();

    await follow(page, id);
    await expect(update).toBeInViewport();
    await expect(update).toBeFocused();
    await expect(page.locator(".pending-updates")).toBeHidden();
    await expect(updates(page)).toHaveCount(17);
    await expect(page).toHaveURL(`${entry.url}#update-${id}`);
    await page.keyboard.press("Tab");
    await expect(update.locator(".update-when"), "Tab continues from there").toBeFocused();
  });
}

test("link to a visible update moves the focus to it", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  for (let n = 0; n < 8; n++) await post(entry.slug, `update ${n} `.repeat(60));
  await page.goto(entry.url);
  await waitForFeed(page);
  const id = await idOf(page, "update 6");
  await send(`/desk/updates/${id}/mark`, { mark: "key", on: "true" });
  await moment(page, id).click();
  await expect(page.locator(`#update-${id}`)).toBeInViewport();
  await expect(page.locator(`#update-${id}`)).toBeFocused();
});
