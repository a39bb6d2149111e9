// Pages that a translator or an extension has changed, before or after hydration.
import type { Page } from "@playwright/test";
import { expect, expectStatus, idOf, test, updates, waitForFeed } from "./support/test";

/** When a translator runs, and whether it continues with later changes. */
type When = "before" | "after" | "before, and continues" | "after, and continues";

/** Translates the page as Chrome does: wraps each text in two elements, with another text. */
function translatePage(continues: boolean): void {
  const translate = (root: Node) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found: Text[] = root instanceof Text ? [root] : [];
    while (walker.nextNode()) found.push(walker.currentNode as Text);
    for (const text of found) {
      const parent = text.parentElement;
      if (!parent || !text.data.trim() || parent.closest("font, script, style, textarea")) continue;
      const [outer, inner] = [document.createElement("font"), document.createElement("font")];
      inner.textContent = `«${text.data}»`;
      outer.append(inner);
      text.replaceWith(outer);
    }
  };
  document.documentElement.classList.add("translated-ltr");
  translate(document.body);
  if (!continues) return;
  const observer = new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) translate(node);
  });
  observer.observe(document.body, { subtree: true, childList: true });
}

async function open(page: Page, url: string, when: When): Promise<void> {
  const continues = when.endsWith("continues");
  if (when.startsWith("before")) {
    // The hydration script waits for the same event, and runs after this listener.
    await page.addInitScript(`document.addEventListener("DOMContentLoaded", () => (${translatePage})(${continues}))`);
  }
  await page.goto(url);
  await expect(page.locator("[data-hydrated]")).toBeAttached();
  if (when.startsWith("after")) await page.evaluate(translatePage, continues);
}

for (const when of ["before", "after", "before, and continues", "after, and continues"] as const) {
  test(`translated entry page (${when}) shows new updates, edits and deletions once`, async ({ newContext, newEntry, post, send }) => {
    const page = await (await newContext({ timezoneId: "Asia/Tokyo" })).newPage();
    const entry = await newEntry();
    for (const text of ["alpha", "beta", "gamma"]) await post(entry.slug, text);
    await open(page, entry.url, when);
    await expectStatus(page, "live");
    await expect(page.locator(".connection-status")).toHaveText(/^«?Updates arrive automatically»?$/);
    await expect(updates(page).first()).toContainText("«alpha»");

    await post(entry.slug, "delta");
    await expect(updates(page)).toHaveCount(4);
    await expect(updates(page).last().locator(".prose")).toHaveText(when.endsWith("continues") ? "«delta»" : "delta");
    const id = await idOf(page, "beta");
    await send(`/desk/updates/${id}`, { source: "beta, edited", headline: "" });
    await expect(page.locator(`#update-${id} .prose`)).toHaveText(/^«?beta, edited»?$/);
    await expect(page.locator(`#update-${id}`)).toContainText(/edited/);
    await send(`/desk/updates/${await idOf(page, "gamma")}/delete`);
    await expect(updates(page)).toHaveCount(3);

    await page.locator("#feed-order").click();
    await expect(updates(page).first()).toContainText("delta");
    await expect(updates(page)).toHaveCount(3);
    const time = updates(page).first().locator("time").first();
    const before = await time.innerText();
    await page.locator("#feed-zone").click();
    await expect(time).not.toHaveText(before);
    await send(`/desk/entries/${entry.slug}/end`);
    await expectStatus(page, "ended");
    await expect(page.locator("#entry-state")).toHaveText(/^«?Ended»?$/);
  });

  test(`translated front page and /live (${when}) show new updates and deletions`, async ({ page, newEntry, post, send, ringside }) => {
    const entry = await newEntry();
    await post(entry.slug, "before");
    await open(page, `${ringside.url}/live`, when);
    await expectStatus(page, "live");
    const front = await page.context().newPage();
    await open(front, `${ringside.url}/`, when);
    await expectStatus(front, "live");
    const news = `News of ${entry.slug}`;
    await post(entry.slug, news);
    await expect(updates(page).filter({ hasText: news })).toHaveCount(1);
    await expect(front.getByRole("listitem").filter({ hasText: news })).toHaveCount(1);
    await send(`/desk/updates/${await idOf(page, news)}/delete`);
    await expect(updates(page).filter({ hasText: news })).toHaveCount(0);
    await expect(front.getByRole("listitem").filter({ hasText: news })).toHaveCount(0);
  });
}

test("elements inserted by an extension into each island do no harm", async ({ author, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "before");
  const page = await author.context.newPage();
  await page.addInitScript(() =>
    document.addEventListener("DOMContentLoaded", () => {
      for (const root of document.querySelectorAll("leptos-island, .live-bar, .live-bar > *")) {
        for (const put of ["prepend", "append"] as const) root[put](Object.assign(document.createElement("div"), { className: "ext" }));
      }
    }),
  );
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  await page.getByRole("textbox", { name: "Update" }).fill("from the composer");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(updates(page)).toHaveCount(2);
  await page.getByRole("button", { name: "Show latest first" }).click();
  await expect(updates(page).first()).toContainText("from the composer");
});

test("failing island does not stop the others", async ({ author, newEntry, post, allowConsole }) => {
  allowConsole(/broken on purpose/);
  const entry = await newEntry();
  const page = await author.context.newPage();
  // The composer's island is hydrated first, and throws.
  await page.addInitScript(() => {
    const find = Document.prototype.getElementById;
    Document.prototype.getElementById = function (id) {
      if (id === "composer-host") throw new Error("broken on purpose");
      return find.call(this, id);
    };
  });
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  await post(entry.slug, "an arrival");
  await expect(updates(page)).toHaveText(/an arrival/);
});
