// What the specs of long entries import: the tests' `test`, with one long entry for all tests of a worker.
import { type LongEntry, makeLongEntry } from "./long-entry";
import { test as base } from "./test";

export { expect, texts, updates, waitForFeed } from "./test";

/** Forty stretches, and one that is open. */
const UPDATES = 2_010;

/** Milliseconds; far more than the posting takes, even on a busy machine. */
const POSTING_LIMIT = 400_000;

export const test = base.extend<object, { longEntry: LongEntry }>({
  longEntry: [
    async ({ ringside }, use) => use(await makeLongEntry(ringside, UPDATES)),
    { scope: "worker", timeout: POSTING_LIMIT },
  ],
});
