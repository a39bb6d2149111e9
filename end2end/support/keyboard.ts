// Use of a page by keyboard, and what a screen reader announces.
import { expect, type Page } from "@playwright/test";

/** Returns the label or the text of the focused element. Fails unless the focus is visible. */
export async function focused(page: Page): Promise<string> {
  const { name, outline, inView } = await page.evaluate(() => {
    const active = document.activeElement as HTMLInputElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(active);
    const box = active.getBoundingClientRect();
    return {
      name: active.ariaLabel ?? active.labels?.[0]?.innerText ?? active.innerText,
      outline: `${outlineWidth} ${outlineStyle}`,
      inView: box.bottom > 0 && box.top < innerHeight,
    };
  });
  expect(outline, `the outline of "${name}"`).toBe("2px solid");
  expect(inView, `"${name}" is in view`).toBe(true);
  return name.trim().replaceAll(/\s+/g, " ");
}

/**
 * Presses Tab until `name` has the focus. The focus must be visible at every stop. Returns the
 * stops.
 */
export async function tabTo(page: Page, name: string | RegExp, key = "Tab"): Promise<string[]> {
  const stops: string[] = [];
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press(key);
    const stop = await focused(page);
    stops.push(stop);
    if (typeof name === "string" ? stop === name : name.test(stop)) return stops;
  }
  throw new Error(`Tab did not reach ${name}. Stops: ${stops.join(", ")}`);
}

/** Moves the focus to a control with Tab, and presses Enter. */
export async function pressEnterOn(page: Page, name: string | RegExp, key = "Tab"): Promise<void> {
  await tabTo(page, name, key);
  await page.keyboard.press("Enter");
}

/**
 * Records what a screen reader announces: the texts of live regions when they change, and alerts
 * that are added. Call it before opening the page.
 */
export async function watchAnnouncements(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const announced: string[] = [];
    Object.assign(window, { announced });
    const add = (region: Element | null | undefined) => {
      const text = region?.checkVisibility() ? region.textContent?.trim().replaceAll(/\s+/g, " ") : "";
      if (text && text !== announced.at(-1)) announced.push(text);
    };
    new MutationObserver((records) => {
      for (const { target, addedNodes } of records) {
        const element = target instanceof Element ? target : target.parentElement;
        add(element?.closest('[role="status"], [role="alert"], [aria-live="polite"]'));
        for (const node of addedNodes) {
          // A region that is added with its text is announced only if it is an alert.
          if (node instanceof Element) add(node.matches('[role="alert"]') ? node : node.querySelector('[role="alert"]'));
        }
      }
    }).observe(document, { subtree: true, childList: true, characterData: true, attributeFilter: ["hidden"] });
  });
  return () => page.evaluate(() => (window as Window & { announced?: string[] }).announced ?? []);
}
