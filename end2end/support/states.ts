// All pages in all states.
import type { Page } from "@playwright/test";
import { waitUntilStored } from "./composer";
import { FOREIGN } from "./languages";
import { expectStatus, waitForFeed } from "./page";
import { openChat, openRoom, sendMessage } from "./room";
import type { Entry } from "./test";
import { expect, type Fixture } from "./fixtures";

export interface State {
  /** The state's name, such as `entry-offline`. */
  name: string;
  /** Whether an author is logged in. */
  author?: boolean;
  /** Whether the page is on the server without data. */
  blank?: boolean;
  /** Whether the screenshot shows only the window, and not the whole page. */
  window?: boolean;
  /** Brings a new page into the state. */
  open(page: Page, fixture: Fixture): Promise<void>;
}

const ARTICLE = `## The score

After two days the **north bank** leads by four lengths.[^1] What is left:

1. the sprint at the weir
2. the long course, at noon

> The river decides.

[^1]: By the umpire's count.`;

export const STATES: State[] = [
  { name: "front", open: async (page, fixture) => {
    await fixture.newStory();
    await fixture.newEntry({ title: "The budget, clause by clause", state: "upcoming", summary: "The chamber sits from nine. We will be there." });
    await fixture.newEntry({ title: "Election night in the districts beyond the river, from the first figures to the last", state: "ended" });
    await page.goto(`${fixture.ringside.url}/`);
  } },
  { name: "front-empty", blank: true, open: async (page, fixture) => {
    await page.goto(`${fixture.blank.url}/`);
  } },

  { name: "live-now", open: async (page, fixture) => {
    const [story, other] = [await fixture.newStory(), await fixture.newEntry({ title: "The budget, clause by clause" })];
    await fixture.post(other.slug, "The chamber rises for lunch.");
    await fixture.post(story.slug, "The second half begins.");
    await openLive(page, `${fixture.ringside.url}/live`);
  } },
  { name: "live-now-empty", blank: true, open: async (page, fixture) => {
    await openLive(page, `${fixture.blank.url}/live`);
  } },

  { name: "entry", open: async (page, fixture) => {
    await openLive(page, (await fixture.newStory()).url);
  } },
  { name: "entry-everything", open: async (page, fixture) => {
    await openLive(page, (await fixture.newEverything()).url);
  } },
  { name: "entry-empty", open: async (page, fixture) => {
    await openLive(page, (await fixture.newEntry()).url);
  } },
  { name: "entry-article", open: async (page, fixture) => {
    await openLive(page, (await newArticle(fixture)).url);
  } },
  { name: "entry-late", open: async (page, fixture) => {
    const entry = await fixture.newStory();
    const slug = `(SELECT id FROM entries WHERE slug = '${entry.slug}')`;
    await fixture.ringside.sql(`UPDATE updates SET published_at = posted_at + 2820000000 WHERE entry_id = ${slug}`);
    // A change of the time zone renders all cards again.
    const details = { title: "Three days by the river", slug: entry.slug, time_zone: "Europe/London" };
    await fixture.send(`/desk/entries/${entry.slug}/edit`, details);
    await openLive(page, entry.url);
  } },
  { name: "entry-highlights", open: async (page, fixture) => {
    await openLive(page, (await newMarkedStory(page, fixture)).url);
  } },
  { name: "entry-upcoming", open: async (page, fixture) => {
    await openLive(page, (await fixture.newEntry({ state: "upcoming", summary: "Kick-off is at three." })).url);
  } },
  { name: "entry-ended", open: async (page, fixture) => {
    const entry = await fixture.newStory();
    await fixture.send(`/desk/entries/${entry.slug}/end`);
    await openWith(page, entry.url, "ended");
  } },
  { name: "entry-ended-empty", open: async (page, fixture) => {
    await openWith(page, (await fixture.newEntry({ state: "ended" })).url, "ended");
  } },
  { name: "entry-connecting", window: true, open: async (page, fixture) => {
    await page.route("**/feed/**", () => {});
    await openWith(page, (await fixture.newStory()).url, "connecting");
  } },
  { name: "entry-polling", window: true, open: async (page, fixture) => {
    await page.route("**/feed/*/stream*", (route) => route.abort());
    await openWith(page, (await fixture.newStory()).url, "polling");
  } },
  { name: "entry-reconnecting", window: true, open: async (page, fixture) => {
    await page.route("**/feed/**", (route) => route.abort());
    await openWith(page, (await fixture.newStory()).url, "reconnecting");
  } },
  { name: "entry-offline", window: true, open: async (page, fixture) => {
    await openLive(page, (await fixture.newStory()).url);
    await page.context().setOffline(true);
    await expectStatus(page, "offline");
  } },
  { name: "entry-pending-above", window: true, open: async (page, fixture) => {
    await openPending(page, fixture);
  } },
  { name: "entry-pending-below", window: true, open: async (page, fixture) => {
    const entry = await fixture.newStory();
    await openLive(page, entry.url);
    await fixture.post(entry.slug, "The second half begins.");
    await page.getByRole("button", { name: "1 new update" }).waitFor();
  } },
  { name: "entry-pending-below-scrolled", window: true, open: async (page, fixture) => {
    const entry = await fixture.newEverything();
    await openLive(page, entry.url);
    await page.locator(".update").nth(1).evaluate((update) => update.scrollIntoView());
    for (const text of ["The second half begins.", "A first shot, over the bar."]) await fixture.post(entry.slug, text);
    await page.getByRole("button", { name: "2 new updates" }).waitFor();
  } },
  { name: "entry-static", open: async (page, fixture) => {
    await openStatic(page, fixture);
  } },
  { name: "entry-static-author", author: true, window: true, open: async (page, fixture) => {
    await openStatic(page, fixture);
  } },
  { name: "entry-revealed", window: true, open: async (page, fixture) => {
    await openPending(page, fixture);
    await page.getByRole("button", { name: "1 new update" }).click();
  } },
  { name: "entry-linked", window: true, open: async (page, fixture) => {
    const { url, id } = await newStoryUpdate(page, fixture);
    await page.goto(`${url}#update-${id}`);
    await waitForFeed(page);
  } },

  ...Object.keys(FOREIGN).map((language): State => ({ name: `entry-${language}`, open: async (page, fixture) => {
    await openLive(page, (await newMarked(page, fixture, await fixture.newForeign(language), [[0, "key"], [0, "pinned"], [1, "key"]])).url);
  } })),
  { name: "entry-days", open: async (page, fixture) => {
    const marks = [[0, "key"], [3, "key"], [4, "key"], [5, "key"]] as const;
    await openLive(page, (await newMarked(page, fixture, await fixture.newStoryOfDays(), marks)).url);
  } },
  { name: "front-languages", open: async (page, fixture) => {
    for (const language of Object.keys(FOREIGN)) await fixture.newForeign(language);
    await page.goto(`${fixture.ringside.url}/`);
  } },
  { name: "live-languages", open: async (page, fixture) => {
    for (const language of Object.keys(FOREIGN)) await fixture.newForeign(language);
    await openLive(page, `${fixture.ringside.url}/live`);
  } },

  { name: "update-arabic", open: async (page, fixture) => {
    const { url } = await fixture.newForeign("arabic");
    await page.goto(url);
    await page.goto(`${url}/updates/${await page.locator(".update").nth(1).getAttribute("data-update-id")}`);
  } },
  { name: "update-removed", open: async (page, fixture) => {
    const { url, id } = await newStoryUpdate(page, fixture);
    await fixture.send(`/desk/updates/${id}/delete`);
    await page.goto(`${url}/updates/${id}`);
  } },
  { name: "update", open: async (page, fixture) => {
    const { url, id } = await newStoryUpdate(page, fixture);
    await page.goto(`${url}/updates/${id}`);
  } },

  { name: "not-found", open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/nowhere`);
  } },
  { name: "not-allowed", blank: true, open: async (page, fixture) => {
    await page.goto(`${fixture.blank.url}/setup?token=guessed`);
  } },

  { name: "login", open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/login`);
  } },
  { name: "login-refused", open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/login`);
    await page.getByLabel("Username").fill(`nobody-${Math.random()}`);
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").waitFor();
  } },
  { name: "setup", blank: true, open: async (page, fixture) => {
    await page.goto(setUpLink(fixture));
  } },
  { name: "setup-refused", blank: true, open: async (page, fixture) => {
    await page.goto(setUpLink(fixture));
    await page.getByLabel("Username").fill("ann");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Create owner account" }).click();
    await page.getByRole("alert").waitFor();
  } },

  { name: "sign-up", open: async (page, fixture) => {
    await withOpenSignUp(fixture, () => page.goto(`${fixture.ringside.url}/sign-up`));
  } },
  { name: "sign-up-refused", open: async (page, fixture) => {
    await withOpenSignUp(fixture, async () => {
      await page.goto(`${fixture.ringside.url}/sign-up`);
      await page.getByLabel("Username").fill("Ann");
      await page.getByLabel("Password").fill("a long enough password");
      await page.getByRole("button", { name: "Create account" }).click();
      await page.getByRole("alert").waitFor();
    });
  } },
  { name: "login-with-sign-up", open: async (page, fixture) => {
    await withOpenSignUp(fixture, () => page.goto(`${fixture.ringside.url}/login`));
  } },
  { name: "invitation", open: async (page, fixture) => {
    await page.goto(lastLine(await fixture.ringside.cli(["account", "invite"])));
  } },
  { name: "invitation-expired", open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/invite/unknown`);
  } },
  { name: "reset", open: async (page, fixture) => {
    await page.goto(lastLine(await fixture.ringside.cli(["account", "reset-link", "--name", "ann"])));
  } },

  { name: "composer", author: true, window: true, open: async (page, fixture) => {
    await openComposer(page, (await fixture.newStory()).url);
    await page.getByRole("textbox", { name: "Update" }).fill("Substitution: Abara for Lund.");
  } },
  { name: "composer-empty", author: true, window: true, open: async (page, fixture) => {
    await openComposer(page, (await fixture.newEntry()).url);
  } },
  { name: "composer-long", author: true, window: true, open: async (page, fixture) => {
    await openComposer(page, (await fixture.newStory()).url);
    await page.getByRole("button", { name: "Add headline" }).click();
    await page.getByRole("textbox", { name: "Headline" }).fill("What we know so far");
    await page.getByRole("textbox", { name: "Update" }).fill("A line, and another.\n\n".repeat(20));
  } },
  { name: "composer-posted", author: true, window: true, open: async (page, fixture) => {
    await openComposer(page, (await fixture.newEntry()).url);
    await page.getByRole("textbox", { name: "Update" }).fill("We are under way.");
    await page.getByRole("button", { name: "Post", exact: true }).click();
    await expect(page.getByText("Posted.")).toBeVisible();
    await expect(page.locator(".update")).toHaveCount(1);
  } },
  { name: "composer-unreachable", author: true, window: true, open: async (page, fixture) => {
    await openComposer(page, (await fixture.newStory()).url);
    await page.route("**/fn/post_update", (route) => route.abort());
    await page.getByRole("textbox", { name: "Update" }).fill("Substitution: Abara for Lund.");
    await page.getByRole("button", { name: "Post", exact: true }).click();
    await expect(page.getByRole("status").filter({ hasText: "will be sent again automatically" })).toBeVisible();
  } },
  { name: "composer-refused", author: true, window: true, open: async (page, fixture) => {
    await openComposer(page, (await fixture.newStory()).url);
    await page.getByRole("textbox", { name: "Update" }).fill("<script>no visible text</script>");
    await page.getByRole("button", { name: "Post", exact: true }).click();
    await expect(page.getByText("Not published:")).toBeVisible();
  } },
  { name: "composer-preview", author: true, window: true, open: async (page, fixture) => {
    await openComposer(page, (await fixture.newStory()).url);
    await page.getByRole("textbox", { name: "Update" }).fill('**Goal!** Abara heads it in. <iframe src="https://www.youtube.com/embed/X"></iframe>');
    await page.getByRole("button", { name: "Preview" }).click();
    await expect(page.locator(".preview-content")).toContainText("Abara heads it in.");
  } },
  { name: "composer-unposted", author: true, window: true, open: async (page, fixture) => {
    const { url } = await fixture.newStory();
    await openComposer(page, url);
    await page.getByRole("textbox", { name: "Update" }).fill("The manager may leave after the match, according to a source.");
    await waitUntilStored(page, "The manager may leave after the match, according to a source.");
    await page.evaluate(() => sessionStorage.clear());
    await openComposer(page, url);
    await expect(page.getByRole("heading", { name: "Unposted texts" })).toBeVisible();
  } },
  { name: "update-menu", author: true, window: true, open: async (page, fixture) => {
    await openComposer(page, (await fixture.newStory()).url);
    await page.getByRole("button", { name: /^Actions for the update of/ }).first().click();
    await expect(page.getByRole("button", { name: "Copy link" })).toBeVisible();
  } },
  { name: "update-editor", author: true, window: true, open: async (page, fixture) => {
    await openEditor(page, (await fixture.newStory()).url);
  } },
  { name: "update-conflict", author: true, window: true, open: async (page, fixture) => {
    const { url } = await fixture.newStory();
    await openEditor(page, url);
    const text = page.getByRole("dialog").getByRole("textbox", { name: "Text" });
    const before = await text.inputValue();
    const other = await page.context().newPage();
    await openEditor(other, url);
    await other.getByRole("dialog").getByRole("textbox", { name: "Text" }).fill(`${before} The gates were late.`);
    await other.getByRole("button", { name: "Save changes" }).click();
    await expect(other.getByText("Changes saved.")).toBeVisible();
    await other.close();
    await text.fill(`${before} The queue was long.`);
    await page.getByRole("button", { name: "Save changes" }).click();
    await expect(page.getByRole("heading", { name: "Conflict" })).toBeVisible();
  } },
  { name: "article-editor", author: true, window: true, open: async (page, fixture) => {
    await openArticle(page, await newArticle(fixture));
  } },
  { name: "article-conflict", author: true, window: true, open: async (page, fixture) => {
    const entry = await newArticle(fixture);
    await openArticle(page, entry);
    await fixture.send(`/desk/entries/${entry.slug}/edit`, { ...articleOf(entry), body: `${ARTICLE}\n\nThe umpire has resigned.` });
    const text = page.getByRole("dialog").getByRole("textbox", { name: "Text" });
    await text.fill(`${ARTICLE}\n\nRain is forecast.`);
    await page.getByRole("button", { name: "Save changes" }).click();
    await expect(page.getByRole("heading", { name: "Conflict" })).toBeVisible();
  } },
  { name: "composer-logged-out", author: true, window: true, open: async (page, fixture) => {
    await openComposer(page, (await fixture.newStory()).url);
    await page.context().clearCookies();
    await page.getByRole("textbox", { name: "Update" }).fill("Substitution: Abara for Lund.");
    await page.getByRole("button", { name: "Post", exact: true }).click();
    await expect(page.getByRole("dialog", { name: "Log in again" })).toBeVisible();
  } },
  { name: "composer-missing", author: true, window: true, open: async (page, fixture) => {
    await page.route("**/fn/whoami", (route) => route.abort());
    await page.goto((await fixture.newStory()).url);
    await expect(page.getByRole("alert").filter({ hasText: "could not be loaded" })).toBeVisible();
  } },

  { name: "composer-arabic", author: true, window: true, open: async (page, fixture) => {
    await openComposer(page, (await fixture.newForeign("arabic")).url);
    await page.getByRole("button", { name: "Add headline" }).click();
    await page.getByRole("textbox", { name: "Headline" }).fill("تبديل (60)");
    await page.getByRole("textbox", { name: "Update" }).fill("تبديل: يدخل سالم بدلاً من محمود.");
  } },

  { name: "compose", author: true, open: async (page, fixture) => {
    await page.goto(`${(await fixture.newStory()).url}/compose`);
  } },
  { name: "compose-posted", author: true, open: async (page, fixture) => {
    await page.goto(`${(await fixture.newStory()).url}/compose`);
    await page.getByLabel("Update", { exact: true }).fill("The second half begins.");
    await page.getByRole("button", { name: "Post" }).click();
    await page.getByText("Posted.").waitFor();
  } },
  { name: "compose-refused", author: true, open: async (page, fixture) => {
    await page.goto(`${(await fixture.newStory()).url}/compose`);
    await page.getByLabel("Update", { exact: true }).fill("<script></script>");
    await page.getByRole("button", { name: "Post" }).click();
    await page.getByRole("alert").waitFor();
  } },
  { name: "compose-draft", author: true, open: async (page, fixture) => {
    await page.goto(`${(await fixture.newStory()).url}/compose`);
    await page.getByLabel("Update", { exact: true }).fill("At half time:");
    await page.getByRole("button", { name: "Save as draft" }).click();
    await page.getByText("Draft saved.").waitFor();
  } },
  { name: "compose-draft-conflict", author: true, open: async (page, fixture) => {
    await page.goto(`${(await fixture.newStory()).url}/compose`);
    await page.getByLabel("Update", { exact: true }).fill("At half time:");
    await page.getByRole("button", { name: "Save as draft" }).click();
    await page.getByText("Draft saved.").waitFor();
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByLabel("Update", { exact: true }).fill("At half time: written on the phone.");
    await other.getByRole("button", { name: "Save as draft" }).click();
    await other.getByText("Draft saved.").waitFor();
    await other.close();
    await page.getByLabel("Update", { exact: true }).fill("At half time: written on the laptop.");
    await page.getByRole("button", { name: "Save as draft" }).click();
    await page.getByRole("alert").waitFor();
  } },
  { name: "compose-logged-out", author: true, open: async (page, fixture) => {
    await page.goto(`${(await fixture.newStory()).url}/compose`);
    await page.getByLabel("Update", { exact: true }).fill("Typed before the session ended.");
    await page.context().clearCookies();
    await page.getByRole("button", { name: "Post" }).click();
    await page.getByText("Your session has expired.").waitFor();
  } },

  { name: "desk", author: true, open: async (page, fixture) => {
    await fixture.newStory();
    await fixture.newEntry({ title: "The budget, clause by clause", state: "upcoming" });
    await fixture.newEntry({ title: "A draft that nobody has seen", state: "draft" });
    await page.goto(`${fixture.ringside.url}/desk`);
  } },
  { name: "desk-more", author: true, open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/desk`);
    await page.getByText("More", { exact: true }).click();
  } },
  { name: "desk-empty", author: true, blank: true, open: async (page, fixture) => {
    await page.goto(`${fixture.blank.url}/desk`);
  } },
  { name: "desk-refused", author: true, open: async (page, fixture) => {
    const entry = await fixture.newEntry();
    await page.goto(`${fixture.ringside.url}/desk`);
    await page.getByLabel("Title").fill("Another");
    await page.getByText("More", { exact: true }).click();
    await page.getByLabel("Slug (optional)").fill(entry.slug);
    await page.getByRole("button", { name: "Create live blog" }).click();
    await page.getByRole("alert").waitFor();
  } },
  { name: "desk-entry", author: true, open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/desk/entries/${(await fixture.newStory()).slug}`);
  } },
  { name: "desk-entry-empty", author: true, open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/desk/entries/${(await fixture.newEntry({ state: "draft" })).slug}`);
  } },
  { name: "desk-entry-deleted", author: true, open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/desk/entries/${(await fixture.newStory()).slug}`);
    await page.getByRole("button", { name: /^Delete/ }).first().click();
    await page.getByRole("button", { name: "Undo" }).waitFor();
  } },
  { name: "desk-entry-marked", author: true, open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/desk/entries/${(await newMarkedStory(page, fixture)).slug}`);
  } },
  { name: "desk-edit", author: true, open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/desk/entries/${(await fixture.newStory()).slug}/edit`);
  } },
  { name: "desk-edit-refused", author: true, open: async (page, fixture) => {
    const [entry, other] = [await fixture.newStory(), await fixture.newEntry()];
    await page.goto(`${fixture.ringside.url}/desk/entries/${entry.slug}/edit`);
    await page.getByLabel("Slug").fill(other.slug);
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.getByRole("alert").waitFor();
  } },
  { name: "account", author: true, open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/account`);
  } },
  { name: "account-refused", author: true, open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/account`);
    await page.getByLabel("Current password").fill("wrong");
    await page.getByLabel("New password").fill("a long enough password");
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByRole("alert").waitFor();
  } },
  { name: "account-delete", author: true, open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/account/delete`);
  } },
  { name: "desk-accounts", author: true, open: async (page, fixture) => {
    await fixture.ringside.cli(["account", "invite", "--role", "reader"]);
    await asOwner(fixture, () => page.goto(`${fixture.ringside.url}/desk/accounts`));
  } },
  { name: "desk-accounts-editor", author: true, open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/desk/accounts`);
  } },
  { name: "desk-accounts-invited", author: true, open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/desk/accounts`);
    await page.getByRole("button", { name: "Create invitation" }).click();
    await page.getByRole("status").waitFor();
  } },
  { name: "desk-site", author: true, open: async (page, fixture) => {
    await asOwner(fixture, () => page.goto(`${fixture.ringside.url}/desk/site`));
  } },
  { name: "like", open: async (page, fixture) => {
    const { url, id } = await newStoryUpdate(page, fixture);
    await page.goto(`${url}/updates/${id}/like`);
  } },

  { name: "room", open: async (page, fixture) => {
    await openRoom(page, (await fixture.newChat()).room);
  } },
  { name: "room-empty", open: async (page, fixture) => {
    await openRoom(page, (await fixture.newChat([])).room);
  } },
  { name: "room-refused", window: true, open: async (page, fixture) => {
    await openRoom(page, (await fixture.newChat()).room);
    await sendMessage(page, "x".repeat(2_001), "Lena");
    await expect(page.locator(".room-note")).toContainText("maximum");
  } },
  { name: "room-pending", window: true, open: async (page, fixture) => {
    await openRoom(page, (await fixture.newChat()).room);
    await page.route("**/messages", (route) => route.abort());
    await sendMessage(page, "Is this thing on?", "Lena");
    await expect(page.getByText("Not sent yet. Retrying…")).toBeVisible();
  } },
  { name: "room-closed", open: async (page, fixture) => {
    const { room, slug } = await fixture.newChat();
    await fixture.send(`/desk/entries/${slug}/edit`, { title: "Cup final: the river derby", slug, time_zone: "Europe/Paris", chat: "closed" });
    await openRoom(page, room, "ended");
  } },
  { name: "chat", window: true, open: async (page, fixture) => {
    await openLive(page, (await fixture.newChat()).url);
    await openChat(page);
  } },
  { name: "chat-author", author: true, window: true, open: async (page, fixture) => {
    await openComposer(page, (await fixture.newChat()).url);
    await openChat(page);
  } },
  { name: "chat-tab", window: true, open: async (page, fixture) => {
    await openLive(page, (await fixture.newChat()).url);
    await openChat(page);
    await page.getByRole("button", { name: /^(Updates|Close chat)$/ }).click();
    await page.getByRole("button", { name: "Chat", exact: true }).waitFor();
  } },
  { name: "report", open: async (page, fixture) => {
    await page.goto((await fixture.newChat()).room);
    await page.getByRole("link", { name: "Report" }).last().click();
  } },
  { name: "moderation", author: true, open: async (page, fixture) => {
    const { room } = await fixture.newChat();
    await fixture.report(room, "It is wrong, and rude about the ferry.");
    await page.goto(`${fixture.ringside.url}/desk/moderation?room=${room.split("/").pop()}`);
    await expect(page.locator("#moderation-queue[data-hydrated]")).toBeAttached();
  } },
  { name: "moderation-empty", author: true, blank: true, open: async (page, fixture) => {
    await page.goto(`${fixture.blank.url}/desk/moderation`);
    await expect(page.locator("#moderation-queue[data-hydrated]")).toBeAttached();
  } },
  { name: "moderation-message", author: true, open: async (page, fixture) => {
    const { room } = await fixture.newChat();
    await fixture.report(room, "It is wrong, and rude about the ferry.");
    await page.goto(`${fixture.ringside.url}/desk/moderation?room=${room.split("/").pop()}`);
    await page.getByRole("link", { name: /Mute, ban or remove all/ }).click();
  } },
  { name: "moderation-rules", author: true, open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/desk/moderation/rules`);
  } },
  { name: "moderation-log", author: true, open: async (page, fixture) => {
    await page.goto(`${fixture.ringside.url}/desk/moderation/log`);
  } },
  { name: "edit", author: true, open: async (page, fixture) => {
    const { id } = await newStoryUpdate(page, fixture);
    await page.goto(`${fixture.ringside.url}/desk/updates/${id}`);
  } },
];

/** Opens a page, and waits for its stream. */
function openLive(page: Page, url: string): Promise<void> {
  return openWith(page, url, "live");
}

async function openWith(page: Page, url: string, status: string): Promise<void> {
  await page.goto(url);
  await waitForFeed(page);
  await expectStatus(page, status);
}

async function openComposer(page: Page, url: string): Promise<void> {
  await openLive(page, url);
  await page.getByRole("textbox", { name: "Update" }).waitFor();
}

const articleOf = (entry: Entry) => ({ title: "Three days by the river", slug: entry.slug, time_zone: "Europe/London", body: ARTICLE });

async function newArticle(fixture: Fixture): Promise<Entry> {
  const entry = await fixture.newStory();
  await fixture.send(`/desk/entries/${entry.slug}/edit`, articleOf(entry));
  return entry;
}

/** Opens the dialog to edit the article of an entry. */
async function openArticle(page: Page, entry: Entry): Promise<void> {
  await openComposer(page, entry.url);
  await page.getByRole("button", { name: "Edit article" }).click();
  await expect(page.getByRole("dialog").getByRole("textbox", { name: "Text" })).not.toHaveValue("");
}

/** Opens the dialog to edit the first update of an entry. */
async function openEditor(page: Page, url: string): Promise<void> {
  await openComposer(page, url);
  await page.getByRole("button", { name: /^Actions for the update of/ }).first().click();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await expect(page.getByRole("dialog").getByRole("textbox", { name: "Text" })).not.toHaveValue("");
}

/** Opens an entry with latest first, scrolls down, and posts an update, which is pending above. */
async function openPending(page: Page, fixture: Fixture): Promise<void> {
  const entry = await fixture.newStory("latest");
  await openLive(page, entry.url);
  await page.evaluate(() => scrollTo(0, 700));
  await fixture.post(entry.slug, "The second half begins.");
  await page.getByRole("button", { name: "1 new update" }).waitFor();
}

/** Opens an entry in a browser with scripts, but without WebAssembly. */
async function openStatic(page: Page, fixture: Fixture): Promise<void> {
  await page.addInitScript("delete globalThis.WebAssembly");
  await page.goto((await fixture.newStory()).url);
  await page.getByRole("link", { name: "Refresh" }).waitFor();
}

/** Creates a story with a pinned update and key moments. */
async function newMarkedStory(page: Page, fixture: Fixture): Promise<Entry> {
  return newMarked(page, fixture, await fixture.newStory(), [[1, "pinned"], [0, "key"], [2, "key"], [3, "key"], [4, "key"]]);
}

/** Sets marks on the updates of an entry, by their position, oldest first. */
async function newMarked(page: Page, fixture: Fixture, entry: Entry, marks: readonly (readonly [number, "key" | "pinned"])[]): Promise<Entry> {
  await page.goto(entry.url);
  const ids = await page.locator(".update").evaluateAll((nodes) => nodes.map((node) => node.getAttribute("data-update-id")));
  for (const [at, mark] of marks) {
    await fixture.send(`/desk/updates/${ids[at]}/mark`, { mark, on: "true" });
  }
  return entry;
}

/** Creates a story, and returns the id of an update in its middle. */
async function newStoryUpdate(page: Page, fixture: Fixture): Promise<{ url: string; id: string }> {
  const { url } = await fixture.newStory();
  await page.goto(url);
  const id = await page.locator(".update").nth(2).getAttribute("data-update-id");
  return { url, id: id ?? "" };
}

/** Opens a page while everybody may create an account. */
async function withOpenSignUp(fixture: Fixture, open: () => Promise<unknown>): Promise<void> {
  await fixture.ringside.sql("UPDATE site SET open_sign_up = 1");
  await open();
  await fixture.ringside.sql("UPDATE site SET open_sign_up = 0");
}

/** Opens a page while the author is an owner. */
async function asOwner(fixture: Fixture, open: () => Promise<unknown>): Promise<void> {
  await fixture.ringside.sql("UPDATE accounts SET role = 'owner' WHERE username = 'ann'");
  await open();
  await fixture.ringside.sql("UPDATE accounts SET role = 'editor' WHERE username = 'ann'");
}

function lastLine(output: string): string {
  return output.split("\n").at(-1) ?? "";
}

function setUpLink(fixture: Fixture): string {
  const link = /http:\S+\/setup\?token=\S+/.exec(fixture.blank.log)?.[0];
  if (!link) throw new Error("the server printed no set-up link");
  return link;
}
