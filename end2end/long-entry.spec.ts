// An entry with thousands of updates, with and without JavaScript.
import { expect, test } from "./support/long-entry-test";

// Creating the long entry takes a while, so one worker runs all of these tests.
test.describe.configure({ mode: "default" });
// A trace of such a page takes longer than the test.
test.use({ trace: "off" });

test("page contains every update in order", async ({ page, longEntry }) => {
  // Other tests of the same worker post further updates to it, which have no number.
  const numbers = () =>
    page.locator("#live-updates .prose").evaluateAll((nodes) =>
      nodes.map((node) => Number(/number (\d+)\./.exec(node.textContent)?.[1])).filter((number) => !Number.isNaN(number)),
    );
  const oldest = Array.from({ length: longEntry.updates }, (_, n) => n);
  await page.goto(longEntry.url);
  expect(await numbers()).toEqual(oldest);
  await page.goto(`${longEntry.url}?order=latest`);
  expect(await numbers()).toEqual(oldest.reverse());
});

test("link to an update far down scrolls to it, also from the update's page", async ({ page, longEntry }) => {
  await page.goto(longEntry.url);
  const id = await page.locator(".update", { hasText: "update number 1789." }).getAttribute("data-update-id");
  const update = page.locator(`#update-${id}`);

  await page.goto("about:blank");
  await page.goto(`${longEntry.url}#update-${id}`);
  await expect(update).toBeInViewport();
  await expect(page.locator(".update:target")).toContainText("update number 1789.");

  await page.goto(`${longEntry.url}/updates/${id}`);
  await expect(page.getByRole("article")).toContainText("update number 1789.");
  await page.getByRole("link", { name: "Read in live blog" }).click();
  await page.waitForURL(`${longEntry.url}#update-${id}`);
  await expect(update).toBeInViewport();
});

test("browser's search finds an update far outside the view", async ({ page, longEntry }) => {
  await page.goto(longEntry.url);
  const update = page.locator(".update", { hasText: "update number 1234." });
  await expect(update).not.toBeInViewport();
  expect(await page.evaluate<boolean>(`find("update number 1234.")`)).toBe(true);
  await expect(update).toBeInViewport();
});
