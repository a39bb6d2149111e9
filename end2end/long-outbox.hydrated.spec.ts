// An outbox that has grown for a week without a network.
import type { Route } from "@playwright/test";
import { addToOutbox, box, countOutbox, expectPublished, openComposer, outbox, postText, stored } from "./support/composer";
import { expect, test, updates } from "./support/test";

const post = "**/fn/post_update";

test("with 10,000 waiting requests the page is usable, another live blog is posted to, and they are sent in order", async ({
  author,
  newEntry,
  ringside,
  allowConsole,
}) => {
  allowConsole(/Failed to load resource/);
  test.setTimeout(600_000);
  const [COUNT, SENT] = [10_000, 150];
  const [entry, other] = [await newEntry({ title: "The waiting one" }), await newEntry({ title: "The other one" })];
  const page = await openComposer(author.context, entry.url);
  await author.context.route(post, (route) => route.abort());
  await postText(page, "number 0");
  await expect.poll(() => countOutbox(page)).toBe(1);
  await addToOutbox(page, Array.from({ length: COUNT - 1 }, (_, n) => `number ${n + 1}`));
  await page.reload();
  await box(page).waitFor();
  await expect(outbox(page)).toHaveCount(20);
  await expect(outbox(page).first()).toContainText("number 0");
  await expect(page.getByText("And 9980 more.")).toBeVisible();
  await box(page).pressSequentially("typed with a full outbox");
  await expect(box(page)).toHaveValue("typed with a full outbox");

  // One more, at the end: of another live blog, whose requests do not wait for those of this one.
  const desk = await openComposer(author.context, other.url);
  await postText(desk, "one more");
  await expect.poll(() => countOutbox(desk)).toBe(COUNT + 1);
  await author.context.unroute(post);
  await desk.evaluate(() => dispatchEvent(new Event("online")));
  await expectPublished(author.context, other, ["one more"]);
  // More than are loaded at once.
  await expect.poll(() => countOutbox(page), { timeout: 300_000 }).toBeLessThan(COUNT - SENT);
  await expect(box(page)).toHaveValue("typed with a full outbox");

  const remaining = await countOutbox(page);
  const number = await page.locator("#live-updates").getAttribute("data-entry-id");
  const { updates: published } = await (await page.request.get(`${ringside.url}/updates/${number}.json`)).json();
  expect(published.length).toBeGreaterThan(SENT);
  for (const [at, update] of published.entries()) expect(update.content).toContain(`>number ${at}<`);
  expect(published.length + remaining, "none is lost").toBeGreaterThanOrEqual(COUNT);
});

test("requests behind a hundred refused ones are sent", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await page.route(post, (route) => route.abort());
  await postText(page, "first");
  await expect.poll(() => countOutbox(page)).toBe(1);
  const refused = Array.from({ length: 230 }, (_, n) => `<script>nothing visible ${n}</script>`);
  await addToOutbox(page, [...refused, "second", "third"]);
  await page.unroute(post);
  await page.reload();
  await expect.poll(() => countOutbox(page), { timeout: 120_000 }).toBe(refused.length);
  await expectPublished(author.context, entry, ["first", "second", "third"]);
  // After a reload, a new one is sent as well.
  await page.reload();
  await expect(outbox(page).first()).toContainText("Not published");
  await page.route(post, (route) => route.abort());
  await postText(page, "fourth");
  await expect.poll(() => countOutbox(page)).toBe(refused.length + 1);
  await page.unroute(post);
  await page.reload();
  await expectPublished(author.context, entry, ["first", "second", "third", "fourth"]);
  await expect(updates(page)).toHaveCount(4);
  const waiting = (await stored(page, "outbox")).map(({ refusal }) => refusal);
  expect(waiting.filter((refusal) => !refusal)).toEqual([]);
});

test("requests behind a hundred of another live blog, which can't be sent, are sent", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const [stuck, other] = [await newEntry(), await newEntry()];
  const page = await openComposer(author.context, stuck.url);
  const offline = (route: Route) => route.abort();
  await author.context.route(post, offline);
  await postText(page, "number 0");
  await expect.poll(() => countOutbox(page)).toBe(1);
  await addToOutbox(page, Array.from({ length: 150 }, (_, n) => `number ${n + 1}`));
  const next = await openComposer(author.context, other.url);
  await postText(next, "not delayed");
  await expect.poll(() => countOutbox(next)).toBe(152);
  // Registered before the other ends, so that no request gets through in between.
  await author.context.route(post, (route) => (route.request().postDataJSON().slug === stuck.slug ? route.abort() : route.continue()));
  await author.context.unroute(post, offline);
  await page.close();
  await next.reload();
  await expectPublished(author.context, other, ["not delayed"]);
  await expect.poll(() => countOutbox(next)).toBe(151);
  await author.context.unroute(post);
  await next.reload();
  await expect.poll(() => countOutbox(next), { timeout: 120_000 }).toBe(0);
  await expectPublished(author.context, stuck, Array.from({ length: 151 }, (_, n) => `number ${n}`));
});
