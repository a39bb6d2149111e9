// Times on several days, in the entry's zone and in the reader's own.
import type { Locator, Page } from "@playwright/test";
import type { Ringside } from "./support/ringside";
import { expect, idOf, test, updates, waitForFeed } from "./support/test";

/** Opens a page in a browser with this time zone, and waits until it is hydrated. */
async function openIn(newContext: (options: { timezoneId: string }) => Promise<{ newPage(): Promise<Page> }>, timezoneId: string, url: string) {
  const page = await (await newContext({ timezoneId })).newPage();
  await page.goto(url);
  await expect(page.locator("[data-hydrated]")).toBeAttached();
  return page;
}

/** Returns the texts of the times within `root`, with normalized spaces. */
async function shown(root: Locator): Promise<string[]> {
  return (await root.locator("time").allTextContents()).map((text) => text.replace(/\s+/g, " ").trim());
}

/** The times at which an update was posted and edited. */
interface Moments {
  posted: string;
  edited?: string;
}

/**
 * Changes the times of an entry and its updates in the database, which no request can do. A later
 * change of the time zone renders all cards again.
 */
async function moveInTime(ringside: Ringside, slug: string, started: string, moments: Moments[]): Promise<void> {
  const micros = (time: string) => BigInt(Date.parse(time)) * 1000n;
  await ringside.sql(`UPDATE entries SET starts_at = ${micros(started)} WHERE slug = '${slug}'`);
  for (const [at, { posted, edited }] of moments.entries()) {
    await ringside.sql(
      `UPDATE updates SET posted_at = ${micros(posted)}, edited_at = ${edited ? micros(edited) : "NULL"} WHERE id =
       (SELECT id FROM updates WHERE entry_id = (SELECT id FROM entries WHERE slug = '${slug}') ORDER BY id LIMIT 1 OFFSET ${at})`,
    );
  }
}

test("switching to the reader's zone changes dates, tooltips and new updates, and back again", async ({
  newContext,
  newEntry,
  post,
  send,
  ringside,
}) => {
  const entry = await newEntry({ title: "Three days" });
  for (const text of ["first", "late", "early", "edited"]) await post(entry.slug, text);
  await moveInTime(ringside, entry.slug, "2026-11-20T13:00:00Z", [
    { posted: "2026-11-20T19:05:00Z" },
    { posted: "2026-11-21T22:30:00Z" },
    { posted: "2026-11-21T23:30:00Z" },
    { posted: "2026-11-22T13:00:00Z", edited: "2026-11-23T02:00:00Z" },
  ]);
  await send(`/desk/entries/${entry.slug}/edit`, { title: "Three days", slug: entry.slug, time_zone: "Europe/Paris" });
  const page = await openIn(newContext, "America/New_York", entry.url);
  for (const text of ["first", "early"]) await send(`/desk/updates/${await idOf(page, text)}/mark`, { mark: "key", on: "true" });
  const moments = page.getByRole("navigation", { name: "Key moments" });
  await expect(moments.locator("li")).toHaveCount(2);
  const list = page.locator("#live-updates");
  const everything = () => page.locator(".entry-header, #entry-highlights, .update-when, .update-edited").evaluateAll((parts) => parts.map((part) => part.outerHTML));

  expect(await shown(list)).toEqual(["20:05", "21 Nov 23:30", "22 Nov 00:30", "22 Nov 14:00", "23 Nov 03:00"]);
  expect(await shown(moments)).toEqual(["20 Nov 20:05", "22 Nov 00:30"]);
  await expect(page.locator("#entry-since")).toHaveText("Since 20 November 2026, 14:00 CET");
  const before = await everything();

  await page.getByRole("button", { name: "Times in my zone" }).click();
  expect(await shown(list)).toEqual(["14:05", "21 Nov 17:30", "21 Nov 18:30", "22 Nov 08:00", "22 Nov 21:00"]);
  expect(await shown(moments)).toEqual(["20 Nov 14:05", "21 Nov 18:30"]);
  await expect(page.locator("#entry-since")).toHaveText("Since 20 November 2026, 08:00 EST");
  const early = updates(page).nth(2);
  await expect(early.locator(".update-when")).toHaveAttribute("title", "21 November 2026, 18:30 EST");
  await expect(updates(page).nth(3).locator(".update-edited time")).toHaveAttribute("title", "22 November 2026, 21:00 EST");
  await expect(moments.locator("a").nth(1)).toHaveAttribute("title", "21 November 2026, 18:30 EST");

  await post(entry.slug, "arrival");
  const arrival = updates(page).filter({ hasText: "arrival" });
  await expect(arrival.locator(".update-when")).toHaveAttribute("title", /E[SD]T$/);
  await expect(arrival.locator("time").first()).toHaveText(/^\d+ \w{3}( \d{4})? \d\d:\d\d$/);
  await send(`/desk/updates/${await idOf(page, "arrival")}/delete`);
  await expect(arrival).toHaveCount(0);

  await page.getByRole("button", { name: "Times in Europe/Paris" }).click();
  expect(await shown(list)).toEqual(["20:05", "21 Nov 23:30", "22 Nov 00:30", "22 Nov 14:00", "23 Nov 03:00"]);
  expect(await everything()).toEqual(before);
});

test("time on the next day in the reader's zone has a date", async ({
  newContext,
  newEntry,
  post,
  send,
  ringside,
}) => {
  // In the entry's zone, both are on its first day. In Tokyo, it began on that day or on the next.
  for (const [started, earlier] of [
    ["2026-11-20T08:00:00Z", "17:05"],
    ["2026-11-20T18:00:00Z", "21 Nov 03:30"],
  ] as const) {
    const entry = await newEntry({ title: "One day" });
    for (const text of ["first", "evening"]) await post(entry.slug, text);
    const posted = earlier === "17:05" ? "2026-11-20T08:05:00Z" : "2026-11-20T18:30:00Z";
    await moveInTime(ringside, entry.slug, started, [{ posted }, { posted: "2026-11-20T19:05:00Z" }]);
    await send(`/desk/entries/${entry.slug}/edit`, { title: "One day", slug: entry.slug, time_zone: "Europe/Paris" });
    const page = await openIn(newContext, "Asia/Tokyo", entry.url);
    const list = page.locator("#live-updates");
    for (const time of await shown(list)) expect(time).toMatch(/^\d\d:\d\d$/);
    await page.getByRole("button", { name: "Times in my zone" }).click();
    expect(await shown(list)).toEqual([earlier, "21 Nov 04:05"]);
  }
});

test("repeated hour is shown with its zone, in the entry's zone and in the reader's", async ({
  newContext,
  newEntry,
  post,
  send,
  ringside,
}) => {
  const entry = await newEntry({ title: "Clocks go back" });
  for (const text of ["one", "two", "three", "four", "five"]) await post(entry.slug, text);
  await moveInTime(ringside, entry.slug, "2026-10-25T00:00:00Z", [
    { posted: "2026-10-25T00:30:00Z" },
    { posted: "2026-10-25T01:10:00Z" },
    { posted: "2026-10-25T02:00:00Z" },
    { posted: "2026-11-01T05:30:00Z" },
    { posted: "2026-11-01T06:30:00Z" },
  ]);
  await send(`/desk/entries/${entry.slug}/edit`, { title: "Clocks go back", slug: entry.slug, time_zone: "Europe/Paris" });
  const page = await openIn(newContext, "America/New_York", entry.url);
  const list = page.locator("#live-updates");
  expect(await shown(list)).toEqual(["02:30 CEST", "02:10 CET", "03:00", "1 Nov 06:30", "1 Nov 07:30"]);
  await page.getByRole("button", { name: "Times in my zone" }).click();
  expect(await shown(list)).toEqual(["24 Oct 20:30", "24 Oct 21:10", "24 Oct 22:00", "1 Nov 01:30 EDT", "1 Nov 01:30 EST"]);

  // The reverse: the reader's zone has the repeated hour.
  const utc = { title: "Clocks go back", slug: entry.slug, time_zone: "UTC" };
  await send(`/desk/entries/${entry.slug}/edit`, utc);
  const paris = await openIn(newContext, "Europe/Paris", entry.url);
  await paris.getByRole("button", { name: "Times in my zone" }).click();
  const times = await shown(paris.locator("#live-updates"));
  expect(times.slice(0, 3)).toEqual(["02:30 CEST", "02:10 CET", "03:00"]);
});

for (const path of ["/", "/live"]) {
  test(`${path} shows a date with every time, also in the reader's zone`, async ({ newContext, newEntry, post, send, ringside }) => {
    const entry = await newEntry({ title: `Shown on ${path}` });
    // Tests of one worker share a server.
    const text = `late in the evening on ${path}.`;
    await post(entry.slug, text);
    // In the future, because `/live` shows only the latest 200 updates of the server.
    const posted = `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)}T22:30:00Z`;
    await moveInTime(ringside, entry.slug, posted, [{ posted }]);
    const fields = { title: `Shown on ${path}`, slug: entry.slug, time_zone: "Europe/Paris" };
    await send(`/desk/entries/${entry.slug}/edit`, fields);
    const page = await openIn(newContext, "Asia/Tokyo", `${ringside.url}${path}`);
    const item = page.locator(path === "/" ? ".entry-item" : ".update", { hasText: text });
    const local = dateAndTime(posted, "Europe/Paris");
    const own = dateAndTime(posted, "Asia/Tokyo");
    await expect(item.locator("time").first()).toHaveText(local);
    await page.getByRole("button", { name: "Times in my zone" }).click();
    await expect(item.locator("time").first()).toHaveText(own);
    // Also after an edit and a reload.
    await send(`/desk/updates/${await updateNumber(page, entry.slug)}`, { source: `${text} Again.` });
    await expect(item).toContainText("Again.");
    await expect(item.locator("time").first()).toHaveText(own);
    await page.reload();
    await expect(page.locator("[data-hydrated]")).toBeAttached();
    await expect(item.locator("time").first()).toHaveText(own);
    await page.getByRole("button", { name: "Local times" }).click();
    await expect(item.locator("time").first()).toHaveText(local);
  });
}

/** Returns a pattern for the date and time of `instant` in `timeZone`, with or without the year. */
function dateAndTime(instant: string, timeZone: string): RegExp {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const part = Object.fromEntries(parts.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]));
  return new RegExp(`^${part.day} ${part.month}( ${part.year})? ${part.hour}:${part.minute}$`);
}

/** Returns the id of an entry's only update. */
async function updateNumber(page: Page, slug: string): Promise<string> {
  const entry = await page.request.get(`/entries/${slug}`);
  const number = /data-update-id="(\d+)"/.exec(await entry.text())?.[1];
  if (!number) throw new Error(`${slug} has no update`);
  return number;
}

test("time in an author's text is not changed", async ({ newContext, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, 'Gates open <time datetime="2026-11-20T13:00:00Z">at two</time>.');
  const page = await openIn(newContext, "Asia/Tokyo", entry.url);
  await waitForFeed(page);
  await page.getByRole("button", { name: "Times in my zone" }).click();
  await expect(page.locator(".prose")).toHaveText("Gates open at two.");
});

test("dates appear on open pages when an entry with earlier updates is started", async ({ page, newEntry, post, send, ringside }) => {
  const entry = await newEntry({ state: "upcoming" });
  await post(entry.slug, "three days early");
  await moveInTime(ringside, entry.slug, "2026-11-17T13:00:00Z", [{ posted: "2026-11-17T13:00:00Z" }]);
  await send(`/desk/entries/${entry.slug}/edit`, { title: "The match", slug: entry.slug, time_zone: "Europe/Paris" });
  await page.goto(entry.url);
  await waitForFeed(page);
  expect(await shown(page.locator("#live-updates"))).toEqual(["14:00"]);
  await send(`/desk/entries/${entry.slug}/start`);
  await expect(updates(page).locator("time")).toHaveText(/^17 Nov( 2026)? 14:00$/);
});
