import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Ringside } from "./ringside";

/** An entry with many updates. The oldest is `update number 0`. */
export interface LongEntry {
  slug: string;
  url: string;
  updates: number;
}

/**
 * Creates a live entry, and posts `updates` updates one after another, as an author's browser does.
 */
export async function makeLongEntry(ringside: Ringside, updates: number): Promise<LongEntry> {
  const slug = `long-${randomUUID().slice(0, 8)}`;
  await ringside.cli(["entry", "create", "--slug", slug, "--title", `A day of ${updates}`, "--state", "live"]);
  const cookie = await logIn(ringside);
  for (let n = 0; n < updates; n++) {
    await submit(ringside, cookie, `/entries/${slug}/compose`, {
      source: sentence(n),
      headline: n % 7 === 0 ? `Headline ${n}` : "",
      op_id: randomUUID(),
    });
  }
  return { slug, url: `${ringside.url}/entries/${slug}`, updates };
}

/** Returns the text of update `n`: of ordinary length, and unique by its first words. */
export function sentence(n: number): string {
  return `This is update number ${n}. ${"It reports **something** about the event, and a little more. ".repeat(2 + (n % 5))}`;
}

/** Creates an author, and returns the cookies of a session. */
async function logIn(ringside: Ringside): Promise<string> {
  const [username, password] = [`author-${randomUUID().slice(0, 8)}`, randomUUID()];
  const file = join(ringside.folder, `${username}.password`);
  await writeFile(file, password, { mode: 0o600 });
  await ringside.cli(["account", "create", "--name", username, "--role", "author", "--password-file", file]);
  await rm(file);
  const cookies = await submit(ringside, "", "/login", { username, password });
  return cookies.map((cookie) => cookie.split(";")[0]).join("; ");
}

/**
 * Submits a form, and returns the cookies that were set. Many times faster than through a browser.
 */
async function submit(ringside: Ringside, cookie: string, path: string, form: Record<string, string>): Promise<string[]> {
  const response = await fetch(ringside.url + path, {
    method: "POST",
    headers: { Origin: ringside.url, Cookie: cookie },
    body: new URLSearchParams(form),
    redirect: "manual",
  });
  const text = await response.text();
  if (response.status !== 303) throw new Error(`POST ${path} returned ${response.status}:\n${text}`);
  return response.headers.getSetCookie();
}
