// Likes of updates, in the page.
import type { Page } from "@playwright/test";
import { expect, expectStatus, idOf, test, texts, updates, waitForFeed } from "./support/test";

test.use({ settings: { RINGSIDE_POLL_INTERVAL_MS: "500" } });

const LIKE = "**/like";

/** Opens an entry's page with its live part ready. */
async function open(page: Page, url: string): Promise<Page> {
  await page.goto(url);
  await waitForFeed(page);
  return page;
}

/** Returns the like button in the card with `text`. */
const like = (page: Page, text: string) => updates(page).filter({ hasText: text }).locator(".update-like");

for (const [transport, status] of [
  ["sse", "live"],
  ["websocket", "live"],
  ["poll", "polling"],
] as const) {
  test(`like is counted in every open page over ${transport}, and taken back`, async ({ page, newContext, newEntry, post }) => {
    const entry = await newEntry();
    for (const text of ["first", "second"]) await post(entry.slug, text);
    const url = `${entry.url}?transport=${transport}`;
    const other = await open(await (await newContext()).newPage(), url);
    await open(page, url);
    await expectStatus(page, status);
    await expectStatus(other, status);

    await like(page, "second").click();
    await expect(like(page, "second")).toHaveText("Liked · 1");
    await expect(like(page, "second")).toHaveAttribute("aria-pressed", "true");
    await expect(like(other, "second")).toHaveText("Like · 1");
    await like(other, "second").click();
    await expect(like(page, "second")).toHaveText("Liked · 2");
    await expect(like(other, "second")).toHaveText("Liked · 2");
    expect(page.url(), "the page stays").toBe(url);

    await page.reload();
    await waitForFeed(page);
    await expect(like(page, "second"), "remembered").toHaveText("Liked · 2");
    await like(page, "second").click();
    await expect(like(page, "second")).toHaveText("Like · 1");
    await expect(like(other, "second")).toHaveText("Liked · 1");
    await expect(like(page, "first")).toHaveText("Like");
  });
}

test("card that is edited or arrives later keeps its count", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  await post(entry.slug, "first");
  await open(page, entry.url);
  await like(page, "first").click();
  await expect(like(page, "first")).toHaveText("Liked · 1");
  await send(`/desk/updates/${await idOf(page, "first")}`, { source: "edited", headline: "" });
  await expect(updates(page)).toContainText(["edited"]);
  await expect(like(page, "edited")).toHaveText("Liked · 1");
  await post(entry.slug, "arrived");
  await like(page, "arrived").click();
  await expect(like(page, "arrived")).toHaveText("Liked · 1");
});

test("first like counts once when its responses are lost", async ({ page, newContext, newEntry, post, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const entry = await newEntry();
  await post(entry.slug, "first");
  await open(page, entry.url);
  let lost = 0;
  await page.route(LIKE, async (route) => {
    if (lost === 2) return route.fallback();
    // The server applies it, and the browser gets neither the response nor the cookie.
    await route.fetch();
    lost += 1;
    await route.abort();
  });
  await like(page, "first").click();
  await expect.poll(() => lost).toBe(2);
  await expect(like(page, "first")).toHaveText("Liked · 1");
  const other = await open(await (await newContext()).newPage(), entry.url);
  await expect(like(other, "first")).toHaveText("Like · 1");
});

test("last of several clicks counts", async ({ page, newContext, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "first");
  await open(page, entry.url);
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route(LIKE, async (route) => {
    await released;
    await route.fallback();
  });
  await like(page, "first").click();
  await expect(like(page, "first")).toHaveText("Liked · 1");
  await like(page, "first").click();
  await like(page, "first").click();
  await like(page, "first").click();
  await expect(like(page, "first")).toHaveText("Like");
  release();
  const other = await open(await (await newContext()).newPage(), entry.url);
  await like(other, "first").click();
  await expect(like(other, "first")).toHaveText("Liked · 1");
  await expect(like(page, "first")).toHaveText("Like · 1");
});

test("refused like is taken back, with an explanation", async ({ page, newEntry, post, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const entry = await newEntry();
  await post(entry.slug, "first");
  await open(page, entry.url);
  await page.route(LIKE, (route) => route.fulfill({ status: 403, body: "{}" }));
  await like(page, "first").click();
  await expect(like(page, "first")).toHaveText("Your like was not saved. Try again.");
  await expect(like(page, "first")).toHaveAttribute("aria-pressed", "false");
  await page.unroute(LIKE);
  const detail = "You are banned until 18:00.";
  await page.route(LIKE, (route) => route.fulfill({ status: 403, json: { detail } }));
  await like(page, "first").click();
  await expect(like(page, "first")).toHaveText(detail);
  await page.unroute(LIKE);
  await like(page, "first").click();
  await expect(like(page, "first")).toHaveText("Liked · 1");
});

test("counts move nothing, and keep the selection", async ({ page, newContext, newEntry, post }) => {
  const entry = await newEntry();
  for (const text of ["first", "second"]) await post(entry.slug, text);
  await open(page, entry.url);
  const selected = await page.evaluate(() => {
    const range = document.createRange();
    range.selectNodeContents(document.querySelector("#live-updates .prose") as Node);
    getSelection()?.addRange(range);
    return getSelection()?.toString();
  });
  const places = () => updates(page).evaluateAll((cards) => cards.map((card) => JSON.stringify(card.getBoundingClientRect())));
  const before = await places();
  const other = await open(await (await newContext()).newPage(), entry.url);
  for (const text of ["first", "second"]) {
    await like(other, text).click();
    await expect(like(page, text)).toHaveText("Like · 1");
  }
  expect(await places()).toEqual(before);
  expect(await page.evaluate(() => getSelection()?.toString())).toBe(selected);
});

test("like works by keyboard, and has a name", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "first");
  await open(page, entry.url);
  await like(page, "first").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Liked · 1", pressed: true })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Like", pressed: false })).toBeFocused();
  expect(await texts(page)).toEqual(["first"]);
});
