// What the specs import: Playwright's `test` with a Ringside, accounts and entries of its own.
import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BrowserContext, type BrowserContextOptions, expect, test as base } from "@playwright/test";
import { ConsoleWatch } from "./console";
import type { DatabaseKind } from "./database";
import { submit } from "./form";
import { Middlebox } from "./middlebox";
import { Ringside } from "./ringside";

export { expect } from "@playwright/test";
export {
  expectStatus,
  idOf,
  markNodes,
  pauseClock,
  placeOf,
  push,
  runUntil,
  runUntilStatus,
  texts,
  unmarked,
  updates,
  waitForAnswers,
  waitForFeed,
  watchStatus,
  watchHeads,
} from "./page";

export type Role = "owner" | "editor" | "author" | "reader";

/** Someone with an account, logged in in a browser context of their own. */
export interface Member {
  name: string;
  password: string;
  role: Role;
  context: BrowserContext;
}

export interface Entry {
  slug: string;
  url: string;
}

export interface WorkerFixtures {
  /** Further `RINGSIDE_*` variables for a file's server: `test.use({ settings: { RINGSIDE_POLL_INTERVAL_MS: "500" } })`. */
  settings: Record<string, string>;
  /** What the server keeps its data in: a project's choice. */
  database: DatabaseKind;
  /** The server, shared by the tests of one worker, which run one after another. */
  ringside: Ringside;
}

interface Fixtures {
  /** Names complaints on the console that the test expects; any other fails it. */
  allowConsole: (...patterns: RegExp[]) => void;
  consoleWatch: ConsoleWatch;
  /** Starts a further server on the same database; `settings` are further `RINGSIDE_*` variables. */
  newServer: (settings?: Record<string, string>) => Promise<Ringside>;
  /** What stands between the server and those who read it by the middlebox's address. */
  middlebox: Middlebox;
  /** A further browser: an anonymous reader's, unless it gets a `storageState`. */
  newContext: (options?: BrowserContextOptions) => Promise<BrowserContext>;
  /** Makes an account, of a name of its own unless told one, and logs it in. */
  newMember: (role: Role, name?: string) => Promise<Member>;
  /** An author of this test's own. */
  author: Member;
  /** Makes an entry with a slug of its own, live unless told otherwise. */
  newEntry: (entry?: {
    title?: string;
    state?: "draft" | "upcoming" | "live" | "ended";
    order?: "oldest" | "latest";
  }) => Promise<Entry>;
  /** Sends a plain form to `path` as `author`. */
  send: (path: string, form?: Record<string, string>) => Promise<void>;
  /** Posts an update as `author`, through the plain form. */
  post: (slug: string, source: string, options?: { headline?: string }) => Promise<void>;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  settings: [{}, { scope: "worker", option: true }],
  database: ["sqlite", { scope: "worker", option: true }],

  ringside: [
    async ({ settings, database }, use) => {
      const ringside = await Ringside.launch(settings, database);
      await use(ringside);
      await ringside.dispose();
    },
    { scope: "worker" },
  ],

  baseURL: ({ ringside }, use) => use(ringside.url),

  consoleWatch: [
    async ({ ringside }, use, info) => {
      const watch = new ConsoleWatch();
      const logStart = ringside.log.length;
      await use(watch);
      expect.soft(watch.unexpected(), "complaints on the browser's console").toEqual([]);
      if (info.status !== info.expectedStatus) {
        await writeFile(info.outputPath("server.log"), ringside.log.slice(logStart));
      }
    },
    { auto: true },
  ],

  allowConsole: ({ consoleWatch }, use) => use((...patterns) => consoleWatch.allow(...patterns)),

  // Named first, servers and what stands before them outlive the pages that have them open.
  context: async ({ newServer: _server, middlebox: _box, context, consoleWatch }, use) => {
    consoleWatch.watch(context);
    await use(context);
    await endRoutes(context);
  },

  newServer: async ({ ringside }, use) => {
    const servers: Ringside[] = [];
    await use(async (settings) => {
      const server = await ringside.beside(settings);
      servers.push(server);
      return server;
    });
    for (const server of servers) await server.dispose();
  },

  middlebox: async ({ ringside }, use) => {
    const middlebox = await Middlebox.before(ringside.url);
    await use(middlebox);
    middlebox.close();
  },

  newContext: async ({ browser, consoleWatch }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (options) => {
      const context = await browser.newContext(options);
      consoleWatch.watch(context);
      contexts.push(context);
      return context;
    });
    for (const context of contexts) {
      await endRoutes(context);
      await context.close();
    }
  },

  newMember: ({ ringside, newContext }, use) =>
    use(async (role, name = `${role}-${randomUUID().slice(0, 8)}`) => {
      const password = randomUUID();
      const file = join(ringside.folder, `${name}.password`);
      await writeFile(file, password, { mode: 0o600 });
      await ringside.cli(["account", "create", "--name", name, "--role", role, "--password-file", file]);
      await rm(file);
      const context = await newContext();
      await submit(context.request, ringside.url, "/login", { username: name, password });
      return { name, password, role, context };
    }),

  author: async ({ newMember }, use) => use(await newMember("author")),

  newEntry: ({ ringside }, use) =>
    use(async ({ title = "The match", state = "live", order } = {}) => {
      const slug = `entry-${randomUUID().slice(0, 8)}`;
      const orderFlag = order ? ["--order", order] : [];
      await ringside.cli(["entry", "create", "--slug", slug, "--title", title, "--state", state, ...orderFlag]);
      return { slug, url: `${ringside.url}/entries/${slug}` };
    }),

  send: ({ ringside, author }, use) => use((path, form = {}) => submit(author.context.request, ringside.url, path, form)),

  post: ({ send }, use) =>
    use((slug, source, { headline = "" } = {}) =>
      send(`/entries/${slug}/compose`, { source, headline, op_id: randomUUID() }),
    ),
});

/** A page may ask again just when its test ends: a handler that is interrupted then is no failure. */
async function endRoutes(context: BrowserContext): Promise<void> {
  for (const page of context.pages()) await page.unrouteAll({ behavior: "ignoreErrors" });
  await context.unrouteAll({ behavior: "ignoreErrors" });
}

