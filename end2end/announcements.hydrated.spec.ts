// For those to whom a page is read, and those who need less motion.
import { pauseClock, waitForFeed } from "./support/page";
import { expect, test } from "./support/fixtures";

test("arrivals are announced in one polite region, many as one", async ({ page, fixture }) => {
  const entry = await fixture.newEntry();
  await page.clock.install();
  await page.goto(entry.url);
  await waitForFeed(page);
  await expect(page.locator(".connection-status")).toHaveAttribute("data-status", "live");
  const regions = page.locator('[aria-live]:not([aria-live="off"]), [role="status"], [role="log"], [role="alert"]:visible');
  await expect(regions).toHaveCount(1);
  await regions.evaluate((region) => {
    const said: string[] = [];
    Object.assign(globalThis, { said });
    new MutationObserver(() => said.push(region.textContent ?? "")).observe(region, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  const said = () => page.evaluate(() => (globalThis as unknown as { said: string[] }).said);
  await pauseClock(page);

  for (const text of ["one", "two", "three"]) await fixture.post(entry.slug, text);
  await expect(page.locator(".update")).toHaveCount(3);
  expect(await said(), "not each by itself").toEqual([]);
  await page.clock.runFor(2_000);
  expect(await said()).toEqual(["3 new updates"]);
  await fixture.post(entry.slug, "four");
  await expect(page.locator(".update")).toHaveCount(4);
  await page.clock.runFor(2_000);
  expect(await said()).toEqual(["3 new updates", "1 new update"]);
});

test("an empty list is one that is still to come, also after its last update was deleted", async ({ page, fixture }) => {
  const entry = await fixture.newEntry();
  await page.goto(entry.url);
  await waitForFeed(page);
  const feed = page.locator("#live-updates");
  await expect(feed).toHaveAttribute("role", "feed");
  await expect(feed).toHaveAttribute("aria-busy", "true");
  await fixture.post(entry.slug, "here");
  await expect(feed).toHaveAttribute("aria-busy", "false");
  const id = await page.locator(".update").getAttribute("data-update-id");
  await fixture.send(`/desk/updates/${id}/delete`);
  await expect(feed).toHaveAttribute("aria-busy", "true");
  await expect(page.getByText("No updates yet.")).toBeVisible();
});

for (const reducedMotion of ["no-preference", "reduce"] as const) {
  test(`motion: ${reducedMotion}`, async ({ page, fixture }) => {
    await page.emulateMedia({ reducedMotion });
    const entry = await fixture.newEntry();
    await page.goto(entry.url);
    await waitForFeed(page);
    await fixture.post(entry.slug, "new");
    await expect(page.locator(".update")).toHaveCount(1);
    const moving = await page.evaluate(() => document.getAnimations().map((each) => (each as CSSAnimation).animationName));
    // Between its first second and its last the accent looks the same, unless it may fade.
    const looks = await page.locator(".update.is-new").evaluate((card) => {
      const accent = card.getAnimations({ subtree: true })[0];
      accent?.pause();
      return [0, 4_000, 6_500, 7_900].map((at) => {
        if (accent) accent.currentTime = at;
        return Number(getComputedStyle(card, "::before").opacity);
      });
    });
    if (reducedMotion === "reduce") {
      expect(moving).toEqual(["fade-later"]);
      expect(looks, "it is there, and then gone").toEqual([1, 1, 1, 1]);
    } else {
      expect(moving.sort()).toEqual(["fade-later", "pulse"]);
      expect(looks[3]).toBeLessThan(0.2);
    }
  });
}
