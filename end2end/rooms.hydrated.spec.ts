// Rooms in which readers chat: beside the updates of an entry, and on their own pages.
import type { APIRequestContext } from "@playwright/test";
import { axeViolations } from "./support/accessibility";
import { messageTexts, messages, openChat, openRoom, sendMessage, waitForRoom, withChat } from "./support/room";
import { expect, test, updates, waitForFeed } from "./support/test";

test.use({
  settings: {
    RINGSIDE_POLL_INTERVAL_MS: "500",
    RINGSIDE_OPEN_ROOMS: "true",
    RINGSIDE_MESSAGES_PER_MINUTE: "0",
    RINGSIDE_MESSAGES_PER_MINUTE_PER_ADDRESS: "0",
  },
});

let rooms = 0;

/** Returns the address of a room that no other test uses. */
const newRoom = (url: string) => `${url}/rooms/test-${Date.now().toString(36)}-${++rooms}`;

/** Sends messages as a program does. Returns their ids. */
async function post(request: APIRequestContext, room: string, texts: string[], from = "bot"): Promise<number[]> {
  const ids: number[] = [];
  for (const text of texts) {
    const response = await request.post(`${room}/messages`, { data: { from, text } });
    expect(response.status(), await response.text()).toBe(201);
    ids.push((await response.json()).id);
  }
  return ids;
}

const numbered = (count: number, first = 1) => Array.from({ length: count }, (_, at) => `message ${first + at}`);

for (const [transport, status] of [
  ["sse", "live"],
  ["websocket", "live"],
  ["poll", "polling"],
] as const) {
  test(`message reaches other pages over ${transport}, and its deletion too`, async ({ page, newContext, ringside }) => {
    const room = newRoom(ringside.url);
    const other = await (await newContext()).newPage();
    await openRoom(page, `${room}?transport=${transport}`, status);
    await openRoom(other, `${room}?transport=${transport}`, status);
    await expect(page.getByText("No messages yet.")).toBeVisible();

    await sendMessage(page, "Hello!", "ann");
    await expect(messages(page)).toHaveText([/ann.*Hello!/]);
    await expect(messages(other)).toHaveText([/ann.*Hello!/]);
    await expect(other.getByText("No messages yet.")).toBeHidden();
    await sendMessage(other, "Hi, ann.", "bob");
    await expect(messages(page)).toHaveText([/Hello!/, /bob.*Hi, ann\./]);
    await expect(messages(other)).toHaveText([/Hello!/, /Hi, ann\./]);
    await expect(page.locator(".is-pending")).toHaveCount(0);

    const id = await messages(page).first().getAttribute("data-message-id");
    expect((await page.request.delete(`${room}/messages/${id}`)).status()).toBe(204);
    await expect(messages(other)).toHaveText([/Hi, ann\./]);
    await expect(messages(page)).toHaveText([/Hi, ann\./]);
  });
}

test("message is shown at once, and sent once when responses are lost", async ({ page, newContext, ringside, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const room = newRoom(ringside.url);
  const other = await (await newContext()).newPage();
  await openRoom(page, room);
  await openRoom(other, room);
  let attempts = 0;
  await page.route("**/messages", async (route) => {
    attempts += 1;
    if (attempts === 1) {
      // The server carries it out, and neither the response nor the cookie arrives.
      await route.fetch();
      return route.abort();
    }
    if (attempts === 2) return route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" });
    if (attempts === 3) return route.fulfill({ status: 200, contentType: "text/html", body: "<h1>Log in to the wifi</h1>" });
    return route.fallback();
  });
  await sendMessage(page, "one", "ann");
  await expect(messages(page)).toHaveText([/one/]);
  await sendMessage(page, "two");
  await expect(messages(page)).toHaveText([/one/, /two/]);
  await expect(messages(other)).toHaveText([/ann.*one/, /ann.*two/]);
  await expect(page.locator(".is-pending")).toHaveCount(0);
  await page.reload();
  await waitForRoom(page);
  await expect(messages(page)).toHaveText([/one/, /two/]);
});

test("text that was not sent survives a reload, and is sent once", async ({ page, ringside, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const room = newRoom(ringside.url);
  await openRoom(page, room);
  await page.route("**/messages", (route) => route.abort());
  await sendMessage(page, "waiting", "ann");
  await expect(page.getByText("Not sent yet. Retrying…")).toBeVisible();
  await page.getByRole("textbox", { name: "Message" }).fill("half a sent");
  await page.unroute("**/messages");
  await page.reload();
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue("half a sent");
  await expect(messages(page)).toHaveText([/ann.*waiting/]);
  await expect(page.locator(".is-pending")).toHaveCount(0);
  await page.reload();
  await waitForRoom(page);
  await expect(messages(page)).toHaveText([/ann.*waiting/]);
  await expect(page.getByRole("textbox", { name: "Name" }), "remembered").toHaveValue("ann");
});

test("refused text stays in the box, with the reason", async ({ page, ringside, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const room = newRoom(ringside.url);
  await openRoom(page, room);
  const box = page.getByRole("textbox", { name: "Message" });
  const long = "x".repeat(2_001);
  await sendMessage(page, long, "ann");
  await expect(page.locator(".room-note")).toContainText("maximum is 2000");
  await expect(box).toHaveValue(long);
  await expect(messages(page)).toHaveCount(0);

  // A box with another text keeps it.
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/messages", async (route) => {
    await released;
    await route.fallback();
  });
  await page.getByRole("button", { name: "Send" }).click();
  await box.fill("the next one");
  release();
  await expect(messages(page).locator(".message-state")).toContainText("maximum is 2000");
  await expect(box).toHaveValue("the next one");
  await page.getByRole("button", { name: "Edit" }).click();
  await expect(page.locator(".room-note")).toContainText("Send or delete the text in the box first.");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(messages(page).filter({ hasText: "the next one" })).toBeVisible();
  await page.getByRole("button", { name: "Edit" }).click();
  await expect(box).toHaveValue(long);
  await expect(messages(page)).toHaveText([/the next one/]);

});

test("name of somebody else is refused, and the text stays", async ({ page, newContext, ringside, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const room = newRoom(ringside.url);
  const other = await (await newContext()).newPage();
  for (const each of [other, page]) await openRoom(each, room);
  for (const text of ["mine", "mine, too"]) await sendMessage(other, text, "bob");
  await expect(messages(page)).toHaveText([/mine/, /mine, too/]);
  await sendMessage(page, "not mine", "bob");
  await expect(page.getByRole("textbox", { name: "Message" })).toHaveValue("not mine");
  await expect(page.getByRole("textbox", { name: "Name" })).toBeFocused();
  await expect(page.locator(".room-note")).not.toBeEmpty();
  await sendMessage(page, "not mine", "carol");
  await expect(messages(other)).toHaveText([/mine/, /mine, too/, /carol.*not mine/]);
});

test("room without its code is a page with a form", async ({ page, ringside, request, allowConsole }) => {
  allowConsole(/WebAssembly|wasm|Failed to load resource|Failed to fetch|ERR_/);
  const room = newRoom(ringside.url);
  await post(request, room, ["before"]);
  await page.route("**/pkg/*.wasm", (route) => route.abort());
  await page.goto(room);
  await expect(page.locator(".static-note")).toBeVisible();
  await sendMessage(page, "from a form", "ann");
  await expect(messages(page)).toHaveText([/before/, /from a form/]);
  await expect(page.getByRole("textbox", { name: "Name" })).toHaveValue("ann");
});

test("message needs a name", async ({ page, ringside }) => {
  await openRoom(page, newRoom(ringside.url));
  await page.getByRole("textbox", { name: "Message" }).fill("hello");
  await page.getByRole("textbox", { name: "Message" }).press("Enter");
  await expect(page.locator(".room-note")).toHaveText("Enter a name first.");
  await expect(page.getByRole("textbox", { name: "Name" })).toBeFocused();
  await page.getByRole("textbox", { name: "Name" }).fill("ann");
  await page.getByRole("textbox", { name: "Message" }).press("Shift+Enter");
  await page.getByRole("textbox", { name: "Message" }).pressSequentially("second line");
  await page.getByRole("textbox", { name: "Message" }).press("Enter");
  await expect(messages(page)).toHaveText([/hello\s*second line/]);
});

test("Enter that an input method handles sends nothing", async ({ page, ringside }) => {
  await openRoom(page, newRoom(ringside.url));
  await page.getByRole("textbox", { name: "Name" }).fill("ann");
  const box = page.getByRole("textbox", { name: "Message" });
  await box.fill("へんかん");
  // Safari reports the end of a composition before the key that ended it.
  for (const handled of [{ isComposing: true }, { keyCode: 229 }]) await box.dispatchEvent("keydown", { key: "Enter", ...handled });
  await expect(box).toHaveValue("へんかん");
  await box.fill("変換");
  await box.press("Enter");
  await expect(messages(page)).toHaveText([/変換/]);
});

test("older messages are loaded on demand, and move nothing", async ({ page, ringside, request }) => {
  const room = newRoom(ringside.url);
  await post(request, room, numbered(120));
  await openRoom(page, room);
  await expect(messages(page)).toHaveCount(50);
  expect(await messageTexts(page)).toEqual(numbered(50, 71));
  const list = page.locator("#room-messages");
  await list.evaluate((it) => it.scrollTo(0, 0));
  const first = page.getByText("message 71", { exact: true });
  const before = await first.boundingBox();
  await page.getByRole("link", { name: "Older messages" }).click();
  await expect(messages(page)).toHaveCount(100);
  // A list scrolls by whole pixels.
  expect(Math.abs(((await first.boundingBox())?.y ?? 0) - (before?.y ?? 0))).toBeLessThan(2);
  await page.getByRole("link", { name: "Older messages" }).click();
  await expect(messages(page)).toHaveCount(120);
  expect(await messageTexts(page)).toEqual(numbered(120));
  await expect(page.getByRole("link", { name: "Older messages" })).toBeHidden();
});

test("list follows its end only while the reader is there, and remembers what is read", async ({ page, newContext, ringside, request }) => {
  const room = newRoom(ringside.url);
  await post(request, room, numbered(40));
  await openRoom(page, room);
  const list = page.locator("#room-messages");
  const fromEnd = () => list.evaluate((it) => it.scrollHeight - it.scrollTop - it.clientHeight);
  expect(await fromEnd()).toBeLessThan(3);
  await post(request, room, ["at the end"]);
  await expect(page.getByText("at the end", { exact: true })).toBeInViewport();
  await expect(page.locator(".unread")).toBeHidden();

  await list.evaluate((it) => it.scrollTo(0, 200));
  await expect.poll(() => list.evaluate((it) => it.scrollTop)).toBe(200);
  await post(request, room, numbered(30, 101));
  await expect(page.getByRole("button", { name: "30 new messages" })).toBeVisible();
  expect(await list.evaluate((it) => it.scrollTop), "nothing moves").toBe(200);
  const [deleted] = await post(request, room, ["soon gone"]);
  await expect(page.getByRole("button", { name: "31 new messages" })).toBeVisible();
  expect((await request.delete(`${room}/messages/${deleted}`)).status()).toBe(204);
  await expect(page.getByRole("button", { name: "30 new messages" })).toBeVisible();

  // The next visit begins where the reader left.
  const again = await (await newContext({ storageState: await page.context().storageState() })).newPage();
  await openRoom(again, room);
  await expect(again.locator(".unread-line")).toBeInViewport();
  await expect(again.getByText("message 101", { exact: true })).toBeInViewport();

  await page.getByRole("button", { name: "30 new messages" }).click();
  await expect(page.locator(".unread-line")).toBeInViewport();
  await expect(page.getByText("message 101", { exact: true })).toBeInViewport();
  await list.evaluate((it) => it.scrollTo(0, it.scrollHeight));
  await expect(page.locator(".unread")).toBeHidden();
});

test("page of a room continues after a restart, and after a reset", async ({ page, ringside, request, allowConsole }) => {
  allowConsole(/Failed to load resource/, /WebSocket/, /ERR_/);
  const room = newRoom(ringside.url);
  await post(request, room, ["before"]);
  await openRoom(page, room);
  await ringside.stop();
  await ringside.start();
  await post(request, room, ["after the restart"]);
  await expect(messages(page)).toHaveText([/before/, /after the restart/]);
  await ringside.stop();
  await ringside.cli(["repair", "revisions"]);
  await ringside.start();
  await post(request, room, ["after the reset"]);
  await expect(messages(page)).toHaveText([/before/, /after the restart/, /after the reset/]);
});

test("panel beside the updates opens, closes, and moves nothing", async ({ page, newEntry, post: update, send, ringside, request }) => {
  const entry = await newEntry();
  for (let n = 0; n < 12; n++) await update(entry.slug, `update ${n}. ${"A sentence about it. ".repeat(12)}`);
  await send(`/desk/entries/${entry.slug}/edit`, withChat(entry, "open"));
  await page.setViewportSize({ width: 1280, height: 720 });
  const requests: string[] = [];
  page.on("request", (sent) => requests.push(sent.url()));
  await page.goto(entry.url);
  await waitForFeed(page);
  expect(requests.filter((url) => url.includes("split_rooms"))).toEqual([]);
  const id = await page.locator("#live-updates").getAttribute("data-entry-id");
  const room = `${ringside.url}/rooms/entry-${id}`;
  await post(request, room, ["before"]);

  const card = updates(page).nth(3);
  const width = (await card.boundingBox())?.width;
  await openChat(page);
  await expect(messages(page)).toHaveText([/before/]);
  await expect(page.getByRole("complementary", { name: "Chat" })).toBeVisible();
  expect((await card.boundingBox())?.width).toBe(width);
  await sendMessage(page, "from the panel", "ann");
  await expect(messages(page)).toHaveText([/before/, /from the panel/]);
  await update(entry.slug, "an update beside it");
  await expect(updates(page)).toContainText(["an update beside it"]);

  await page.keyboard.press("Escape");
  await expect(page.getByRole("complementary", { name: "Chat" })).toBeHidden();
  await post(request, room, ["while closed"]);
  const tab = page.getByRole("button", { name: "Chat · 1 new" });
  await tab.click();
  await expect(page.getByText("while closed")).toBeVisible();
  await expect(page).toHaveURL(entry.url);
});

test("panel covers the updates on a phone, and the back button returns to their place", async ({ page, newEntry, post: update, send, request, ringside }) => {
  const entry = await newEntry();
  for (let n = 0; n < 12; n++) await update(entry.slug, `update ${n}. ${"A sentence about it. ".repeat(12)}`);
  await send(`/desk/entries/${entry.slug}/edit`, withChat(entry, "open"));
  await page.setViewportSize({ width: 390, height: 700 });
  await page.goto(entry.url);
  await waitForFeed(page);
  await openChat(page);
  await expect(updates(page).first()).toBeHidden();
  await page.goBack();
  await expect(updates(page).first()).toBeVisible();
  await expect(page).toHaveURL(entry.url);

  await page.evaluate("scrollTo(0, 900)");
  const id = await page.locator("#live-updates").getAttribute("data-entry-id");
  await post(request, `${ringside.url}/rooms/entry-${id}`, ["one", "two"]);
  await page.getByRole("button", { name: "Chat · 2 new" }).click();
  await expect(messages(page)).toHaveText([/one/, /two/]);
  await page.getByRole("button", { name: "Updates" }).click();
  await expect(updates(page).first()).toBeVisible();
  expect(await page.evaluate("scrollY")).toBe(900);
});

test("20 messages a second on a phone: announced in batches, politely, and nothing is inaccessible", async ({ page, ringside, request }) => {
  await page.setViewportSize({ width: 390, height: 700 });
  const room = newRoom(ringside.url);
  await post(request, room, ["first"]);
  await openRoom(page, room);
  const region = page.locator(".room-announcements");
  await expect(region).toHaveAttribute("role", "status");
  await region.evaluate((element) => {
    const spoken: { at: number; text: string }[] = [];
    Object.assign(window, { spoken });
    new MutationObserver(() => {
      if (element.textContent) spoken.push({ at: performance.now(), text: element.textContent });
    }).observe(element, { childList: true, characterData: true, subtree: true });
  });
  const start = Date.now();
  const sent: Promise<number[]>[] = [];
  for (let n = 1; n <= 100; n++) {
    sent.push(post(request, room, [`message ${n}`]));
    await page.waitForTimeout(Math.max(0, start + n * 50 - Date.now()));
    if (n === 50) expect(await axeViolations(page)).toEqual([]);
  }
  await Promise.all(sent);
  await expect(messages(page)).toHaveCount(101);
  const spoken = () => page.evaluate(() => (window as unknown as { spoken: { at: number; text: string }[] }).spoken);
  const announced = async () => (await spoken()).reduce((sum, { text }) => sum + Number(text.match(/^\d+/)?.[0] ?? 1), 0);
  await expect.poll(announced).toBe(100);
  const times = (await spoken()).map(({ at }) => at);
  for (const [at, time] of times.entries()) {
    const before = times[at - 1];
    if (before !== undefined) expect(time - before, "milliseconds between two announcements").toBeGreaterThan(1_500);
  }
  expect(await axeViolations(page)).toEqual([]);
});

test("stand-alone room shows times in the reader's zone", async ({ newContext, ringside, request }) => {
  const room = newRoom(ringside.url);
  await post(request, room, ["first"]);
  const page = await (await newContext({ timezoneId: "America/New_York" })).newPage();
  await openRoom(page, room);
  await post(request, room, ["second"]);
  await expect(messages(page)).toHaveCount(2);
  for (const time of await messages(page).locator("time").all()) await expect(time).toHaveAttribute("title", /E[SD]T$/);
});

test("page of an entry's room leads to its live blog", async ({ page, newEntry, send, ringside }) => {
  const entry = await newEntry();
  await send(`/desk/entries/${entry.slug}/edit`, withChat(entry, "open"));
  await page.goto(entry.url);
  const room = await page.getByRole("link", { name: "Chat", exact: true }).getAttribute("href");
  await page.goto(`${ringside.url}${room}`);
  await page.getByRole("link", { name: "Live blog", exact: true }).click();
  await expect(page).toHaveURL(entry.url);
});

test("chat that is switched on, read-only or off changes open pages", async ({ page, newContext, newEntry, send, post: update }) => {
  const entry = await newEntry();
  await update(entry.slug, "the first update");
  await page.goto(entry.url);
  await waitForFeed(page);
  await expect(page.getByRole("link", { name: "Chat", exact: true })).toHaveCount(0);
  await send(`/desk/entries/${entry.slug}/edit`, withChat(entry, "open"));
  await openChat(page);
  const other = await (await newContext()).newPage();
  await other.goto(entry.url);
  await expect(other.getByRole("link", { name: "Chat", exact: true })).toBeVisible();

  await send(`/desk/entries/${entry.slug}/edit`, withChat(entry, "read_only"));
  await expect(page.locator(".room").getByText("This room is read-only at the moment.").first()).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Message" })).toBeHidden();
  await send(`/desk/entries/${entry.slug}/edit`, withChat(entry, "open"));
  await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
  await send(`/desk/entries/${entry.slug}/edit`, withChat(entry, "off"));
  await expect(other.getByRole("link", { name: "Chat", exact: true })).toHaveCount(0);
});

test("author quotes a message in the composer with one click", async ({ author, newEntry, send, request, ringside }) => {
  const entry = await newEntry();
  await send(`/desk/entries/${entry.slug}/edit`, withChat(entry, "open"));
  const page = await author.context.newPage();
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.goto(entry.url);
  const box = page.getByRole("textbox", { name: "Update" });
  await box.fill("A reader writes:");
  const id = await page.locator("#live-updates").getAttribute("data-entry-id");
  await post(request, `${ringside.url}/rooms/entry-${id}`, ["*I* was there. <b>It was loud.</b>"], "ann_b");
  await openChat(page);
  await messages(page).getByRole("button", { name: "Quote" }).click();
  await expect(box).toBeFocused();
  await page.getByRole("button", { name: "Post", exact: true }).click();
  const quotation = updates(page).locator("blockquote");
  await expect(quotation).toContainText("*I* was there. <b>It was loud.</b>");
  await expect(quotation).toContainText("— ann_b, in the chat");
  await expect(updates(page)).toContainText(["A reader writes:"]);
});

test("nothing in names and messages runs", async ({ page, ringside, request }) => {
  const room = newRoom(ringside.url);
  const hostile = ["<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "<svg/onload=alert(1)>", "javascript:alert(1)"];
  page.on("dialog", (dialog) => {
    throw new Error(`a script ran: ${dialog.message()}`);
  });
  await openRoom(page, room);
  for (const [at, text] of hostile.entries()) await post(request, room, [text], `<b>${at}`);
  await sendMessage(page, hostile[0] as string, "<i>me");
  await expect(messages(page)).toHaveCount(hostile.length + 1);
  expect(await messageTexts(page)).toEqual([...hostile, hostile[0]]);
  await expect(page.locator("#room-messages :is(img, script, svg, b, i)")).toHaveCount(0);
});
