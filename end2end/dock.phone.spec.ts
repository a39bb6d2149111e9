// The composer on a phone, docked at the bottom of the window.
import { expect, test } from "./support/fixtures";
import { waitForFeed } from "./support/page";

test.beforeEach(async ({ page, fixture, context }) => {
  await context.addCookies(fixture.logins.get(fixture.ringside.url)?.cookies ?? []);
  await page.goto((await fixture.newStory()).url);
  await waitForFeed(page);
  await page.getByRole("textbox", { name: "Update" }).waitFor();
});

test("typing and posting in the dock do not scroll the page", async ({ page }) => {
  const box = page.getByRole("textbox", { name: "Update" });
  await page.evaluate(() => scrollTo(0, 150));
  await box.tap();
  await expect(box).toBeFocused();
  expect(await page.evaluate(() => scrollY)).toBe(150);
  await page.keyboard.type("from the touchline");
  await page.getByRole("button", { name: "Post", exact: true }).tap();
  await expect(page.getByText("Posted.")).toBeVisible();
  await expect(box).toBeFocused();
  expect(await page.evaluate(() => scrollY)).toBe(150);
});

test("dock covers neither the last update nor the focused element", async ({ page }) => {
  const dock = page.getByRole("form", { name: "Post an update" });
  const bottom = (selector: string) => page.locator(selector).evaluate((node) => node.getBoundingClientRect().bottom);
  const top = () => dock.evaluate((node) => node.getBoundingClientRect().top);
  expect(await bottom(".composer")).toBe(await page.evaluate(() => innerHeight));

  const links = page.locator(".update-when");
  for (let at = 0; at < (await links.count()); at++) {
    await links.nth(at).focus();
    const end = await links.nth(at).evaluate((node) => node.getBoundingClientRect().bottom);
    expect(end, "the focused element is above the dock").toBeLessThanOrEqual(await top());
  }
  await page.getByRole("textbox", { name: "Update" }).fill("line\n".repeat(20));
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  expect(await bottom("#live-updates")).toBeLessThanOrEqual(await top());
});

test("dock respects the safe area at the bottom of the screen", async ({ page, context }) => {
  const padding = () => page.locator(".composer").evaluate((node) => Number.parseFloat(getComputedStyle(node).paddingBottom));
  const before = await padding();
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setSafeAreaInsetsOverride", { insets: { bottom: 34, bottomMax: 34 } });
  await expect.poll(padding).toBe(before + 34);
});
