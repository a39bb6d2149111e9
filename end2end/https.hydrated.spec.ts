// The composer behind https, on a host that is not this machine's own name: there its storage, its
// locks and its cookies depend on the secure context.
import { box, expectPublished, outbox, postText, stored, waitUntilStored } from "./support/composer";
import { expect, test as base, updates } from "./support/test";
import { TlsProxy } from "./support/tls";

const test = base.extend<{ tls: TlsProxy }>({
  tls: async ({}, use) => {
    const proxy = await TlsProxy.create();
    await use(proxy);
    proxy.close();
  },
});

test("behind https, what is typed, posted and posted offline is published once each", async ({
  tls,
  author,
  newEntry,
  newServer,
  newContext,
  allowConsole,
}) => {
  allowConsole(/Failed to load resource/, /ERR_/);
  const entry = await newEntry();
  await tls.forwardTo((await newServer({ RINGSIDE_PUBLIC_URL: tls.url })).url);
  const context = await newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(`${tls.url}/login`);
  await page.getByLabel("Username").fill(author.name);
  await page.getByLabel("Password").fill(author.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("heading", { name: "Your desk" })).toBeVisible();
  const cookies = await context.cookies();
  expect(cookies.filter(({ name }) => name === "__Host-ringside").map(({ secure }) => secure)).toEqual([true]);

  await page.goto(`${tls.url}/entries/${entry.slug}`);
  await box(page).waitFor();
  expect(await page.evaluate(() => [isSecureContext, "locks" in navigator])).toEqual([true, true]);
  await box(page).pressSequentially("typed, and kept");
  await waitUntilStored(page, "typed, and kept");
  await page.reload();
  await expect(box(page)).toHaveValue("typed, and kept");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(updates(page)).toHaveCount(1);

  await context.setOffline(true);
  await postText(page, "posted offline");
  await expect(outbox(page).filter({ hasText: "posted offline" })).toContainText("You are offline.");
  await expect.poll(async () => (await stored(page, "outbox")).length).toBe(1);
  await context.setOffline(false);
  await expect(updates(page)).toHaveCount(2);
  await expect(outbox(page)).toHaveCount(0);
  await expect.poll(() => stored(page, "outbox")).toEqual([]);
  await expect.poll(() => stored(page, "texts")).toEqual([]);
  await expectPublished(author.context, entry, ["typed, and kept", "posted offline"]);
});
