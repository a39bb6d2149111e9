// The outbox: what an author posts is published exactly once, whatever happens to the network, the
// server, the browser and the session. Each test ends with the updates that readers see.
import type { Page, Route } from "@playwright/test";
import { addToOutbox, box, expectPublished, openComposer, outbox, postText, stored, unposted, waitUntilStored } from "./support/composer";
import { submit } from "./support/form";
import { type Entry, type Member, expect, test, texts, updates } from "./support/test";

const post = "**/fn/post_update";

test("text typed offline is posted when the network is back", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/Failed to load resource/, /ERR_INTERNET_DISCONNECTED/);
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await author.context.setOffline(true);
  await box(page).pressSequentially("typed in the tunnel");
  await waitUntilStored(page, "typed in the tunnel");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(outbox(page)).toContainText("typed in the tunnel");
  await expect(page.getByRole("status").filter({ hasText: "will be sent again automatically" })).toBeVisible();
  await author.context.setOffline(false);
  await expect(updates(page)).toHaveCount(1);
  await expect(outbox(page)).toHaveCount(0);
  await expectPublished(author.context, entry, ["typed in the tunnel"]);
});

test("three updates posted offline are published in order, once each", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/Failed to load resource/, /ERR_INTERNET_DISCONNECTED/);
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await author.context.setOffline(true);
  for (const text of ["one", "two", "three"]) await postText(page, text);
  await expect(outbox(page)).toHaveCount(3);
  await expect.poll(async () => (await stored(page, "outbox")).length).toBe(3);
  await author.context.setOffline(false);
  await expect(outbox(page)).toHaveCount(0);
  await expectPublished(author.context, entry, ["one", "two", "three"]);
});

test("update whose tab is closed while it is sent is published once by the next page", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  // The server publishes it, but no response arrives.
  await page.route(post, async (route) => {
    await route.fetch();
  });
  await postText(page, "sent as the tab was closed");
  await expect(updates(page)).toHaveCount(1);
  await page.close();
  const next = await openComposer(author.context, entry.url);
  await expect.poll(async () => (await stored(next, "outbox")).length).toBe(0);
  await expectPublished(author.context, entry, ["sent as the tab was closed"]);
});

test("update whose tab is closed before it is moved to the outbox is published once by the next page", async ({ author, newEntry, ringside }) => {
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await box(page).fill("the text");
  await waitUntilStored(page, "the text");
  // As long as another page has a transaction open, that of the composer waits.
  const other = await author.context.newPage();
  await other.goto(`${ringside.url}/login`);
  await other.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const opening = indexedDB.open("ringside");
        opening.onsuccess = () => {
          const store = opening.result.transaction(["texts", "outbox"], "readwrite").objectStore("texts");
          const hold = () => {
            store.get("nothing").onsuccess = hold;
            resolve();
          };
          hold();
        };
      }),
  );
  const sent = page.waitForRequest("**/fn/post_update");
  await page.route("**/fn/post_update", () => {});
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await sent;
  await page.close();
  await other.close();
  const next = await openComposer(author.context, entry.url);
  await expect(outbox(next)).toHaveCount(0);
  await expect(unposted(next)).toHaveCount(0);
  await expectPublished(author.context, entry, ["the text"]);
  await expect.poll(() => stored(next, "texts")).toEqual([]);
});

test("update is published once when the server is killed before it responds", async ({ author, newEntry, ringside, allowConsole }) => {
  allowConsole(/Failed to load resource/, /ERR_/);
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  let attempts = 0;
  await page.route(post, async (route) => {
    attempts += 1;
    if (attempts > 1) return route.continue();
    await route.fetch();
    await ringside.restart({ kill: true });
    return route.abort();
  });
  await postText(page, "committed, then killed");
  await expect.poll(() => attempts).toBeGreaterThan(1);
  await expect(outbox(page)).toHaveCount(0);
  await expectPublished(author.context, entry, ["committed, then killed"]);
});

test("update is published once when ten responses are lost", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const entry = await newEntry();
  const page = await author.context.newPage();
  await page.clock.install();
  await page.goto(entry.url);
  await box(page).waitFor();
  const opIds: string[] = [];
  await page.route(post, async (route) => {
    opIds.push(route.request().postDataJSON().op_id);
    const response = await route.fetch();
    if (opIds.length <= 10) return route.abort();
    return route.fulfill({ response });
  });
  await postText(page, "only once");
  await expect(async () => {
    await page.clock.runFor(31_000);
    expect(opIds.length).toBeGreaterThan(10);
  }).toPass({ timeout: 120_000 });
  await expect(outbox(page)).toHaveCount(0);
  expect(new Set(opIds).size).toBe(1);
  await expectPublished(author.context, entry, ["only once"]);
});

/** Responses that may replace the server's response to a post that it has published. */
const html = (status: number, body: string) => (route: Route) => route.fulfill({ status, contentType: "text/html", body });
const replacements: Record<string, (route: Route, body: string) => Promise<void>> = {
  "no response": (route) => route.abort(),
  "a 502 page": html(502, "<html><h1>502 Bad Gateway</h1></html>"),
  "a 504 page": html(504, "<html><h1>504 Gateway Time-out</h1></html>"),
  "a 503 in plain text": (route) => route.fulfill({ status: 503, contentType: "text/plain", body: "Too many requests" }),
  "a captive portal's page": html(200, "<html>Log in to the network</html>"),
  "a captive portal's redirect": (route) => route.fulfill({ status: 302, headers: { Location: "/login" } }),
  "an empty body": (route) => route.fulfill({ status: 200, contentType: "application/json", body: "" }),
  "a body that is cut off": (route, body) =>
    route.fulfill({ status: 200, contentType: "application/json", body: body.slice(0, -3) }),
};
for (const [name, replace] of Object.entries(replacements)) {
  test(`update whose response is replaced by ${name} is published once`, async ({ author, newEntry, allowConsole }) => {
    allowConsole(/Failed to load resource/, /ERR_FAILED/);
    const entry = await newEntry();
    const page = await openComposer(author.context, entry.url);
    const opIds: string[] = [];
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route(post, async (route) => {
      opIds.push(route.request().postDataJSON().op_id);
      const isFirst = opIds.length === 1;
      const response = await route.fetch();
      if (isFirst) return replace(route, await response.text());
      await released;
      return route.fulfill({ response });
    });
    await postText(page, "only once");
    const item = outbox(page);
    await expect(item).toContainText("only once");
    await expect(page.getByRole("status").filter({ hasText: "Your text is kept here and will be sent again automatically" })).toBeVisible();
    await expect.poll(() => opIds.length).toBeGreaterThan(1);
    release();
    await expect(page.getByText("Posted.")).toBeVisible();
    await expect(item).toHaveCount(0);
    expect(new Set(opIds).size).toBe(1);
    await expectPublished(author.context, entry, ["only once"]);
  });
}

test("after the session has expired, a login in the page sends the update", async ({ author, newEntry, ringside, allowConsole }) => {
  allowConsole(/401/);
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await submit(author.context.request, ringside.url, "/logout", {});
  await postText(page, "written before the login");
  const dialog = page.getByRole("dialog", { name: "Log in again" });
  await dialog.getByLabel("Password").fill("wrong");
  await dialog.getByRole("button", { name: "Log in" }).click();
  await expect(dialog.getByRole("alert")).toHaveText("The username or the password is wrong.");
  await dialog.getByLabel("Password").fill(author.password);
  await dialog.getByRole("button", { name: "Log in" }).click();
  await expect(dialog).toBeHidden();
  await expect(outbox(page)).toHaveCount(0);
  await expectPublished(author.context, entry, ["written before the login"]);
});

test("another account in the same browser neither sees nor sends the first one's words", async ({ newMember, newEntry, ringside, allowConsole }) => {
  allowConsole(/401/, /Failed to load resource/);
  const entry = await newEntry();
  const [ann, bob] = [await newMember("author"), await newMember("author")];
  const page = await openComposer(ann.context, entry.url);
  await page.route(post, (route) => route.abort());
  await postText(page, "posted by ann");
  await box(page).fill("typed by ann");
  await waitUntilStored(page, "typed by ann");
  const logIn = ({ name, password }: Member) => submit(ann.context.request, ringside.url, "/login", { username: name, password });
  await submit(ann.context.request, ringside.url, "/logout", {});
  await logIn(bob);
  // The page of the first account is still open, and its network is back.
  await page.unroute(post);
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await expect(page.getByText("Posting as")).toContainText(bob.name);
  await expect(box(page)).toHaveValue("");
  await expect(page.getByText("by ann")).toHaveCount(0);
  const other = await openComposer(ann.context, entry.url);
  await postText(other, "posted by bob");
  await expect(updates(other)).toHaveCount(1);
  await expectPublished(ann.context, entry, ["posted by bob"]);

  await submit(ann.context.request, ringside.url, "/logout", {});
  await logIn(ann);
  await page.close();
  await other.reload();
  await expect(updates(other)).toHaveCount(2);
  await expect(unposted(other)).toContainText("typed by ann");
  // Ann wrote first. Her update is placed by that time if it has waited for long.
  expect((await texts(other)).sort()).toEqual(["posted by ann", "posted by bob"]);
});

test("request of an account is refused while another one is logged in", async ({ newMember, newEntry, ringside, allowConsole }) => {
  allowConsole(/401/);
  const entry = await newEntry();
  const [ann, bob] = [await newMember("author"), await newMember("author")];
  const page = await openComposer(ann.context, entry.url);
  await submit(ann.context.request, ringside.url, "/login", { username: bob.name, password: bob.password });
  // The page does not know yet.
  await box(page).fill("ann's words");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page.getByText("Posting as")).toContainText(bob.name);
  await expect(page.getByText("ann's words")).toHaveCount(0);
  await expectPublished(ann.context, entry, []);
});

test("refused update can be edited, copied and discarded", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/422/);
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await postText(page, "<script>nothing visible</script>");
  const item = outbox(page);
  await expect(item).toContainText("Not published: This text has no visible content.");
  await page.reload();
  await expect(item).toContainText("Not published: This text has no visible content.");
  await item.getByRole("button", { name: "Copy" }).click();
  await expect(item.getByRole("button", { name: "Copied" })).toBeVisible();
  await item.getByRole("button", { name: "Edit" }).click();
  await expect(box(page)).toHaveValue("<script>nothing visible</script>");
  await expect(item).toHaveCount(0);
  await postText(page, "<style>nothing either</style>");
  await item.getByRole("button", { name: "Discard" }).click();
  await item.getByRole("button", { name: "Discard for good" }).click();
  await expect(item).toHaveCount(0);
  await expect.poll(() => stored(page, "outbox")).toEqual([]);
  await postText(page, "visible");
  await expectPublished(author.context, entry, ["visible"]);
});

test("author who takes back a text that may be published already is warned", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await author.context.route(post, async (route) => {
    await route.fetch();
    await route.abort();
  });
  await postText(page, "published, but the response is lost");
  const item = outbox(page);
  await item.getByRole("button", { name: "Edit" }).click();
  await expect(box(page)).toHaveValue("published, but the response is lost");
  await expect(page.getByRole("alert").filter({ hasText: "it may be published. Check the live blog" })).toBeVisible();
  await box(page).fill("");
  await expect(page.getByRole("alert").filter({ hasText: "it may be published" })).toBeHidden();
  await author.context.unroute(post);
  await expectPublished(author.context, entry, ["published, but the response is lost"]);
  await expect.poll(() => stored(page, "outbox")).toEqual([]);
});

test("two tabs of an entry keep two texts, also when one is a duplicate of the other", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const first = await openComposer(author.context, entry.url);
  await box(first).fill("text of the first tab");
  await waitUntilStored(first, "text of the first tab");
  // A window that a page opens gets a copy of its session storage, as a duplicated tab does.
  const opened = author.context.waitForEvent("page");
  await first.evaluate((url) => void window.open(url), entry.url);
  const second = await opened;
  await box(second).waitFor();
  await expect(box(second)).toHaveValue("");
  await expect(unposted(second)).toHaveCount(0);
  await box(second).fill("text of the second tab");
  await waitUntilStored(second, "text of the second tab");
  await box(second).fill("");
  await postText(second, "posted from the second tab");
  for (const page of [first, second]) await page.reload();
  await expect(box(first)).toHaveValue("text of the first tab");
  await expect(box(second)).toHaveValue("");
  await postText(first, "posted from the first tab");
  await expectPublished(author.context, entry, ["posted from the second tab", "posted from the first tab"]);
});

test("text of a closed tab is offered, and continued", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const first = await openComposer(author.context, entry.url);
  await box(first).fill("left behind");
  await waitUntilStored(first, "left behind");
  await first.close();
  const page = await openComposer(author.context, entry.url);
  await expect(box(page)).toHaveValue("");
  await box(page).fill("begun here");
  await unposted(page).getByRole("button", { name: "Continue" }).click();
  await expect(box(page)).toHaveValue("left behind");
  await expect(box(page)).toBeFocused();
  await expect(unposted(page)).toContainText("begun here");
  await postText(page, "left behind");
  await unposted(page).getByRole("button", { name: "Discard" }).click();
  await unposted(page).getByRole("button", { name: "Discard for good" }).click();
  await expect(unposted(page)).toHaveCount(0);
  await expectPublished(author.context, entry, ["left behind"]);
});

test("another tab takes over when the tab that sends is closed", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const entry = await newEntry();
  const first = await openComposer(author.context, entry.url);
  const second = await openComposer(author.context, entry.url);
  await first.route(post, (route) => route.abort());
  await postText(first, "handed over");
  await expect(outbox(second)).toContainText("handed over");
  await first.close();
  await expect(updates(second)).toHaveCount(1);
  await expectPublished(author.context, entry, ["handed over"]);
});

test("without storage, the author is warned, and the update is published", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await author.context.newPage();
  await page.addInitScript(() => {
    Object.defineProperty(window, "indexedDB", {
      get: () => {
        throw new DOMException("blocked", "SecurityError");
      },
    });
  });
  await page.goto(entry.url);
  await expect(page.getByRole("alert").filter({ hasText: "This browser does not store drafts." })).toBeVisible();
  await postText(page, "not stored anywhere");
  await expect(updates(page)).toHaveCount(1);
  await expectPublished(author.context, entry, ["not stored anywhere"]);
});

test("with a full storage, the author is warned, and the update is published", async ({ author, newEntry, ringside }) => {
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  const session = await author.context.newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin: ringside.url, quotaSize: 1 });
  await box(page).fill("x".repeat(20_000));
  await expect(page.getByRole("alert").filter({ hasText: "The browser's storage is full" })).toBeVisible();
  await postText(page, "published from memory");
  await expect(updates(page)).toHaveCount(1);
  await expectPublished(author.context, entry, ["published from memory"]);
});

test("storage of a newer version is reported, and the update is published", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const opening = indexedDB.open("ringside", 1000);
        opening.onsuccess = () => {
          opening.result.close();
          resolve();
        };
      }),
  );
  await page.reload();
  await expect(page.getByRole("alert").filter({ hasText: "stored by a newer version of Ringside" })).toBeVisible();
  await postText(page, "published nevertheless");
  await expectPublished(author.context, entry, ["published nevertheless"]);
});

for (const hours of [-24, -1, 1, 24]) {
  test(`update written offline is placed by the server's time when the browser's clock is ${hours} hours off`, async ({
    author,
    newEntry,
    allowConsole,
  }) => {
    allowConsole(/Failed to load resource/, /ERR_/);
    const entry = await newEntry();
    const page = await author.context.newPage();
    await page.addInitScript((offset) => {
      const now = Date.now;
      Date.now = () => now() + offset;
    }, hours * 3_600_000);
    await page.goto(entry.url);
    await box(page).waitFor();
    await author.context.setOffline(true);
    await postText(page, "written in the tunnel");
    await author.context.setOffline(false);
    await expect(outbox(page)).toHaveCount(0);
    await postText(page, "written after it");
    await expect(updates(page)).toHaveCount(2);
    const times = await updates(page).evaluateAll((cards) => cards.map((card) => Number(card.getAttribute("data-posted-at"))));
    for (const time of times) expect(Math.abs(time / 1000 - Date.now())).toBeLessThan(600_000);
    await expectPublished(author.context, entry, ["written in the tunnel", "written after it"]);
  });
}

test("text changed just before the page is reloaded is kept", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await box(page).fill("typed at the last moment");
  await page.reload();
  await expect(box(page)).toHaveValue("typed at the last moment");
  await postText(page, "typed at the last moment");
  await page.reload();
  await expect(box(page)).toHaveValue("");
  await expectPublished(author.context, entry, ["typed at the last moment"]);
});

test("text that an earlier release stored is continued", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  const account = (await (await page.request.post("/fn/whoami", { data: {}, headers: { Origin: new URL(entry.url).origin } })).json()).id;
  const number = await page.locator("#live-updates").getAttribute("data-entry-id");
  await page.evaluate(
    ([key]) => localStorage.setItem(key as string, JSON.stringify({ source: "typed before the upgrade", headline: "Old", sent_as: null, sent_at: null, unanswered: 0 })),
    [`ringside-draft-${account}-${number}`],
  );
  await page.reload();
  await expect(box(page)).toHaveValue("typed before the upgrade");
  await expect(page.getByRole("textbox", { name: "Headline" })).toHaveValue("Old");
  await page.reload();
  await expect(box(page)).toHaveValue("typed before the upgrade");
  await postText(page, "typed before the upgrade");
  await expectPublished(author.context, entry, ["typed before the upgrade"]);
});

test("server restarted while the author types loses nothing", async ({ author, newEntry, ringside, allowConsole }) => {
  allowConsole(/Failed to load resource/, /ERR_/);
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await box(page).pressSequentially("typed before, ");
  await ringside.restart();
  await box(page).pressSequentially("and after the restart");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(updates(page)).toHaveCount(1);
  await expectPublished(author.context, entry, ["typed before, and after the restart"]);
});

test("many waiting requests are counted, and all are sent in order", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await page.route(post, (route) => route.abort());
  await postText(page, "number 0");
  await expect.poll(async () => (await stored(page, "outbox")).length).toBe(1);
  await addToOutbox(page, Array.from({ length: 129 }, (_, n) => `number ${n + 1}`));
  await page.reload();
  await expect(outbox(page)).toHaveCount(20);
  await expect(page.getByText("And 110 more.")).toBeVisible();
  await page.unroute(post);
  await page.reload();
  await expect.poll(async () => (await stored(page, "outbox")).length, { timeout: 120_000 }).toBe(0);
  await expectPublished(author.context, entry, Array.from({ length: 130 }, (_, n) => `number ${n}`));
});

/** Opens a page of an origin that is not secure: plain http, and another name than localhost. */
async function openInsecure(page: Page, entry: Entry, author: Member): Promise<void> {
  const url = new URL(entry.url);
  url.hostname = "ringside.test";
  await page.goto(`${url.origin}/login?next=${url.pathname}`);
  await page.getByLabel("Username").fill(author.name);
  await page.getByLabel("Password").fill(author.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.goto(url.href);
  await box(page).waitFor();
  expect(await page.evaluate(() => [isSecureContext, "locks" in navigator])).toEqual([false, false]);
}

test("on plain http, without Web Locks, two tabs keep two texts, and one takes over from the other", async ({
  author,
  newEntry,
  allowConsole,
}) => {
  allowConsole(/Failed to load resource/, /Cross-Origin-Opener-Policy header has been ignored/);
  const entry = await newEntry();
  const first = await author.context.newPage();
  await openInsecure(first, entry, author);
  await box(first).fill("text of the first tab");
  await waitUntilStored(first, "text of the first tab");
  await first.reload();
  await expect(box(first)).toHaveValue("text of the first tab");
  const opened = author.context.waitForEvent("page");
  await first.evaluate(() => void window.open(location.href));
  const second = await opened;
  await box(second).waitFor();
  await expect(box(second)).toHaveValue("");
  await second.route(post, (route) => route.abort());
  await postText(second, "handed over");
  await expect(outbox(first)).toContainText("handed over");
  await second.close();
  await expect(updates(first)).toHaveCount(1);
  await postText(first, "text of the first tab");
  await expectPublished(author.context, entry, ["handed over", "text of the first tab"]);
});
