// The specs' `test` with one long entry per worker.
import { type LongEntry, makeLongEntry } from "./long-entry";
import { test as base } from "./test";

export { expect, expectStatus, texts, updates, waitForFeed } from "./test";

/** Forty full chunks, and an open one. */
const UPDATES = 2_010;

/** Milliseconds. Far more than posting takes, even on a busy machine. */
const POSTING_LIMIT = 400_000;

export const test = base.extend<object, { longEntry: LongEntry }>({
  longEntry: [
    async ({ ringside }, use) => use(await makeLongEntry(ringside, UPDATES)),
    { scope: "worker", timeout: POSTING_LIMIT },
  ],
});
