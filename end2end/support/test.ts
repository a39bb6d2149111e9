// The specs' `test`: Playwright's, extended with a server, accounts and entries.
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
  disableFetchDeadline,
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
  waitForFeed,
  watchStatus,
  watchHeads,
} from "./page";

export type Role = "owner" | "editor" | "author" | "reader";

/** An account with a session in a browser context of its own. */
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
  /**
   * Further `RINGSIDE_*` variables for the server of a spec, set with `test.use({ settings: … })`.
   */
  settings: Record<string, string>;
  /** The server's database, set by the project. */
  database: DatabaseKind;
  /** The server. Tests of one worker share it, and run one after another. */
  ringside: Ringside;
}

interface Fixtures {
  /** Allows messages on the browser's console. Any other error or warning fails the test. */
  allowConsole: (...patterns: RegExp[]) => void;
  consoleWatch: ConsoleWatch;
  /** Starts another server on the same database. `settings` are further `RINGSIDE_*` variables. */
  newServer: (settings?: Record<string, string>) => Promise<Ringside>;
  /** A proxy in front of the server. */
  middlebox: Middlebox;
  /** Opens another browser context, without a session unless it gets a `storageState`. */
  newContext: (options?: BrowserContextOptions) => Promise<BrowserContext>;
  /** Creates an account and logs it in. The name is unique unless it is given. */
  newMember: (role: Role, name?: string) => Promise<Member>;
  /** An author for this test only. */
  author: Member;
  /** Creates an entry with a unique slug. It is live unless `state` is given. */
  newEntry: (entry?: {
    title?: string;
    state?: "draft" | "upcoming" | "live" | "ended";
    order?: "oldest" | "latest";
  }) => Promise<Entry>;
  /** Submits a plain form to `path` as `author`. */
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
      expect.soft(watch.unexpected(), "errors and warnings on the browser's console").toEqual([]);
      if (info.status !== info.expectedStatus) {
        await writeFile(info.outputPath("server.log"), ringside.log.slice(logStart));
      }
    },
    { auto: true },
  ],

  allowConsole: ({ consoleWatch }, use) => use((...patterns) => consoleWatch.allow(...patterns)),

  // Requested first, so that servers and the middlebox outlive the pages that use them.
  context: async ({ newServer: _server, middlebox: _box, context, consoleWatch }, use) => {
    consoleWatch.watch(context);
    await use(context);
    consoleWatch.end();
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
    consoleWatch.end();
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

/**
 * Removes all routes. A page may send a request when its test ends; an interrupted handler is no
 * failure.
 */
async function endRoutes(context: BrowserContext): Promise<void> {
  for (const page of context.pages()) await page.unrouteAll({ behavior: "ignoreErrors" });
  await context.unrouteAll({ behavior: "ignoreErrors" });
}

