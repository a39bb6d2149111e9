// The composer in the entry's page: it loses no text, and publishes nothing twice.
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
