import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Ringside } from "./ringside";

/** An entry of many updates, `update number 0` the oldest. */
export interface LongEntry {
  slug: string;
  url: string;
  updates: number;
}

/** Makes a live entry of so many updates, each posted as an author's browser would post it, one after another. */
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

/** What update `n` says: as long as updates are, and found by its first words alone. */
export function sentence(n: number): string {
  return `This is update number ${n}. ${"It says **something** about the event, and a little more. ".repeat(2 + (n % 5))}`;
}

/** A new author's session, as a cookie. */
async function logIn(ringside: Ringside): Promise<string> {
  const [username, password] = [`author-${randomUUID().slice(0, 8)}`, randomUUID()];
  const file = join(ringside.folder, `${username}.password`);
  await writeFile(file, password, { mode: 0o600 });
  await ringside.cli(["account", "create", "--name", username, "--role", "author", "--password-file", file]);
  await rm(file);
  const cookies = await submit(ringside, "", "/login", { username, password });
  return cookies.map((cookie) => cookie.split(";")[0]).join("; ");
}

/** Sends a form, and answers the cookies that were set; straight from Node, many times faster than through a browser. */
async function submit(ringside: Ringside, cookie: string, path: string, form: Record<string, string>): Promise<string[]> {
  const answer = await fetch(ringside.url + path, {
    method: "POST",
    headers: { Origin: ringside.url, Cookie: cookie },
    body: new URLSearchParams(form),
    redirect: "manual",
  });
  const said = await answer.text();
  if (answer.status !== 303) throw new Error(`POST ${path} answered ${answer.status}:\n${said}`);
  return answer.headers.getSetCookie();
}
