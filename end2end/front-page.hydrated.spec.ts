// Live changes on the front page and on `/live`.
import { randomUUID } from "node:crypto";
import type { Page, Route } from "@playwright/test";
import { expect, expectStatus, idOf, markNodes, placeOf, test, unmarked, updates, disableFetchDeadline, waitForFeed } from "./support/test";

/** Opens a page of all entries, and waits for its stream. */
async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.locator("[data-entry-id='all'][data-hydrated]")).toBeAttached();
  await expectStatus(page, "live");
}

const section = (page: Page, heading: string) => page.locator(".front-section", { has: page.getByRole("heading", { name: heading, exact: true }) });

test("front page shows entries that appear, start, change and end, with their latest update", async ({ page, newEntry, post, send }) => {
  await newEntry();
  await open(page, "/");
  const title = `The count ${randomUUID().slice(0, 8)}`;
  const prepared = `Prepared for ${title}.`;
  const item = (heading: string, name = title) => section(page, heading).getByRole("listitem").filter({ has: page.getByRole("link", { name, exact: true }) });

  const draft = await newEntry({ title, state: "draft" });
  await post(draft.slug, prepared);
  const seen = await newEntry({ state: "upcoming" });
  await expect(page.locator(`a[href="/entries/${seen.slug}"]`)).toBeVisible();
  await expect(page.getByText(prepared), "a draft is not shown").toHaveCount(0);

  await send(`/desk/entries/${draft.slug}/start`);
  await expect(item("Live now")).toContainText(prepared);
  await post(draft.slug, "The **first** figures.");
  await expect(item("Live now")).toContainText("The first figures.");
  await item("Live now").evaluate((node: HTMLElement & { marked?: boolean }) => (node.marked = true));

  const renamed = { title: `${title}, district by district`, slug: `${draft.slug}-2`, time_zone: "UTC" };
  await send(`/desk/entries/${draft.slug}/edit`, renamed);
  await expect(item("Live now", renamed.title).getByRole("link")).toHaveAttribute("href", `/entries/${renamed.slug}`);
  await send(`/desk/entries/${renamed.slug}/end`);
  await expect(item("Ended", renamed.title)).toContainText(/From .+ to .+/);
  await expect(item("Live now", renamed.title)).toHaveCount(0);
  expect(await item("Ended", renamed.title).evaluate((node: HTMLElement & { marked?: boolean }) => node.marked), "the item keeps its node").toBe(true);
});

test("deleted update disappears from the front page, and the previous one is shown again", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  await post(entry.slug, "Half-time.");
  await post(entry.slug, "A secret.");
  await open(page, "/");
  const item = page.getByRole("listitem").filter({ has: page.locator(`a[href="/entries/${entry.slug}"]`) });
  await expect(item).toContainText("A secret.");
  const reader = await page.context().newPage();
  await reader.goto(entry.url);
  await send(`/desk/updates/${await idOf(reader, "A secret.")}/delete`);
  await expect(item).toContainText("Half-time.");
  await expect(item).not.toContainText("A secret.");
});

test("front page keeps focus, selection and scroll position", async ({ page, newEntry, post }) => {
  const entries = [];
  for (let n = 0; n < 14; n++) entries.push(await newEntry({ title: `Entry ${n} of many, with a title of some length` }));
  const read = entries[3] as { slug: string };
  await post(read.slug, "What is selected.");
  await open(page, "/");
  const item = page.getByRole("listitem").filter({ has: page.locator(`a[href="/entries/${read.slug}"]`) });
  await item.evaluate((node) => node.scrollIntoView({ block: "center" }));
  await item.locator(".entry-when").selectText();
  const link = item.getByRole("link");
  await link.evaluate((node: HTMLElement) => node.focus({ preventScroll: true }));
  const [before, selected] = [await placeOf(item), await page.evaluate(() => getSelection()?.toString())];

  await newEntry({ title: "A new one, above" });
  await expect(page.getByRole("link", { name: "A new one, above" })).toHaveCount(1);
  for (const entry of [entries[13], entries[3], entries[0]]) {
    await post(entry?.slug ?? "", `News of ${entry?.slug}`);
    await expect(page.getByText(`News of ${entry?.slug}`)).toHaveCount(1);
  }
  await expect(link).toBeFocused();
  expect(await page.evaluate(() => getSelection()?.toString())).toBe(selected);
  // The item itself grew below its title. New items above it moved nothing.
  expect(Math.abs((await placeOf(item)) - before), "pixels moved").toBeLessThan(1);
});

test("/live shows the updates of all live entries, with the titles of their entries", async ({ page, newEntry, post, send }) => {
  const [one, two] = [await newEntry({ title: "The <count>" }), await newEntry({ title: "The match" })];
  // Entries of other tests are live, too.
  const own = randomUUID().slice(0, 8);
  await post(one.slug, `from one ${own}`);
  await post(two.slug, `from two ${own}`);
  await open(page, "/live");
  await markNodes(page);
  const card = (text: string) => updates(page).filter({ hasText: text });
  await expect(card(`from one ${own}`).getByRole("link", { name: "The <count>" })).toHaveAttribute("href", new RegExp(`^/entries/${one.slug}#update-\\d+$`));

  await post(one.slug, `another of one ${own}`);
  await expect(updates(page).first()).toContainText(`another of one ${own}`);
  await expect(card(`another of one ${own}`).getByRole("link", { name: "The <count>" })).toBeVisible();
  const id = await idOf(page, `from two ${own}`);
  await send(`/desk/updates/${id}`, { source: "edited in two" });
  await expect(page.locator(`#update-${id}`)).toContainText("edited in two");
  await send(`/desk/entries/${two.slug}/edit`, { title: "The re-match", slug: two.slug, time_zone: "UTC" });
  await expect(page.locator(`#update-${id}`).getByRole("link", { name: "The re-match" })).toBeVisible();
  expect(await unmarked(page)).toBe(1);

  await send(`/desk/entries/${two.slug}/end`);
  await expect(page.locator(`#update-${id}`)).toHaveCount(0);
  await expect(card(`from one ${own}`)).toBeVisible();
  await send(`/desk/entries/${two.slug}/start`);
  await expect(page.locator(`#update-${id}`).getByRole("link", { name: "The re-match" })).toBeVisible();
  await send(`/desk/updates/${id}/delete`);
  await expect(page.locator(`#update-${id}`)).toHaveCount(0);
});

/** Returns the page `html` of `/live` without updates as old as the update `id` or older. */
function withoutUpdatesUpTo(page: Page, html: string, id: string): Promise<string> {
  return page.evaluate(
    ([html, id]) => {
      const fresh = new DOMParser().parseFromString(html, "text/html");
      const list = fresh.querySelector("#live-updates") as HTMLElement;
      const postedAt = (card: Element | null) => Number((card as HTMLElement).dataset.postedAt);
      const oldest = postedAt(fresh.querySelector(`#update-${id}`)) + 1;
      for (const card of list.querySelectorAll(".update")) if (postedAt(card) < oldest) card.remove();
      list.dataset.oldest = String(oldest);
      return fresh.documentElement.outerHTML;
    },
    [html, id] as const,
  );
}

test("when an entry on /live ends, the refreshed page keeps older updates, and those posted meanwhile", async ({ page, newEntry, post, send }) => {
  const [one, two] = [await newEntry(), await newEntry()];
  const own = randomUUID().slice(0, 8);
  await post(one.slug, `read ${own}`);
  await post(two.slug, `over ${own}`);
  await disableFetchDeadline(page);
  await open(page, "/live");
  const [read, over] = [await idOf(page, `read ${own}`), await idOf(page, `over ${own}`)];
  const refresh = async (route: Route) => {
    const response = await route.fetch();
    const body = await withoutUpdatesUpTo(page, await response.text(), read);
    await post(one.slug, `meanwhile ${own}`);
    await expect(updates(page).first()).toContainText(`meanwhile ${own}`);
    await page.locator(`#update-${read} .prose`).selectText();
    await markNodes(page);
    await route.fulfill({ response, body });
  };
  await page.route("**/live", refresh, { times: 1 });
  await send(`/desk/entries/${two.slug}/end`);
  await expect(page.locator(`#update-${over}`)).toHaveCount(0);
  await expect(updates(page).first()).toContainText(`meanwhile ${own}`);
  expect((await page.evaluate(() => getSelection()?.toString()))?.trim()).toBe(`read ${own}`);

  await send(`/desk/updates/${read}`, { source: `edited ${own}` });
  await expect(page.locator(`#update-${read}`)).toContainText(`edited ${own}`);
  expect(await unmarked(page)).toBe(0);
});

for (const path of ["/", "/live"]) {
  test(`after a reset, ${path} is refreshed and receives updates`, async ({ page, newEntry, post }) => {
    const entry = await newEntry();
    await post(entry.slug, "before");
    await open(page, path);
    const root = page.locator("[data-entry-id='all']");
    const cursor = await root.getAttribute("data-cursor");
    await markNodes(page);
    // As if a stream had sent it, after a restore.
    const batch = { epoch: "another", from: 0, to: 1, head: 1, more: false, changes: [] };
    const refreshed = page.waitForResponse((response) => new URL(response.url()).pathname === path);
    await root.evaluate((_, detail) => window.dispatchEvent(new CustomEvent("ringside:batch", { detail })), JSON.stringify(batch));
    await refreshed;
    const news = `after the reset of ${path} ${randomUUID().slice(0, 8)}`;
    await post(entry.slug, news);
    await expect(page.getByText(news)).toHaveCount(1);
    expect((await root.getAttribute("data-cursor"))?.split(".")[0]).toBe(cursor?.split(".")[0]);
    expect(await unmarked(page)).toBe(path === "/" ? 0 : 1);
  });
}

test("reader's zone applies to /live, and the chosen order does not", async ({ newContext, newEntry, post, ringside }) => {
  const entry = await newEntry();
  for (const text of ["earlier", "later"]) await post(entry.slug, text);
  const page = await (await newContext({ timezoneId: "Asia/Tokyo" })).newPage();
  await page.goto(entry.url);
  await waitForFeed(page);
  await page.getByRole("button", { name: "Show latest first" }).click();
  await page.getByRole("button", { name: "Show oldest first" }).click();
  await open(page, `${ringside.url}/live`);
  await expect(updates(page).first()).toContainText("later");
  await expect(page.getByRole("button", { name: /first$/ })).toBeHidden();
  const time = updates(page).first().locator("time").first();
  const local = await time.innerText();
  await page.getByRole("button", { name: "Times in my zone" }).click();
  await expect(time).not.toHaveText(local);
  await page.getByRole("button", { name: "Local times" }).click();
  await expect(time).toHaveText(local);
});
