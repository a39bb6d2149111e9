// A server with all kinds of content, for the specs that visit every page: screenshots and
// accessibility.
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { APIRequest, APIRequestContext } from "@playwright/test";
import { submit } from "./form";
import { FOREIGN } from "./languages";
import { Ringside } from "./ringside";
import { type Entry, test as base } from "./test";

export { expect } from "@playwright/test";

/** The storage of an author's browser after login. */
type Login = Awaited<ReturnType<APIRequestContext["storageState"]>>;

/** An update: its headline, which may be empty, and its text. */
type UpdateText = [headline: string, source: string];

/** The updates of an ordinary day. */
const STORY: UpdateText[] = [
  ["The gates are open", "People have been queueing around the block since noon. **Gates** opened ten minutes early, to cheers."],
  ["", "Sound check is over. The band is backstage, and somebody is handing out oranges."],
  ["Kick-off", "We are under way. The away side in white, attacking the river end.\n\n> The cheers reached the bridge.\n\nThe first chance falls to Okafor, and goes *just* wide."],
  ["", "A long spell of nothing much. See [the line-ups](https://example.org/line-ups) if you have just joined."],
  ["1–0!", "Okafor again, and this time it is in. A corner, a scramble, a toe.\n\n| | Shots | Corners |\n| --- | --- | --- |\n| Home | 4 | 3 |\n| Away | 2 | 0 |"],
  ["", "Half-time. We will be back in fifteen minutes."],
];

/** What readers write in a chat. */
const CHAT = [
  "Greetings from the north bank!",
  "That was never a corner. See https://example.org/replay for the angle from behind the goal.",
  "Okafor again. Of course.",
  "Does anybody know whether the last ferry waits for extra time?\nIt did last year.",
  "It does: the harbour office has it open until half past eleven.",
];

const COLUMNS = ["Constituency", "Seats", "Turnout", "Blue list", "Green list", "White list", "Independents", "Spoilt papers"];
const PARAGRAPH =
  "The hall is full to the last row, and the entrance has been closed behind those who did not find a seat. On the stage a table, " +
  "five chairs, a jug of water that nobody touches. The returning officer reads the figures slowly, district after district, and at " +
  "each pause the room draws breath.";

/** All that an author may write. */
const EVERYTHING: UpdateText[] = [
  ["What the returning officer announced, and what it means for the districts beyond the river", `${PARAGRAPH}\n\n${PARAGRAPH}\n\n${PARAGRAPH}`],
  ["", "Goal."],
  [
    "",
    "## In this update\n\nA list:\n\n- one\n- two, with `inline code`\n  - and one below it\n- three\n\n1. first\n2. second\n\n### And a rule\n\n---\n\n" +
      "> A quote.\n>\n> > And a quote in it.\n\n~~Struck out~~, and <kbd>Ctrl</kbd>, H<sub>2</sub>O, <mark>marked</mark>.",
  ],
  ["", `| ${COLUMNS.join(" | ")} |\n|${" --- |".repeat(COLUMNS.length)}\n| Riverside and the harbour | 12 | 71.3 % | 40,112 | 38,907 | 12,640 | 1,204 | 88 |\n| Old town | 3 | 64.0 % | 9,310 | 9,988 | 2,101 | 640 | 12 |`],
  ["", `\`\`\`\ncurl --fail --silent --show-error --header "Accept: application/json" "https://example.org/updates/3.json?since=1207"\nexit 0\n\`\`\``],
  [`Un${"believably".repeat(9)}`, `https://example.org/${"a-very-long-address/".repeat(8)} and ${"w".repeat(120)}`],
  ["", '<figure><img src="/favicon.svg" alt="Two circles, one in the other" width="640" height="640"><figcaption>The sign above the entrance. Photograph: Ann.</figcaption></figure>'],
];

/** A server for entries, a server without data, and an author with a session on both. */
export class Fixture {
  private constructor(
    readonly ringside: Ringside,
    readonly blank: Ringside,
    /** The storage of the author's browser, by the server's origin. */
    readonly logins: ReadonlyMap<string, Login>,
    private readonly author: APIRequestContext,
    private readonly request: APIRequest,
  ) {}

  static async build(request: APIRequest): Promise<Fixture> {
    const [ringside, blank] = await Promise.all([
      Ringside.launch({ RINGSIDE_POLL_INTERVAL_MS: "500", RINGSIDE_MESSAGES_PER_MINUTE_PER_ADDRESS: "0" }),
      Ringside.launch(),
    ]);
    const authors = await Promise.all([ringside, blank].map((server) => newAuthor(server, request)));
    const logins = new Map<string, Login>();
    for (const [server, author] of [[ringside, authors[0]], [blank, authors[1]]] as const) {
      if (author) logins.set(server.url, await author.storageState());
    }
    return new Fixture(ringside, blank, logins, authors[0] as APIRequestContext, request);
  }

  /** Creates an entry with a unique slug, and posts `updates` to it. */
  async newEntry({
    title = "Cup final: the river derby",
    summary = "",
    state = "live",
    order = "oldest",
    language = "en",
    updates = [] as UpdateText[],
  } = {}): Promise<Entry> {
    const slug = `entry-${randomUUID().slice(0, 8)}`;
    const flags = { slug, title, summary, state, order, language, "time-zone": "Europe/Paris" };
    await this.ringside.cli(["entry", "create", ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])]);
    for (const [headline, source] of updates) await this.post(slug, source, headline);
    return { slug, url: `${this.ringside.url}/entries/${slug}` };
  }

  /** Creates an entry with an ordinary day's updates. */
  newStory(order: "oldest" | "latest" = "oldest"): Promise<Entry> {
    return this.newEntry({ summary: "Ninety minutes by the water, and a cup at the end of them.", order, updates: STORY });
  }

  /**
   * Creates an entry that began two days ago, with updates on three days and one edited a day
   * later.
   */
  async newStoryOfDays(): Promise<Entry> {
    const entry = await this.newStory();
    const day = 24n * 60n * 60n * 1_000_000n;
    for (const [at, days] of [2n, 2n, 1n, 1n, 0n, 0n].entries()) {
      await this.ringside.sql(
        `UPDATE updates SET posted_at = posted_at - ${days * day}, edited_at = ${at === 0 ? `posted_at - ${day}` : "NULL"} WHERE id =
         (SELECT id FROM updates WHERE entry_id = (SELECT id FROM entries WHERE slug = '${entry.slug}') ORDER BY id LIMIT 1 OFFSET ${at})`,
      );
    }
    await this.ringside.sql(`UPDATE entries SET starts_at = starts_at - ${2n * day} WHERE slug = '${entry.slug}'`);
    // A change of the time zone renders all cards again.
    await this.send(`/desk/entries/${entry.slug}/edit`, { title: "Three days by the river", slug: entry.slug, time_zone: "Europe/London" });
    return entry;
  }

  /** Creates an entry in another language. */
  newForeign(name: string): Promise<Entry> {
    return this.newEntry(FOREIGN[name]);
  }

  /** Creates an entry with all that an author may write. */
  newEverything(): Promise<Entry> {
    return this.newEntry({ title: "Election night", updates: EVERYTHING });
  }

  /**
   * Creates an entry with a chat, in which readers have written `texts`. Returns it, and the
   * address of its room.
   */
  async newChat(texts: string[] = CHAT): Promise<Entry & { room: string }> {
    const entry = await this.newStory();
    await this.send(`/desk/entries/${entry.slug}/edit`, { title: "Cup final: the river derby", slug: entry.slug, time_zone: "Europe/Paris", chat: "open" });
    const html = await (await this.author.get(entry.url)).text();
    const room = `${this.ringside.url}/rooms/entry-${/data-entry-id="(\d+)"/.exec(html)?.[1]}`;
    const readers = ["Okwu", "marta_k", "山田"];
    for (const [at, text] of texts.entries()) {
      const reader = await this.request.newContext();
      const sent = await reader.post(`${room}/messages`, { data: { from: `${readers[at % 3]} ${entry.slug.slice(-3)}${at}`, text } });
      if (!sent.ok()) throw new Error(await sent.text());
      await reader.dispose();
    }
    return { ...entry, room };
  }

  /** Reports the last message of a room, as a reader. */
  async report(room: string, reason: string): Promise<void> {
    const reader = await this.request.newContext();
    const { messages } = await (await reader.get(`${room}/messages`)).json();
    const reported = await reader.post(`${room}/messages/${messages.at(-1).id}/report`, { data: { reason } });
    if (!reported.ok()) throw new Error(await reported.text());
    await reader.dispose();
  }

  async post(slug: string, source: string, headline = ""): Promise<void> {
    await this.send(`/entries/${slug}/compose`, { source, headline, op_id: randomUUID() });
  }

  /** Submits a plain form as the author. */
  async send(path: string, form: Record<string, string> = {}): Promise<void> {
    await submit(this.author, this.ringside.url, path, form);
  }

  async dispose(): Promise<void> {
    await this.author.dispose();
    await Promise.all([this.ringside.dispose(), this.blank.dispose()]);
  }
}

async function newAuthor(server: Ringside, request: APIRequest): Promise<APIRequestContext> {
  const [username, password] = ["ann", randomUUID()];
  const file = join(server.folder, "ann.password");
  await writeFile(file, password, { mode: 0o600 });
  // An editor can do what an author can, and moderate.
  await server.cli(["account", "create", "--name", username, "--role", "editor", "--password-file", file]);
  const author = await request.newContext();
  await submit(author, server.url, "/login", { username, password });
  return author;
}

/** The specs' `test`, with a `fixture` per worker. */
export const test = base.extend<object, { fixture: Fixture }>({
  fixture: [
    async ({ playwright }, use) => {
      const fixture = await Fixture.build(playwright.request);
      await use(fixture);
      await fixture.dispose();
    },
    { scope: "worker" },
  ],
});
