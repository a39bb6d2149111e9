// Pictures of every page and of its states: two for the README, all to look at after a change.
import { randomUUID } from "node:crypto";
import type { Page } from "@playwright/test";
import { expect, test, waitForFeed } from "./support/test";

const SIZES = [
  { name: "phone", width: 390, height: 844 },
  { name: "desk", width: 1280, height: 900 },
];
const SCHEMES = ["light", "dark"] as const;

/** Each run's author: readers see the name. */
const NAMES = ["ann", "bea", "cleo", "dora"];

const STORY: [string, string][] = [
  ["The doors are open", "People have been queueing around the block since noon. **Doors** opened ten minutes early, to cheers."],
  ["", "Sound check is over. The band is backstage, and somebody is handing out oranges."],
  ["Kick-off", "We are under way. The away side in white, attacking the river end.\n\n> You could hear it from the bridge.\n\nThe first chance falls to Okafor, and goes *just* wide."],
  ["", "A long spell of nothing much. See [the line-ups](https://example.org/line-ups) if you have just joined."],
  ["1–0!", "Okafor again, and this time it is in. A corner, a scramble, a toe.\n\n| | Shots | Corners |\n| --- | --- | --- |\n| Home | 4 | 3 |\n| Away | 2 | 0 |"],
  ["", "Half-time. We will be back in fifteen minutes."],
];

for (const scheme of SCHEMES) {
  for (const size of SIZES) {
    test(`${size.name}, ${scheme}`, async ({ newMember, newContext, newEntry, ringside, allowConsole }, info) => {
      allowConsole(/Failed to load resource|ERR_/);
      test.setTimeout(120_000);
      const author = await newMember("author", NAMES.shift());
      const send = async (path: string, form: Record<string, string> = {}) => {
        await author.context.request.post(ringside.url + path, { form, headers: { Origin: ringside.url } });
      };
      const post = (slug: string, source: string, headline = "") =>
        send(`/entries/${slug}/compose`, { source, headline, op_id: randomUUID() });
      const look = { viewport: size, colorScheme: scheme, reducedMotion: "reduce" as const };
      const shoot = async (page: Page, name: string) => {
        await page.screenshot({ path: info.outputPath(`${name}-${size.name}-${scheme}.png`) });
      };
      const context = await newContext(look);
      const page = await context.newPage();

      const entry = await newEntry({ title: "Cup final: the river derby" });
      const empty = await newEntry({ title: "Nothing yet" });
      for (const [headline, text] of STORY) await post(entry.slug, text, headline);

      await page.goto(entry.url);
      await waitForFeed(page);
      await expect(page.locator(".chip")).toHaveAttribute("data-chip", "live");
      await shoot(page, "entry");
      if (scheme === "light") await page.screenshot({ path: `../docs/images/entry-${size.name}.png` });
      await page.getByRole("button", { name: "Show latest first" }).click();
      await page.evaluate(() => scrollTo(0, 700));
      await post(entry.slug, "The second half begins.");
      await page.getByRole("button", { name: "1 new update" }).waitFor();
      await shoot(page, "held");
      await page.getByRole("button", { name: "1 new update" }).click();
      await shoot(page, "revealed");
      await page.context().setOffline(true);
      await page.getByText("Offline").waitFor();
      await shoot(page, "offline");
      await page.context().setOffline(false);

      await page.goto(empty.url);
      await waitForFeed(page);
      await shoot(page, "empty");
      await page.goto(`${ringside.url}/`);
      await shoot(page, "front");
      await page.goto(`${entry.url}/updates/1`);
      await shoot(page, "update");
      await page.goto(`${ringside.url}/nowhere`);
      await shoot(page, "not-found");
      await page.goto(`${ringside.url}/login`);
      await page.getByLabel("Username").fill("nobody");
      await page.getByLabel("Password").fill("wrong");
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("alert").waitFor();
      await shoot(page, "login");
      const setup = /http:\S+\/setup\?token=\S+/.exec(ringside.log)?.[0];
      await page.goto(setup ?? `${ringside.url}/login`);
      await shoot(page, "setup");

      const writer = await (await newContext({ ...look, storageState: await author.context.storageState() })).newPage();
      await writer.goto(entry.url);
      await writer.getByRole("textbox", { name: "Update" }).fill("Substitution: Abara for Lund.");
      await shoot(writer, "composer");
      await writer.goto(`${ringside.url}/desk`);
      await shoot(writer, "desk");
      await writer.goto(`${ringside.url}/desk/entries/${entry.slug}`);
      await writer.getByRole("button", { name: "Delete" }).first().click();
      await writer.getByRole("button", { name: "Undo" }).waitFor();
      await shoot(writer, "desk-entry");
      await writer.getByRole("link", { name: "Edit" }).first().click();
      await writer.getByRole("heading", { name: "Edit an update" }).waitFor();
      await shoot(writer, "edit");
      await writer.goto(`${entry.url}/compose`);
      await shoot(writer, "compose");

      await send(`/desk/entries/${entry.slug}/end`);
      await page.goto(entry.url);
      await waitForFeed(page);
      await shoot(page, "ended");
    });
  }
}
