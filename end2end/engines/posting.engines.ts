// Posting in Firefox and WebKit.
import { expect, status, test, texts } from "./test";

test("author logs in and posts, and a draft survives a reload", async ({ tab, ringside, newMember, newEntry }) => {
  const author = await newMember("author");
  const entry = await newEntry();
  await tab.goto(`${ringside.url}/login?next=${encodeURIComponent(`/entries/${entry.slug}`)}`);
  await tab.type("Username", author.name);
  await tab.type("Password", author.password);
  await tab.click("button", "Log in");
  await expect.poll(() => status(tab)).toBe("live");

  await tab.type("Update", "Kick-off");
  await tab.click("button", "Post");
  await expect.poll(() => texts(tab)).toEqual(["Kick-off"]);

  await tab.type("Update", "Half a sen");
  await tab.reload();
  const typed = () => tab.evaluate(() => document.querySelector<HTMLTextAreaElement>("textarea")?.value ?? "");
  await expect.poll(typed).toBe("Half a sen");
  await tab.type("Update", "tence");
  await tab.click("button", "Post");
  await expect.poll(() => texts(tab)).toEqual(["Kick-off", "Half a sentence"]);
  await expect.poll(typed).toBe("");
});
