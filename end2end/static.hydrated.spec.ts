// Pages in browsers that run scripts but can't load the islands' code.
import type { Page, Route } from "@playwright/test";
import { expect, expectStatus, test, texts, updates, waitForFeed } from "./support/test";

/** The browser's messages about code that can't be loaded. */
const LOAD_ERRORS = /WebAssembly|wasm|Failed to load resource|ERR_|Failed to fetch|dynamically imported|Content Security Policy/;

const note = (page: Page) => page.locator(".static-note");

const withoutWebAssembly = (page: Page) => page.addInitScript("delete globalThis.WebAssembly");

/** Ways in which code can be missing. */
const variants: Record<string, (page: Page) => Promise<unknown>> = {
  "a browser without WebAssembly": withoutWebAssembly,
  "a policy that forbids WebAssembly": (page) =>
    page.route(/\/(entries\/.+|live)?$/, async (route) => {
      const response = await route.fetch();
      const policy = response.headers()["content-security-policy"]?.replace("'wasm-unsafe-eval'", "");
      await route.fulfill({ response, headers: { ...response.headers(), "content-security-policy": policy ?? "" } });
    }),
  "missing wasm": (page) => page.route("**/pkg/*.wasm", (route) => route.fulfill({ status: 404, body: "" })),
  "a missing script": (page) => page.route("**/pkg/*.js", (route) => route.fulfill({ status: 404, body: "" })),
  "wasm that never arrives": (page) => page.route("**/pkg/*.wasm", () => {}),
  "a script that never arrives": (page) => page.route("**/pkg/*.js", () => {}),
};

for (const [name, apply] of Object.entries(variants)) {
  test(`with ${name}, a page shows that it does not update automatically, with working links`, async ({ page, newEntry, post, allowConsole }) => {
    allowConsole(LOAD_ERRORS);
    const entry = await newEntry();
    await post(entry.slug, "first");
    await apply(page);
    await page.goto(entry.url, { waitUntil: "commit" });
    await expect(note(page)).toBeVisible();
    await expect(note(page)).toHaveText("This page does not update automatically.");
    await expect(page.getByText("Connecting…")).toHaveCount(0);
    await expect(page.getByRole("status")).toHaveText("This page does not update automatically.");
    await expect(page.getByRole("button", { name: /first$/ }), "no button without effect").toHaveCount(0);
    await expect(page.getByRole("link", { name: "Post update" }), "only for authors").toHaveCount(0);

    await post(entry.slug, "second");
    await page.getByRole("link", { name: "Refresh" }).click();
    await expect(updates(page)).toHaveCount(2);
    await expect(note(page)).toBeVisible();
    await page.getByRole("link", { name: "Show latest first" }).click();
    await expect(page).toHaveURL(/order=latest$/);
    await expect(note(page)).toBeVisible();
    expect(await texts(page)).toEqual(["second", "first"]);
  });
}

for (const path of ["/", "/live"]) {
  test(`without WebAssembly, ${path} shows that it does not update automatically`, async ({ page, allowConsole }) => {
    allowConsole(LOAD_ERRORS);
    await withoutWebAssembly(page);
    await page.goto(path);
    await expect(note(page)).toBeVisible();
    await expect(page.getByRole("link", { name: "Refresh" })).toHaveAttribute("href", path);
  });
}

test("without WebAssembly, an author gets a link to the composer's own page", async ({ author, newEntry, allowConsole }) => {
  allowConsole(LOAD_ERRORS);
  const entry = await newEntry();
  const page = await author.context.newPage();
  await withoutWebAssembly(page);
  await page.goto(entry.url);
  await page.getByRole("link", { name: "Post update" }).click();
  await expect(page).toHaveURL(`${entry.url}/compose`);
  await page.getByRole("textbox", { name: "Update" }).fill("Posted without WebAssembly.");
  await page.getByRole("button", { name: "Post" }).click();
  await expect(page.getByText("Posted.")).toBeVisible();
  await page.goto(entry.url);
  await expect(updates(page)).toHaveText(/Posted without WebAssembly\./);
});

test("code that arrives late hydrates the page, and removes the sentence", async ({ page, newEntry, post }) => {
  const entry = await newEntry();
  const pending: Route[] = [];
  await page.route("**/pkg/*.wasm", (route) => void pending.push(route));
  await page.goto(entry.url);
  await expect(note(page)).toBeVisible();
  await Promise.all(pending.map((route) => route.continue()));
  await waitForFeed(page);
  await expect(note(page)).toBeHidden();
  await expectStatus(page, "live");
  await expect(page.locator(".connection-status")).toHaveText("Updates arrive automatically");
  await expect(page.getByRole("status")).toHaveText("");
  await expect(page.getByRole("link", { name: "Refresh" })).toBeHidden();
  await post(entry.slug, "an arrival");
  await expect(updates(page)).toHaveText(/an arrival/);
});
