// Checks that nothing that people typed runs as a script.
import { expect, type Page } from "@playwright/test";

/** Records each violation of the content security policy in a page. */
export async function watchViolations(page: Page): Promise<void> {
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      (window as { violations?: string[] }).violations ??= [];
      (window as { violations?: string[] }).violations?.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
}

/** Moves the pointer, the focus and the view over the page, and expects that nothing ran. */
export async function expectHarmless(page: Page, place: string): Promise<void> {
  await page.evaluate(async () => {
    for (const element of document.querySelectorAll("main *, dialog *")) {
      for (const type of ["pointerenter", "mouseover", "focus", "input"]) element.dispatchEvent(new Event(type, { bubbles: true }));
    }
    scrollTo(0, document.body.scrollHeight);
    await new Promise((resolve) => setTimeout(resolve));
  });
  const found = await page.evaluate(() => {
    const links = [...document.querySelectorAll("a[href], form[action], [src], [data]")].flatMap((element) =>
      ["href", "action", "src", "data", "xlink:href"].map((name) => element.getAttribute(name) ?? ""),
    );
    return {
      xss: (window as { xss?: unknown }).xss,
      violations: (window as { violations?: string[] }).violations ?? [],
      handlers: [...document.querySelectorAll("*")].flatMap((element) => element.getAttributeNames().filter((name) => name.startsWith("on"))),
      links: links.filter((link) => /^[\s\u0000-\u001f]*(javascript|data|vbscript|blob):/i.test(link)),
    };
  });
  expect(found, place).toEqual({ xss: undefined, violations: [], handlers: [], links: [] });
}
