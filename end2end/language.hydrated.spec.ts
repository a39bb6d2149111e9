// Texts of all languages and directions, which do not affect the texts around them.
import { expect, idOf, test, updates, waitForFeed } from "./support/test";

const ARABIC = { title: "مباشر: النهائي 2026", slug: "", summary: "كل دقيقة من الملعب.", time_zone: "Africa/Cairo", language: "ar" };

/** Returns the computed directions of elements. */
const DIRECTION = (nodes: Element[]) => nodes.map((node) => getComputedStyle(node).direction);

test("change of an entry's language changes the language and direction of open pages", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  await post(entry.slug, "هدف!", { headline: "هدف (2–1)" });
  await page.goto(entry.url);
  await waitForFeed(page);
  const root = page.locator("html");
  await expect(root).toHaveAttribute("lang", "en");
  await expect(page.locator("main")).toHaveAttribute("dir", "ltr");

  await send(`/desk/entries/${entry.slug}/edit`, { ...ARABIC, slug: entry.slug });
  await expect(root).toHaveAttribute("lang", "ar");
  await expect(page.locator("main")).toHaveAttribute("dir", "rtl");
  await expect(updates(page)).toHaveAttribute("lang", "ar");
  await expect(page).toHaveTitle("\u2068مباشر: النهائي 2026\u2069 · Ringside");
  // The open page equals a reloaded one.
  const parts = () =>
    page.locator("#live-updates .update").evaluate((card) =>
      [card, ...card.querySelectorAll("*")].map((node) => [
        node.textContent,
        // Sorted: a change adds new attributes at the end.
        [...node.attributes].map(({ name, value }) => `${name}=${value}`).sort(),
      ]),
    );
  const live = await parts();
  await page.reload();
  await waitForFeed(page);
  expect(await parts()).toEqual(live);
  await expect(page.locator("main")).toHaveAttribute("dir", "rtl");

  await send(`/desk/entries/${entry.slug}/edit`, { ...ARABIC, slug: entry.slug, language: "" });
  await expect(root).toHaveAttribute("lang", "en");
  await expect(page.locator("main")).toHaveAttribute("dir", "ltr");
});

test("texts of both directions on one page keep their own direction", async ({ page, newEntry, post, send, ringside }) => {
  const title = "مباراة الليلة";
  const entry = await newEntry({ title });
  await post(entry.slug, "هدف! الأهلي 2–1.", { headline: "هدف (2–1)" });
  await post(entry.slug, "A goal.", { headline: "Goal (2–1)" });
  await page.goto(entry.url);
  await waitForFeed(page);
  for (const text of ["هدف!", "A goal."]) await send(`/desk/updates/${await idOf(page, text)}/mark`, { mark: "key", on: "true" });
  const moments = page.getByRole("navigation", { name: "Key moments" }).locator("a");
  await expect(moments).toHaveCount(2);

  const of = (selector: string) => page.locator(selector).evaluateAll(DIRECTION);
  expect(await of("#entry-title")).toEqual(["rtl"]);
  expect(await of(".update-headline")).toEqual(["rtl", "ltr"]);
  expect(await moments.evaluateAll(DIRECTION)).toEqual(["rtl", "ltr"]);
  expect(await of(".highlights time")).toEqual(["ltr", "ltr"]);
  for (const path of ["/", "/live"]) {
    await page.goto(`${ringside.url}${path}`);
    const name = page.getByRole("link", { name: title }).first();
    expect(await name.evaluate((link) => getComputedStyle(link).direction), path).toBe("rtl");
  }
  await page.goto(`${ringside.url}/`);
  await send(`/desk/updates/${await lastUpdate(page, entry.slug)}/delete`);
  const item = page.locator(".entry-item", { hasText: title });
  await expect(item.locator(".entry-latest")).toContainText("هدف");
  expect(await item.locator(".entry-latest").evaluate((latest) => getComputedStyle(latest).direction)).toBe("rtl");
});

async function lastUpdate(page: import("@playwright/test").Page, slug: string): Promise<string> {
  const html = await (await page.request.get(`/entries/${slug}`)).text();
  return [...html.matchAll(/data-update-id="(\d+)"/g)].at(-1)?.[1] ?? "";
}

test("override in a headline does not affect the text around it", async ({ page, newEntry, post, send }) => {
  const entry = await newEntry();
  await post(entry.slug, "some text", { headline: "abc\u202Edef" });
  await page.goto(entry.url);
  await waitForFeed(page);
  await send(`/desk/updates/${await idOf(page, "some text")}/mark`, { mark: "key", on: "true" });
  const moment = page.getByRole("navigation", { name: "Key moments" }).locator("a");
  // The time comes before the headline, and its digits are in order.
  const places = await moment.evaluate((link) => {
    const time = link.querySelector("time");
    const words = link.querySelector("span:not(time span)");
    const letters = [...(time?.textContent ?? "")].map((_, at) => {
      const range = document.createRange();
      range.setStart(time?.firstChild as Node, at);
      range.setEnd(time?.firstChild as Node, at + 1);
      return range.getBoundingClientRect().left;
    });
    return { time: time?.getBoundingClientRect().right ?? 0, words: words?.getBoundingClientRect().left ?? 0, letters };
  });
  expect(places.time).toBeLessThanOrEqual(places.words);
  expect(places.letters).toEqual([...places.letters].sort((one, other) => one - other));
});

test("composer has the direction of its text, and the entry's language", async ({ author, newEntry, send }) => {
  const entry = await newEntry();
  await send(`/desk/entries/${entry.slug}/edit`, { ...ARABIC, slug: entry.slug });
  const page = await author.context.newPage();
  await page.goto(entry.url);
  const box = page.getByRole("textbox", { name: "Update" });
  await page.getByRole("button", { name: "Add headline" }).click();
  const headline = page.getByRole("textbox", { name: "Headline" });
  for (const field of [box, headline]) {
    await expect(field).toHaveAttribute("lang", "ar");
    for (const [text, direction] of [["هدف!", "rtl"], ["Goal!", "ltr"]] as const) {
      await field.fill(text);
      expect(await field.evaluate((node) => getComputedStyle(node).direction)).toBe(direction);
    }
  }
});
