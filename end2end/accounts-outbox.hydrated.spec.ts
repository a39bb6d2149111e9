// Several accounts in one browser: the requests of each are sent while it is logged in.
import type { BrowserContext, Page } from "@playwright/test";
import { box, expectPublished, openComposer, outbox, postText, stored } from "./support/composer";
import { submit } from "./support/form";
import { type Member, expect, test, texts, updates } from "./support/test";

const post = "**/fn/post_update";

/** Logs an account in, in place of another one, in another tab as it were. */
async function logIn(context: BrowserContext, origin: string, { name, password }: Member): Promise<void> {
  await submit(context.request, origin, "/logout", {});
  await submit(context.request, origin, "/login", { username: name, password });
}

/** Returns to a page, which then shows the composer of the account that is logged in. */
async function returnTo(page: Page, { name }: Member): Promise<void> {
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await expect(page.getByText("Posting as")).toContainText(name);
}

/** Returns the texts of the requests in the browser's storage. */
const waiting = async (page: Page) => (await stored(page, "outbox")).map(({ request }) => (request as { source: string }).source);

test("when accounts take turns in a page, each one's waiting requests are sent, and no other", async ({
  newMember,
  newEntry,
  ringside,
  allowConsole,
}) => {
  allowConsole(/401/, /Failed to load resource/);
  const entry = await newEntry();
  const [ann, bob] = [await newMember("author"), await newMember("author")];
  const { context } = ann;
  const page = await openComposer(context, entry.url);
  await page.route(post, (route) => route.abort());
  await postText(page, "waiting of ann");
  await expect.poll(() => waiting(page)).toEqual(["waiting of ann"]);
  await logIn(context, ringside.url, bob);
  await returnTo(page, bob);
  await expect(outbox(page)).toHaveCount(0);
  await postText(page, "waiting of bob");
  await expect.poll(() => waiting(page)).toEqual(["waiting of ann", "waiting of bob"]);
  await logIn(context, ringside.url, ann);
  await returnTo(page, ann);
  await expect(outbox(page)).toHaveText([/waiting of ann/]);
  await logIn(context, ringside.url, bob);
  await page.unroute(post);
  await returnTo(page, bob);
  await expect.poll(() => waiting(page)).toEqual(["waiting of ann"]);
  await expectPublished(context, entry, ["waiting of bob"]);
  await logIn(context, ringside.url, ann);
  await returnTo(page, ann);
  await expect(updates(page)).toHaveCount(2);
  await expect.poll(() => waiting(page)).toEqual([]);
  // By the time of its writing, if it has waited for long.
  expect((await texts(page)).sort()).toEqual(["waiting of ann", "waiting of bob"]);
});

for (const isSecure of [true, false]) {
  test(`waiting requests are sent while the page of another account is open${isSecure ? "" : ", on plain http"}`, async ({
    newMember,
    newEntry,
    ringside,
    allowConsole,
  }) => {
    allowConsole(/401/, /Failed to load resource/, /Cross-Origin-Opener-Policy header has been ignored/);
    const created = await newEntry();
    const [ann, bob] = [await newMember("author"), await newMember("author")];
    const { context } = ann;
    // Browsers have Web Locks only in secure contexts, such as on 127.0.0.1.
    const origin = isSecure ? ringside.url : ringside.url.replace("127.0.0.1", "ringside.test");
    const url = `${origin}/entries/${created.slug}`;
    const logInHere = async ({ name, password }: Member) => {
      const page = await context.newPage();
      await context.clearCookies();
      await page.goto(`${origin}/login`);
      await page.getByLabel("Username").fill(name);
      await page.getByLabel("Password").fill(password);
      await page.getByRole("button", { name: "Log in" }).click();
      await expect(page.getByRole("heading", { name: "Your desk" })).toBeVisible();
      await page.close();
    };
    await logInHere(bob);
    const before = await openComposer(context, url);
    await before.route(post, (route) => route.abort());
    await postText(before, "waiting of bob");
    await expect.poll(() => waiting(before)).toEqual(["waiting of bob"]);
    await before.close();

    // The page of the first account sends its requests, and stays open in the background.
    await logInHere(ann);
    const background = await openComposer(context, url);
    await postText(background, "posted by ann");
    await expect(updates(background)).toHaveCount(1);
    await logInHere(bob);
    const page = await openComposer(context, url);
    await expect.poll(() => waiting(page)).toEqual([]);
    await expect(updates(page)).toHaveCount(2);
    await expect(background.getByText("Posting as")).toContainText(ann.name);
    await expect(box(background)).toBeVisible();
    expect((await texts(page)).sort()).toEqual(["posted by ann", "waiting of bob"]);
  });
}

test("after a logout, the page without a composer does not keep requests from being sent", async ({ newMember, newEntry, ringside, allowConsole }) => {
  allowConsole(/401/, /Failed to load resource/);
  const entry = await newEntry();
  const ann = await newMember("author");
  const { context } = ann;
  const page = await openComposer(context, entry.url);
  await page.route(post, (route) => route.abort());
  await postText(page, "before the logout");
  await expect.poll(() => waiting(page)).toEqual(["before the logout"]);
  await submit(context.request, ringside.url, "/logout", {});
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await submit(context.request, ringside.url, "/login", { username: ann.name, password: ann.password });
  const next = await openComposer(context, entry.url);
  await expect.poll(() => waiting(next)).toEqual([]);
  await expectPublished(context, entry, ["before the logout"]);
});
