// The queue of held and reported messages, kept up to date in the page of a moderator.
import type { Page } from "@playwright/test";
import { messages, openRoom, sendMessage } from "./support/room";
import { expect, test } from "./support/test";

test.use({
  settings: {
    RINGSIDE_OPEN_ROOMS: "true",
    RINGSIDE_MESSAGES_PER_MINUTE: "0",
    RINGSIDE_MESSAGES_PER_MINUTE_PER_ADDRESS: "0",
  },
});

let rooms = 0;
const newRoom = (url: string) => `${url}/rooms/queue-${Date.now().toString(36)}-${++rooms}`;

const items = (page: Page) => page.locator(".queue-item");

/** Opens the queue of a room as a moderator. */
async function openQueue(page: Page, url: string, room: string): Promise<void> {
  await page.goto(`${url}/desk/moderation?room=${room.split("/").pop()}`);
  await expect(page.locator("#moderation-queue[data-hydrated]")).toBeAttached();
}

/** Reports the messages of the room in `page`. */
async function report(page: Page, room: string): Promise<void> {
  for (const message of await messages(page).all()) {
    const id = await message.getAttribute("data-message-id");
    expect((await page.request.post(`${room}/messages/${id}/report`, { data: { reason: "rude" } })).status()).toBe(204);
  }
}

test("queue shows reports as they come, and one key handles each", async ({ page, newContext, newMember, ringside }) => {
  const room = newRoom(ringside.url);
  await openRoom(page, room);
  for (const text of ["first", "second", "third"]) await sendMessage(page, text, "ann");
  await expect(messages(page).locator("xpath=self::*[@data-message-id]")).toHaveCount(3);

  const editor = await newMember("editor");
  const desk = await editor.context.newPage();
  await openQueue(desk, ringside.url, room);
  await expect(desk.getByText("No message is reported.")).toBeVisible();
  const other = await (await newContext()).newPage();
  await openRoom(other, room);
  await report(other, room);
  await expect(items(desk)).toHaveCount(3);
  await expect(desk.locator("#moderation-status")).toHaveText("3 messages wait for a moderator.");

  // Keys work for the message with the focus, which J gives to the first one.
  await desk.keyboard.press("j");
  await expect(items(desk).filter({ hasText: "first" }).first()).toBeFocused();
  await desk.keyboard.press("d");
  await expect(items(desk)).toHaveCount(2);
  await expect(messages(page)).toHaveText([/second/, /third/]);
  await expect(desk.locator(".queue-item:focus")).toHaveCount(1);
  await desk.keyboard.press("k");
  await desk.keyboard.press("j");
  await desk.keyboard.press("i");
  await expect(items(desk)).toHaveCount(1);
  await expect(messages(page)).toHaveText([/second/, /third/]);
  await desk.keyboard.press("i");
  await expect(items(desk)).toHaveCount(0);
  await expect(desk.getByText("No message is reported.")).toBeVisible();
});

test("queue of another moderator follows, and keeps the focus", async ({ page, newContext, newMember, ringside }) => {
  const room = newRoom(ringside.url);
  await openRoom(page, room);
  for (const text of ["first", "second"]) await sendMessage(page, text, "ann");
  await expect(messages(page).locator("xpath=self::*[@data-message-id]")).toHaveCount(2);
  const other = await (await newContext()).newPage();
  await openRoom(other, room);
  await report(other, room);

  const desks: Page[] = [];
  for (const _ of [1, 2]) {
    const desk = await (await newMember("editor")).context.newPage();
    await openQueue(desk, ringside.url, room);
    await expect(items(desk)).toHaveCount(2);
    desks.push(desk);
  }
  const [one, two] = desks as [Page, Page];
  await items(two).last().focus();
  const focused = await items(two).last().getAttribute("id");
  await items(one).first().focus();
  await one.keyboard.press("i");
  await expect(items(two)).toHaveCount(1);
  await expect(two.locator(".queue-item:focus")).toHaveAttribute("id", focused ?? "");
});

test("held message stays with its writer, and is published once", async ({ page, newContext, newMember, ringside }) => {
  const room = newRoom(ringside.url);
  await openRoom(page, room);
  await sendMessage(page, "first", "ann");
  await expect(messages(page)).toHaveCount(1);
  const editor = await newMember("editor");
  const desk = await editor.context.newPage();
  await desk.goto(`${ringside.url}/desk/moderation/rules`);
  const rules = desk.getByRole("listitem").filter({ has: desk.getByRole("link", { name: room.split("/").pop(), exact: true }) });
  await rules.getByLabel("Hold for a moderator").selectOption({ label: "Every message" });
  await rules.getByRole("button", { name: /^Save rules/ }).click();
  await expect(desk.getByText("Saved. The rules apply from now on.")).toBeVisible();

  await sendMessage(page, "second");
  const held = messages(page).filter({ hasText: "Waits for a moderator" });
  await expect(held).toHaveCount(1);
  await expect(held).toContainText("second");
  const other = await (await newContext()).newPage();
  await openRoom(other, room);
  await expect(messages(other)).toHaveCount(1);
  await openQueue(desk, ringside.url, room);
  await desk.keyboard.press("j");
  await desk.keyboard.press("a");
  for (const shown of [page, other]) {
    await expect(messages(shown).filter({ visible: true })).toHaveText([/first/, /second/]);
  }
  await expect(held.filter({ visible: true })).toHaveCount(0);
});

test("message stays in the queue while the server can't be reached", async ({ page, newContext, newMember, ringside, allowConsole }) => {
  allowConsole(/Failed to load resource|ERR_/);
  const room = newRoom(ringside.url);
  await openRoom(page, room);
  await sendMessage(page, "first", "ann");
  await expect(messages(page).locator("xpath=self::*[@data-message-id]")).toHaveCount(1);
  const other = await (await newContext()).newPage();
  await openRoom(other, room);
  await report(other, room);
  const desk = await (await newMember("editor")).context.newPage();
  await openQueue(desk, ringside.url, room);
  await desk.route("**/desk/moderation/messages/*", (route) => route.fulfill({ status: 502, body: "<h1>Bad gateway</h1>" }));
  await items(desk).first().focus();
  await desk.keyboard.press("d");
  await expect(desk.locator("#moderation-status")).toHaveText("The message was not handled. Try again.");
  await expect(items(desk)).toHaveCount(1);
  await expect(messages(page)).toHaveCount(1);
  await desk.unroute("**/desk/moderation/messages/*");
  await items(desk).first().focus();
  await desk.keyboard.press("d");
  await expect(items(desk)).toHaveCount(0);
  await expect(messages(page)).toHaveCount(0);
});
