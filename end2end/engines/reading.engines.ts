// Reading in Firefox and WebKit.
import { expect, status, test, texts } from "./test";

for (const [transport, shown] of [
  ["auto", "live"],
  ["websocket", "live"],
  ["poll", "polling"],
]) {
  test(`posts, edits and deletions appear (${transport})`, async ({ tab, newEntry, post, send }) => {
    const entry = await newEntry();
    await post(entry.slug, "one");
    await tab.goto(`${entry.url}?transport=${transport}`);
    await expect.poll(() => status(tab)).toBe(shown);

    await post(entry.slug, "two");
    await expect.poll(() => texts(tab)).toEqual(["one", "two"]);
    const ids = await tab.evaluate(() => {
      const updates = [...document.querySelectorAll<HTMLElement>("#live-updates .update")];
      return updates.map((update) => update.dataset.updateId ?? "");
    });
    await send(`/desk/updates/${ids[0]}`, { source: "one, corrected", headline: "" });
    await expect.poll(() => texts(tab)).toEqual(["one, corrected", "two"]);
    await send(`/desk/updates/${ids[1]}/delete`);
    await expect.poll(() => texts(tab)).toEqual(["one, corrected"]);
  });
}

test("page reconnects after a restart of the server, and shows each update once", async ({ tab, ringside, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "before");
  await tab.goto(`${entry.url}`);
  await expect.poll(() => status(tab)).toBe("live");
  await ringside.stop();
  await expect.poll(() => status(tab)).toBe("reconnecting");
  await ringside.start();
  await post(entry.slug, "after");
  await expect.poll(() => status(tab), { timeout: 60_000 }).toBe("live");
  await expect.poll(() => texts(tab)).toEqual(["before", "after"]);
});

test("order is reversed and stored", async ({ tab, newEntry, post }) => {
  const entry = await newEntry();
  for (const text of ["one", "two", "three"]) await post(entry.slug, text);
  await tab.goto(`${entry.url}`);
  await expect.poll(() => status(tab)).toBe("live");
  await tab.click("button", "Show latest first");
  expect(await texts(tab)).toEqual(["three", "two", "one"]);
  await tab.reload();
  expect(await texts(tab)).toEqual(["three", "two", "one"]);
  await expect.poll(() => status(tab)).toBe("live");
  await post(entry.slug, "four");
  await expect.poll(() => texts(tab)).toEqual(["four", "three", "two", "one"]);
});

test("page catches up after the reader has gone back to it", async ({ tab, ringside, newEntry, post }) => {
  const entry = await newEntry();
  await post(entry.slug, "before");
  await tab.goto(`${entry.url}`);
  await expect.poll(() => status(tab)).toBe("live");
  await tab.goto(`${ringside.url}/`);
  await post(entry.slug, "meanwhile");
  await tab.back();
  await expect.poll(() => texts(tab)).toEqual(["before", "meanwhile"]);
  await expect.poll(() => status(tab)).toBe("live");
  await post(entry.slug, "after");
  await expect.poll(() => texts(tab)).toEqual(["before", "meanwhile", "after"]);
});

test("updates above the reader are pending, and do not scroll the page", async ({ tab, newEntry, post }) => {
  const entry = await newEntry({ order: "latest" });
  for (let n = 0; n < 12; n++) await post(entry.slug, `update ${n} `.repeat(40));
  await tab.goto(entry.url);
  await expect.poll(() => status(tab)).toBe("live");
  /** Returns the distance of the seventh visible update from the top of the window, in pixels. */
  const place = () =>
    tab.evaluate(async () => {
      for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
      const shown = [...document.querySelectorAll("#live-updates .update")].filter((it) => it.checkVisibility());
      return shown[6]?.getBoundingClientRect().top;
    });
  await tab.evaluate(() => document.querySelectorAll("#live-updates .update")[6]?.scrollIntoView());
  const before = await place();

  await post(entry.slug, "new");
  const buttons = () => tab.evaluate(() => [...document.querySelectorAll("button")].map((button) => button.innerText.trim()));
  await expect.poll(buttons).toContain("1 new update");
  expect(await texts(tab)).toHaveLength(12);
  expect(await place()).toBe(before);
  await tab.click("button", "1 new update");
  await expect.poll(async () => (await texts(tab))[0]).toBe("new");
});

test("focus and selection survive new updates", async ({ tab, newEntry, post, send }) => {
  const entry = await newEntry();
  await post(entry.slug, "read [this](https://example.org/) first");
  await post(entry.slug, "selected");
  await tab.goto(`${entry.url}`);
  await expect.poll(() => status(tab)).toBe("live");
  const id = await tab.evaluate(() => {
    const [first, second] = document.querySelectorAll<HTMLElement>("#live-updates .update");
    first?.querySelector<HTMLElement>(".prose a")?.focus();
    const prose = second?.querySelector(".prose");
    if (prose) getSelection()?.selectAllChildren(prose);
    return first?.dataset.updateId;
  });
  await post(entry.slug, "arrived");
  // An edit of the update that has the focus.
  await send(`/desk/updates/${id}`, { source: "read [this](https://example.org/) first, please", headline: "" });
  await expect.poll(() => texts(tab)).toEqual(["read this first, please", "selected", "arrived"]);
  const kept = await tab.evaluate(() => [document.activeElement?.textContent, getSelection()?.toString().trim()]);
  expect(kept).toEqual(["this", "selected"]);
});
