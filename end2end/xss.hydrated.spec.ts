// Nothing that people type runs as a script, wherever it is shown.
import { box, openComposer } from "./support/composer";
import { expectHarmless, watchViolations } from "./support/harmless";
import { messages, openRoom } from "./support/room";
import { expect, test } from "./support/test";
import { XSS } from "./support/xss";

// The test is one person, who sends hundreds of messages.
test.use({ settings: { RINGSIDE_MESSAGES_PER_MINUTE: "0", RINGSIDE_MESSAGES_PER_MINUTE_PER_ADDRESS: "0" } });

/** How many updates an entry of this test has. Several entries are read at once. */
const PER_ENTRY = 100;

test("no text runs a script on any page, in the feed, in a preview, or in the API", async ({ author, ringside, request, allowConsole }) => {
  // Images of addresses that don't exist.
  allowConsole(/Failed to load resource/, /Mixed Content/);
  expect(XSS.length).toBeGreaterThanOrEqual(200);
  const created = await ringside.cli(["token", "create", "--account", author.name, "--name", "xss"]);
  const headers = { Authorization: `Bearer ${created.trim().split("\n").at(-1)}` };
  const api = `${ringside.url}/api/v1/entries`;
  const page = await author.context.newPage();
  await watchViolations(page);
  for (let start = 0; start < XSS.length; start += PER_ENTRY) {
    const cases = XSS.slice(start, start + PER_ENTRY);
    const text = cases.join(" ");
    const slug = `xss-${start}-${author.name}`;
    const entry = { slug, title: cases[0]?.slice(0, 100), summary: text.slice(0, 900), body: cases.slice(0, 40).join("\n\n"), state: "live" };
    const made = await request.post(api, { headers, data: entry });
    expect(made.status(), await made.text()).toBe(201);
    let last = 0;
    for (const [at, source] of cases.entries()) {
      const update = { source: `case ${at}: ${source}`, headline: source.slice(0, 150), key: at % 20 === 0, pinned: at === 5 };
      const posted = await request.post(`${api}/${slug}/updates`, { headers, data: update });
      expect([201, 422], `${source}: ${await posted.text()}`).toContain(posted.status());
      if (posted.ok()) last = (await posted.json()).id;
      const draft = await request.post(`${api}/${slug}/drafts`, { headers, data: { source, headline: source.slice(0, 150) } });
      expect(draft.status(), await draft.text()).toBe(201);
    }
    const paths = [
      `/entries/${slug}`,
      `/entries/${slug}?order=latest`,
      `/entries/${slug}/updates/${last}`,
      "/",
      "/live",
      "/desk",
      `/desk/entries/${slug}`,
      `/desk/entries/${slug}/edit`,
      `/desk/updates/${last}`,
      `/entries/${slug}/compose`,
    ];
    for (const path of paths) {
      await page.goto(`${ringside.url}${path}`);
      await expectHarmless(page, path);
    }
    // What arrives on an open page, in the browser's own parser.
    await page.goto(`${ringside.url}/entries/${slug}`);
    await page.evaluate(async () => {
      const list = document.getElementById("live-updates");
      const html = await (await fetch(`/updates/${list?.dataset.entryId}/`)).text();
      const place = document.createElement("div");
      document.querySelector("main")?.append(place);
      place.innerHTML = html;
    });
    await expectHarmless(page, "the updates as an HTML block");
    for (const path of [`/api/v1/entries/${slug}`, `/updates/${await page.locator("#live-updates").getAttribute("data-entry-id")}.json`]) {
      const response = await request.get(`${ringside.url}${path}`, { headers });
      expect(response.headers()["content-type"]).toContain("json");
      expect(response.headers()["x-content-type-options"]).toBe("nosniff");
    }
  }
});

test("preview runs no script", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/Failed to load resource/, /Mixed Content/, /422/);
  const entry = await newEntry();
  const page = await openComposer(author.context, entry.url);
  await page.getByRole("button", { name: "Preview" }).click();
  await page.evaluate(() => {
    addEventListener("securitypolicyviolation", (event) => {
      (window as { violations?: string[] }).violations = [event.violatedDirective];
    });
  });
  for (let start = 0; start < XSS.length; start += 40) {
    await box(page).fill(`part ${start}\n\n${XSS.slice(start, start + 40).join("\n\n")}`);
    await expect(page.locator(".preview-content")).toContainText(`part ${start}`);
    await expectHarmless(page, `preview from ${start}`);
  }
});

test("no message, name, or title of a room runs a script on any page", async ({ author, newMember, ringside, request, playwright, allowConsole }) => {
  allowConsole(/Failed to load resource/);
  const owner = await newMember("owner");
  const page = await owner.context.newPage();
  await watchViolations(page);
  const room = `xss-${author.name}`;
  const created = await ringside.cli(["token", "create", "--account", owner.name, "--name", "xss"]);
  const headers = { Authorization: `Bearer ${created.trim().split("\n").at(-1)}` };
  const title = XSS.find((text) => text.includes("<script>")) ?? "";
  const made = await request.post(`${ringside.url}/api/v1/rooms`, { headers, data: { name: room, title } });
  expect(made.status(), await made.text()).toBe(201);
  // A page that is open while the messages arrive.
  const open = await owner.context.newPage();
  await watchViolations(open);
  await openRoom(open, `${ringside.url}/rooms/${room}`);
  let named = 0;
  for (const [at, text] of XSS.entries()) {
    // Each is a person of their own. A name that is refused is replaced.
    for (const from of [text.slice(0, 40), `reader ${at}`]) {
      const person = await playwright.request.newContext();
      const sent = await person.post(`${ringside.url}/rooms/${room}/messages`, { data: { from, text: `case ${at}: ${text}` } });
      const body = await sent.text();
      await person.dispose();
      if (sent.status() !== 201) {
        expect([409, 422], `${from}: ${body}`).toContain(sent.status());
        continue;
      }
      if (from === text.slice(0, 40)) named += 1;
      if (at % 20 === 0) {
        const { id } = JSON.parse(body);
        const reported = await request.post(`${ringside.url}/rooms/${room}/messages/${id}/report`, { data: { reason: text.slice(0, 200) } });
        expect(reported.status()).toBe(204);
      }
      break;
    }
  }
  expect(named).toBeGreaterThan(XSS.length / 3);
  await expect(messages(open).last()).toContainText(`case ${XSS.length - 1}`);
  await expectHarmless(open, "the room while messages arrive");
  const queue = await request.get(`${ringside.url}/api/v1/moderation/queue?room=${room}`, { headers });
  const [reported] = (await queue.json()).reported;
  for (const path of [
    `/rooms/${room}`,
    `/rooms/${room}?user=${encodeURIComponent(title)}`,
    `/rooms/${room}/messages`,
    `/messages/${reported.id}/report`,
    "/desk/rooms",
    "/desk/moderation",
    "/desk/moderation/rules",
    "/desk/moderation/log",
    `/desk/moderation/messages/${reported.id}`,
  ]) {
    await page.goto(`${ringside.url}${path}`);
    await expectHarmless(page, path);
  }
});

test("no display name runs a script in a card", async ({ author, newMember, newEntry, post, ringside }) => {
  const owner = await newMember("owner");
  const entry = await newEntry();
  const page = await owner.context.newPage();
  await watchViolations(page);
  const site = async (shown: string): Promise<void> => {
    const saved = await owner.context.request.post(`${ringside.url}/desk/site`, { form: { display_names: shown, open_sign_up: "false", deleted_messages: "anonymize" } });
    expect(saved.ok()).toBe(true);
  };
  await site("true");
  await post(entry.slug, "An update");
  await page.goto(entry.url);
  const name = page.locator(".update-author");
  const names = XSS.map((text) => text.slice(0, 60)).filter((text) => /^[\x21-\x7e]+$/.test(text));
  for (const hostile of names.slice(0, 20)) {
    const saved = await author.context.request.post(`${ringside.url}/account/name`, { form: { display_name: hostile } });
    expect(saved.ok(), `${hostile}: ${saved.status()}`).toBe(true);
    await expect(name).toHaveText(hostile);
    await expectHarmless(page, hostile);
  }
  await site("false");
  await expect(name).toHaveText(author.name);
});

test("name of an account can't contain markup", async ({ ringside }) => {
  await expect(ringside.cli(["account", "create", "--name", "<img src=x onerror=window.xss=1>", "--role", "author"])).rejects.toThrow();
});
