// The number of readers of a live blog.
import { expect, expectStatus, test, waitForFeed } from "./support/test";

test.use({ settings: { RINGSIDE_COUNT_READERS: "true" } });

test("page and desk show how many have the page open", async ({ page, author, newEntry, ringside }) => {
  const entry = await newEntry();
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  const id = await page.locator("#live-updates").getAttribute("data-entry-id");
  const status = page.locator("#feed-status");
  await expect(status).not.toHaveAttribute("data-readers");

  const end = new AbortController();
  const streams: Response[] = [];
  for (let reader = 0; reader < 23; reader++) {
    streams.push(await fetch(`${ringside.url}/feed/${id}/stream`, { signal: end.signal }));
  }
  await expect(status).toHaveAttribute("data-readers", "20 readers", { timeout: 60_000 });
  const shown = await status.evaluate((element) => getComputedStyle(element, "::after").content);
  expect(shown).toContain("20 readers");
  const desk = await author.context.newPage();
  await desk.goto(`${ringside.url}/desk/entries/${entry.slug}`);
  await expect(desk.getByText("24 readers have this live blog open.")).toBeVisible();

  // Who opens the page later sees the number, too.
  const later = await author.context.newPage();
  await later.goto(entry.url);
  await expect(later.locator("#feed-status")).toHaveAttribute("data-readers", "20 readers");
  // Kept until here, so that none is closed early.
  expect(streams.map((stream) => stream.status)).toEqual(streams.map(() => 200));
  end.abort();
  await expect(status).toHaveAttribute("data-readers", "", { timeout: 60_000 });
});
