// The composer in the entry's page: it loses no text, and publishes nothing twice.
import type { APIResponse, Page, Route } from "@playwright/test";
import { expect, expectStatus, test, texts, updates, waitForFeed } from "./support/test";

test("Ctrl+Enter posts, clears the text box, and keeps the focus in it", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await author.context.newPage();
  await page.goto(entry.url);
  const box = page.getByRole("textbox", { name: "Update" });
  await box.fill("one");
  await box.press("Control+Enter");
  await expect(page.getByText("Posted.")).toBeVisible();
  await expect(box).toHaveValue("");
  await expect(box).toBeFocused();
  await box.pressSequentially("two");
  await box.press("Meta+Enter");
  await expect(updates(page)).toHaveCount(2);
  expect(await texts(page)).toEqual(["one", "two"]);
});

test("author sees which content of an update was removed", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await author.context.newPage();
  await page.goto(entry.url);
  const box = page.getByRole("textbox", { name: "Update" });
  await box.fill('Watch: <iframe src="https://www.youtube.com/embed/X" title="The goal"></iframe>');
  await box.press("Control+Enter");
  await expect(page.getByRole("status").filter({ hasText: "Posted. Not shown: an iframe from youtube.com." })).toBeVisible();
  await expect(updates(page).getByRole("link", { name: "The goal" })).toHaveAttribute("href", "https://www.youtube.com/embed/X");
  // The sentence stays until the author types.
  await box.pressSequentially("next");
  await expect(page.getByText("Not shown")).toHaveCount(0);
});

test("headline can be added", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await author.context.newPage();
  await page.goto(entry.url);
  await page.getByRole("button", { name: "Add headline" }).click();
  await page.getByRole("textbox", { name: "Headline" }).fill("Goal!");
  await page.getByRole("textbox", { name: "Update" }).fill("1-0");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page.getByRole("article").getByRole("heading", { name: "Goal!" })).toBeVisible();
});

test("double click publishes once", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await author.context.newPage();
  await page.goto(entry.url);
  const box = page.getByRole("textbox", { name: "Update" });
  await box.fill("doubled");
  await page.getByRole("button", { name: "Post", exact: true }).dblclick();
  await expect(box).toHaveValue("");
  await expect(updates(page)).toHaveCount(1);
  // If the first text had been posted twice, the second post would come before this one.
  await box.fill("next");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(updates(page).last()).toHaveText(/next/);
  expect(await texts(page)).toEqual(["doubled", "next"]);
});

/** The response of a proxy that can't reach its server. */
const errorPage = (route: Route) =>
  route.fulfill({ status: 502, contentType: "text/html", body: "<html><h1>502 Bad Gateway</h1></html>" });

/** Responses that may replace the server's response to a post that it has published. */
const replacements: Record<string, (route: Route, response: APIResponse) => Promise<void>> = {
  "no response": (route) => route.abort(),
  "a proxy's 502 page": errorPage,
  "a 503 in plain text": (route) => route.fulfill({ status: 503, contentType: "text/plain", body: "Too many requests" }),
  "a captive portal's page": (route) => route.fulfill({ status: 200, contentType: "text/html", body: "<html>Log in to the network</html>" }),
  "a body that is cut off": async (route, response) =>
    route.fulfill({ status: 200, contentType: "application/json", body: (await response.text()).slice(0, -3) }),
};

/**
 * Forwards posts to the server. `replace` responds to the first post. The responses to the others
 * wait for `release`.
 */
async function loseFirstResponse(page: Page, replace: (route: Route, answer: APIResponse) => Promise<void>) {
  const opIds: string[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/fn/post_update", async (route) => {
    opIds.push(route.request().postDataJSON().op_id);
    const first = opIds.length === 1;
    const response = await route.fetch();
    if (first) {
      await replace(route, response);
    } else {
      await released;
      await route.fulfill({ response });
    }
  });
  return { opIds, release };
}

for (const [name, replace] of Object.entries(replacements)) {
  test(`post that gets ${name} is retried with the same operation id, and published once`, async ({
    author,
    newEntry,
    allowConsole,
  }) => {
    allowConsole(/Failed to load resource/, /ERR_FAILED/);
    const entry = await newEntry();
    const page = await author.context.newPage();
    await page.goto(entry.url);
    const { opIds, release } = await loseFirstResponse(page, replace);
    const box = page.getByRole("textbox", { name: "Update" });
    await box.fill("only once");
    await page.getByRole("button", { name: "Post", exact: true }).click();
    const alert = page.getByRole("alert").filter({ hasText: "Your text is kept here and will be sent again automatically" });
    await expect(alert).toBeVisible();
    await expect(box).toHaveValue("only once");
    await expect.poll(() => opIds.length).toBeGreaterThan(1);
    release();
    await expect(page.getByText("Posted.")).toBeVisible();
    await expect(box).toHaveValue("");
    await expect(updates(page)).toHaveCount(1);
    expect(new Set(opIds).size).toBe(1);
  });
}

test("post without a response is retried after 15 seconds", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await author.context.newPage();
  await page.clock.install();
  await page.goto(entry.url);
  // The server has published it, but no response arrives.
  const { opIds, release } = await loseFirstResponse(page, async () => {});
  const box = page.getByRole("textbox", { name: "Update" });
  await box.fill("only once");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect.poll(() => opIds.length).toBe(1);
  await page.clock.runFor(16_000);
  await expect(page.getByRole("alert").filter({ hasText: "Your text is kept here" })).toBeVisible();
  await page.clock.runFor(1_000);
  await expect.poll(() => opIds.length).toBe(2);
  release();
  await expect(box).toHaveValue("");
  expect(new Set(opIds).size).toBe(1);
});

test("text changed before the response is posted as another update, with a warning", async ({
  author,
  newEntry,
  allowConsole,
}) => {
  allowConsole(/Failed to load resource/);
  const entry = await newEntry();
  const page = await author.context.newPage();
  await page.goto(entry.url);
  const opIds: Record<"first" | "second", Set<string>> = { first: new Set(), second: new Set() };
  await page.route("**/fn/post_update", async (route) => {
    const { source, op_id } = route.request().postDataJSON() as { source: "first" | "second"; op_id: string };
    opIds[source].add(op_id);
    const response = await route.fetch();
    await (source === "first" ? errorPage(route) : route.fulfill({ response }));
  });
  const box = page.getByRole("textbox", { name: "Update" });
  await box.fill("first");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page.getByRole("alert").filter({ hasText: "Your text is kept here" })).toBeVisible();
  await box.fill("second");
  await expect(page.getByRole("alert").filter({ hasText: "You changed the text after it was sent" })).toBeVisible();
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(updates(page)).toHaveCount(2);
  expect(opIds.first.size).toBe(1);
  expect(opIds.second.size).toBe(1);
  expect(opIds.second).not.toEqual(opIds.first);
});

test("page reloaded before the response retries with the same operation id", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await author.context.newPage();
  await page.goto(entry.url);
  const { opIds, release } = await loseFirstResponse(page, async () => {});
  const box = page.getByRole("textbox", { name: "Update" });
  await box.fill("only once");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(updates(page)).toHaveCount(1);
  await page.reload();
  await expect(box).toHaveValue("only once");
  await expect(page.getByRole("alert").filter({ hasText: "This text was sent before, but no response arrived." })).toBeVisible();
  release();
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(box).toHaveValue("");
  await expect(updates(page)).toHaveCount(1);
  expect(new Set(opIds).size).toBe(1);
});

test("draft survives a session that expires while typing", async ({ author, newEntry, allowConsole, ringside }) => {
  allowConsole(/401/);
  const entry = await newEntry();
  const page = await author.context.newPage();
  await page.goto(entry.url);
  const box = page.getByRole("textbox", { name: "Update" });
  await box.fill("typed before the session ended");
  await author.context.request.post(`${ringside.url}/logout`, { headers: { Origin: ringside.url } });
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page.getByText("Your session has expired. Your text is kept here.")).toBeVisible();
  await expect(box).toHaveValue("typed before the session ended");

  const other = author.context.waitForEvent("page");
  await page.getByRole("link", { name: "Log in in another tab" }).click();
  const login = await other;
  await login.getByLabel("Username").fill(author.name);
  await login.getByLabel("Password").fill(author.password);
  await login.getByRole("button", { name: "Log in" }).click();
  await expect(login.getByRole("heading", { name: "Your desk" })).toBeVisible();
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(updates(page)).toHaveText(/typed before the session ended/);
});

test("author whose session has expired gets a message", async ({ author, newEntry, ringside }) => {
  const entry = await newEntry();
  await author.context.request.post(`${ringside.url}/logout`, { headers: { Origin: ringside.url } });
  await author.context.addCookies([{ name: "ringside_hint", value: "1", url: ringside.url }]);
  const page = await author.context.newPage();
  await page.goto(entry.url);
  const note = page.getByRole("alert").filter({ hasText: "Your session has expired." });
  await expect(note).toBeVisible();
  await expect(note.getByRole("link", { name: "Log in" })).toHaveAttribute("href", "/login");
});

test("headline typed while a post is in flight is kept", async ({ author, newEntry }) => {
  const entry = await newEntry();
  const page = await author.context.newPage();
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/fn/post_update", async (route) => {
    await released;
    await route.continue();
  });
  await page.goto(entry.url);
  const box = page.getByRole("textbox", { name: "Update" });
  await box.fill("first");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await page.getByRole("button", { name: "Add headline" }).click();
  const headline = page.getByRole("textbox", { name: "Headline" });
  await headline.fill("For the next one");
  release();
  await expect(page.getByText("Posted.")).toBeVisible();
  await expect(box).toHaveValue("");
  await expect(headline).toHaveValue("For the next one");
  await expect(headline).toBeFocused();
});

test("draft survives a reload and a rejection", async ({ author, newEntry, allowConsole }) => {
  allowConsole(/422/);
  const entry = await newEntry();
  const page = await author.context.newPage();
  await page.goto(entry.url);
  const box = page.getByRole("textbox", { name: "Update" });
  await box.fill("half a sen");
  await page.reload();
  await expect(box).toHaveValue("half a sen");

  await box.fill("x".repeat(60_000));
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page.getByRole("alert").filter({ hasText: "the maximum is 50000" })).toBeVisible();
  expect((await box.inputValue()).length).toBe(60_000);
});

test("only authors load the composer's code", async ({ page, author, newEntry, newMember }) => {
  const entry = await newEntry();
  const chunks = (requests: string[]) => requests.filter((url) => /composer|chunk|split/.test(url) && url.endsWith(".wasm"));
  const seen: string[] = [];
  page.on("request", (request) => seen.push(request.url()));
  await page.goto(entry.url);
  await waitForFeed(page);
  await expectStatus(page, "live");
  expect(seen.filter((url) => url.endsWith(".wasm"))).toHaveLength(1);
  expect(chunks(seen)).toEqual([]);
  expect(seen.filter((url) => url.includes("/fn/"))).toEqual([]);

  const desk = await author.context.newPage();
  const loaded: string[] = [];
  desk.on("request", (request) => loaded.push(request.url()));
  await desk.goto(entry.url);
  await expect(desk.getByRole("textbox", { name: "Update" })).toBeVisible();
  expect(loaded.filter((url) => url.endsWith(".wasm")).length).toBeGreaterThan(1);

  const reader = await (await newMember("reader")).context.newPage();
  await reader.goto(entry.url);
  await waitForFeed(reader);
  await expect(reader.getByRole("textbox", { name: "Update" }), "a reader with an account gets no composer").toHaveCount(0);
});
