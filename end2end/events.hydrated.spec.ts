// Clients of django-eventstream follow a room at `/events/`, unchanged: `ReconnectingEventSource`,
// which django-eventstream's own pages use, in a browser and outside of one.
import { join } from "node:path";
import type { APIRequestContext, Page } from "@playwright/test";
import { EventSource } from "eventsource";
import type { default as Client } from "reconnecting-eventsource";
import { expect, test } from "./support/test";

// Its type declares the import of the module, which is in the format of CommonJS.
const { default: ReconnectingEventSource } = require("reconnecting-eventsource") as { default: typeof Client };

test.use({
  settings: {
    RINGSIDE_OPEN_ROOMS: "true",
    RINGSIDE_MESSAGES_PER_MINUTE: "0",
    RINGSIDE_MESSAGES_PER_MINUTE_PER_ADDRESS: "0",
  },
});

const FILE = join(__dirname, "node_modules", "reconnecting-eventsource", "dist", "ReconnectingEventSource.min.js");
const NAMES = ["stream-open", "message", "stream-reset", "stream-error"];

let rooms = 0;
const newRoom = () => `events-${Date.now().toString(36)}-${++rooms}`;

/** Sends numbered messages as a program does. */
async function post(request: APIRequestContext, url: string, room: string, first: number, count: number): Promise<void> {
  for (let n = first; n < first + count; n++) {
    const sent = await request.post(`${url}/rooms/${room}/messages`, { data: { from: "bot", text: `message ${n}` } });
    expect(sent.status()).toBe(201);
  }
}

/** A client: the events that it has received, as `name: text`. */
interface Follower {
  received(): Promise<string[]>;
  close(): Promise<void>;
}

/** Follows `path` in a page. */
async function inBrowser(page: Page, url: string, path: string): Promise<Follower> {
  await page.addInitScript({ path: FILE });
  await page.goto(`${url}/login`);
  await page.evaluate(([path, names]) => {
    const global = window as unknown as { ReconnectingEventSource: typeof Client; received: string[]; source: Client };
    global.received = [];
    global.source = new global.ReconnectingEventSource(path as string, { max_retry_time: 200 });
    for (const name of names as string[]) {
      global.source.addEventListener(name, (event) => {
        const data = JSON.parse(event.data || "{}");
        global.received.push([name, data.text ?? data.channels ?? ""].join(": "));
      });
    }
  }, [path, NAMES] as const);
  return {
    received: () => page.evaluate("received") as Promise<string[]>,
    close: () => page.evaluate("source.close()"),
  };
}

/** Follows `path` outside of a browser. */
async function inNode(_page: Page, url: string, path: string): Promise<Follower> {
  const received: string[] = [];
  const source = new ReconnectingEventSource(url + path, {
    max_retry_time: 200,
    eventSourceClass: EventSource as unknown as typeof globalThis.EventSource,
  });
  for (const name of NAMES) {
    // `eventsource` dispatches its own `MessageEvent`, which is that of Node.
    source.addEventListener(name, (event: { data: string }) => {
      const data = JSON.parse(event.data || "{}");
      received.push([name, data.text ?? data.channels ?? ""].join(": "));
    });
  }
  return { received: async () => [...received], close: async () => source.close() };
}

const messages = async (follower: Follower) => (await follower.received()).filter((it) => it.startsWith("message: "));
const numbered = (count: number) => Array.from({ length: count }, (_, at) => `message: message ${at + 1}`);

for (const [where, follow] of [["in a browser", inBrowser], ["outside of a browser", inNode]] as const) {
  test(`client ${where} receives each message once, over restarts`, async ({ page, request, ringside, allowConsole }) => {
    allowConsole(/ERR_/, /Failed to load resource/);
    const room = newRoom();
    const follower = await follow(page, ringside.url, `/events/?channel=room-${room}`);
    await expect.poll(follower.received).toContain("stream-open: ");
    await post(request, ringside.url, room, 1, 3);
    await expect.poll(() => messages(follower)).toEqual(numbered(3));
    for (const kill of [false, true]) {
      await ringside.restart({ kill });
      const sent = (await messages(follower)).length;
      await post(request, ringside.url, room, sent + 1, 5);
      await expect.poll(() => messages(follower)).toEqual(numbered(sent + 5));
    }
    await follower.close();
  });

  test(`client ${where} gets an error for a channel that does not exist`, async ({ page, ringside }) => {
    const follower = await follow(page, ringside.url, "/events/?channel=nothing");
    await expect.poll(follower.received).toContainEqual(expect.stringContaining("stream-error: "));
    await follower.close();
  });
}

test("client that is too far behind gets a reset", async ({ page, request, ringside }) => {
  const room = newRoom();
  await post(request, ringside.url, room, 1, 1_005);
  const { last_event_id: end } = await (await request.get(`${ringside.url}/rooms/${room}/messages`)).json();
  const start = end.replace(/:(\d+)$/, (_: string, rev: string) => `:${Number(rev) - 1_002}`);
  const behind = await inNode(page, ringside.url, `/events/?channel=room-${room}&lastEventId=${start}`);
  await expect.poll(behind.received).toContain(`stream-reset: room-${room}`);
  await post(request, ringside.url, room, 1_006, 1);
  await expect.poll(() => messages(behind)).toEqual(["message: message 1006"]);
  await behind.close();
});
