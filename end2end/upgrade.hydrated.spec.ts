// The server is upgraded while an author types in a page of the previous build.
import { box, expectPublished, openComposer, outbox, stored } from "./support/composer";
import { expect, expectStatus, test, texts, updates, waitForFeed } from "./support/test";

test("text typed while the server is upgraded is posted once by the old page, which stays open", async ({
  author,
  newEntry,
  ringside,
  request,
  allowConsole,
}) => {
  allowConsole(/Failed to load resource/, /ERR_/);
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await page.evaluate(() => Object.assign(window, { isOld: true }));
  const reader = await author.context.newPage();
  await reader.goto(entry.url);
  await waitForFeed(reader);
  await box(page).pressSequentially("Typed before, ");
  let isUpgraded = false;
  const upgrading = ringside.upgrade().finally(() => (isUpgraded = true));
  try {
    let typed = "Typed before, ";
    while (!isUpgraded) {
      typed += "meanwhile, ";
      await box(page).pressSequentially("meanwhile, ", { delay: 5 });
    }
    const [before, after] = await upgrading;
    await box(page).pressSequentially("and afterwards.");
    typed += "and afterwards.";
    await expect(box(page)).toHaveValue(typed);
    await page.getByRole("button", { name: "Post", exact: true }).click();
    await expect(updates(page)).toHaveCount(1);
    await expect(outbox(page)).toHaveCount(0);
    expect(await page.evaluate(() => "isOld" in window)).toBe(true);
    await expect.poll(() => stored(page, "outbox")).toEqual([]);
    // A reader's page of the previous build shows it, and can still load that build's files.
    await expect(updates(reader)).toHaveCount(1);
    await expectStatus(reader, "live");
    for (const name of [before, after]) {
      expect((await request.get(`${ringside.url}/pkg/ringside.${name}.css`)).status()).toBe(200);
    }
    // The page of the new build has the rest of what was typed.
    await box(page).fill("begun in the old page");
    await page.reload();
    await expect(page.locator(`link[href*="${after}"]`)).toHaveCount(1);
    await expect(box(page)).toHaveValue("begun in the old page");
    await page.getByRole("button", { name: "Post", exact: true }).click();
    await expect(updates(page)).toHaveCount(2);
    expect(await texts(page)).toEqual([typed, "begun in the old page"]);
    await expectPublished(author.context, entry, [typed, "begun in the old page"]);
  } finally {
    await upgrading;
    await ringside.downgrade();
  }
});

test("update posted while the server is upgraded is published once", async ({ author, newEntry, ringside, allowConsole }) => {
  allowConsole(/Failed to load resource/, /ERR_/);
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  const opIds = new Set<string>();
  page.on("request", (request) => {
    if (request.url().endsWith("/fn/post_update")) opIds.add(request.postDataJSON().op_id);
  });
  await box(page).fill("posted meanwhile");
  // The first response is lost with the old server.
  await page.route(
    "**/fn/post_update",
    async (route) => {
      await route.fetch();
      await ringside.upgrade();
      return route.abort();
    },
    { times: 1 },
  );
  try {
    await page.getByRole("button", { name: "Post", exact: true }).click();
    await expect(page.getByText("Posted.")).toBeVisible();
    await expect(outbox(page)).toHaveCount(0);
    expect(opIds.size).toBe(1);
    await expectPublished(author.context, entry, ["posted meanwhile"]);
  } finally {
    await ringside.downgrade();
  }
});
