// What keeps somebody out of a page; each answers a list of what it found.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

/** What axe complains of, in the colours that the page has now. */
export async function axeViolations(page: Page): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ rules: { "target-size": { enabled: true } } });
  const { violations } = await axe.analyze();
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}

/** What is too small for a finger: lower than 44 CSS pixels. A link within a sentence may be. */
export function smallTargets(page: Page): Promise<string[]> {
  return page.locator("a:visible, button:visible, input:visible, select:visible, textarea:visible").evaluateAll((targets) =>
    targets
      .filter((target) => {
        const sentence = target.closest("p, h1, li, figcaption");
        const within = target.tagName === "A" && sentence && sentence.textContent?.trim() !== target.textContent?.trim();
        // A target may be larger than it looks.
        const { top, bottom } = getComputedStyle(target, "::after");
        const more = -(Number.parseFloat(top) || 0) - (Number.parseFloat(bottom) || 0);
        return !within && !target.closest(".visually-hidden, .skip") && target.getBoundingClientRect().height + more < 44;
      })
      .map((target) => `${target.outerHTML.slice(0, 120)}: ${target.getBoundingClientRect().height} pixels high`),
  );
}

/** What reaches beyond the window's edge, or is cut off in its own box; what is scrolled in its place does neither. */
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
      // What is only drawn, such as a wash or the reach of a finger, may stand out.
      const drawn = ["::before", "::after"].some((part) => getComputedStyle(node, part).position === "absolute");
      const standsOut = overflowX === "visible" && !drawn && node.clientWidth > 0 && node.scrollWidth > node.clientWidth + 1;
      if (beyond || standsOut) found.push(`${node.tagName} .${node.className}: ${node.textContent?.trim().slice(0, 60)}`);
    }
    return found;
  });
}

/** Makes text larger, as a browser's setting does. */
export async function enlargeText(page: Page, factor: number): Promise<void> {
  const size = 16 * factor;
  const session = await page.context().newCDPSession(page);
  await session.send("Page.enable");
  await session.send("Page.setFontSizes", { fontSizes: { standard: size, fixed: size } });
}
