// Accessibility checks. Each returns a list of its findings.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

/** Returns axe's violations, in the page's current colors. */
export async function axeViolations(page: Page): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ rules: { "target-size": { enabled: true } } });
  const { violations } = await axe.analyze();
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}

/** Returns touch targets lower than 44 CSS pixels, except links within a sentence. */
export function smallTargets(page: Page): Promise<string[]> {
  return page.locator("a:visible, button:visible, input:visible, select:visible, textarea:visible").evaluateAll((targets) =>
    targets
      .filter((target) => {
        const sentence = target.closest("p, h1, li, figcaption");
        const within = target.tagName === "A" && sentence && sentence.textContent?.trim() !== target.textContent?.trim();
        // `::after` may extend a target.
        const { top, bottom } = getComputedStyle(target, "::after");
        const more = -(Number.parseFloat(top) || 0) - (Number.parseFloat(bottom) || 0);
        return !within && !target.closest(".visually-hidden, .skip") && target.getBoundingClientRect().height + more < 44;
      })
      .map((target) => `${target.outerHTML.slice(0, 120)}: ${target.getBoundingClientRect().height} pixels high`),
  );
}

/**
 * Returns elements that extend beyond the window or overflow their own box, except scrollable ones.
 */
export function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} pixels wide, its window ${clientWidth}`);
    for (const node of document.querySelectorAll("body *")) {
      const { display, overflowX } = getComputedStyle(node);
      if (display === "none" || display === "inline" || node.closest(".visually-hidden, .skip, .table *")) continue;
      const { left, right, width } = node.getBoundingClientRect();
      const beyond = width > 0 && (left < -1 || right > clientWidth + 1);
      // Decoration, such as a highlight or an extended touch target, may overflow.
      const drawn = ["::before", "::after"].some((part) => getComputedStyle(node, part).position === "absolute");
      const overflows = overflowX === "visible" && !drawn && node.clientWidth > 0 && node.scrollWidth > node.clientWidth + 1;
      if (beyond || overflows) found.push(`${node.tagName} .${node.className}: ${node.textContent?.trim().slice(0, 60)}`);
    }
    return found;
  });
}

/** Enlarges text, as the browser's setting does. */
export async function enlargeText(page: Page, factor: number): Promise<void> {
  const size = 16 * factor;
  const session = await page.context().newCDPSession(page);
  await session.send("Page.enable");
  await session.send("Page.setFontSizes", { fontSizes: { standard: size, fixed: size } });
}
