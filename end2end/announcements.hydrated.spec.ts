// Announcements for screen readers, and reduced motion.
import { expectStatus, pauseClock, waitForFeed } from "./support/page";
import { expect, test } from "./support/fixtures";

test("new updates are announced in one polite live region, several as one", async ({ page, fixture }) => {
  const entry = await fixture.newEntry();
  await page.clock.install();
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  const regions = page.locator('[aria-live]:not([aria-live="off"]), [role="status"], [role="log"], [role="alert"]:visible');
  await expect(regions).toHaveCount(1);
  await regions.evaluate((region) => {
    const texts: string[] = [];
    Object.assign(globalThis, { texts });
    new MutationObserver(() => texts.push(region.textContent ?? "")).observe(region, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  const announced = () => page.evaluate(() => (globalThis as unknown as { texts: string[] }).texts);
  await pauseClock(page);

  for (const text of ["one", "two", "three"]) await fixture.post(entry.slug, text);
  await expect(page.locator(".update")).toHaveCount(3);
  expect(await announced(), "not one by one").toEqual([]);
  await page.clock.runFor(2_000);
  expect(await announced()).toEqual(["3 new updates"]);
  await fixture.post(entry.slug, "four");
  await expect(page.locator(".update")).toHaveCount(4);
  await page.clock.runFor(2_000);
  expect(await announced()).toEqual(["3 new updates", "1 new update"]);
});

test("empty list is marked as busy, also after its last update was deleted", async ({ page, fixture }) => {
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
    // Paused as they start: on a busy machine one could end before the test looks at it.
    await page.addInitScript(() => {
      const started = new Set<string>();
      Object.assign(globalThis, { started });
      addEventListener("animationstart", (event) => {
        started.add(event.animationName);
        for (const animation of document.getAnimations()) animation.pause();
      });
    });
    const started = () => page.evaluate(() => [...(globalThis as unknown as { started: Set<string> }).started].sort());
    const entry = await fixture.newEntry();
    await page.goto(entry.url);
    await waitForFeed(page);
    await fixture.post(entry.slug, "new");
    await expect(page.locator(".update")).toHaveCount(1);
    await expect.poll(started).toContain("fade-later");
    // With reduced motion, the highlight does not fade but disappears at its end.
    const opacities = await page.locator(".update.is-new").evaluate((card) => {
      const accent = card.getAnimations({ subtree: true })[0]!;
      return [0, 4_000, 6_500, 7_900].map((at) => {
        accent.currentTime = at;
        return Number(getComputedStyle(card, "::before").opacity);
      });
    });
    if (reducedMotion === "reduce") {
      expect(await started()).toEqual(["fade-later"]);
      expect(opacities, "the highlight does not fade").toEqual([1, 1, 1, 1]);
    } else {
      await expect.poll(started).toEqual(["fade-later", "pulse"]);
      expect(opacities[3]).toBeLessThan(0.2);
    }
  });
}
