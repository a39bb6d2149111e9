import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { Builder, By, Capabilities, until } from "selenium-webdriver";
import { freePort, killWithTests } from "../support/ringside";
import { type Engine, type Role, type Tab, xpath } from "./tab";

/** Milliseconds. Far more than any step takes, even on a busy machine. */
const LIMIT = 60_000;

/** Starts WebKitGTK's WebDriver on a virtual display. Each tab is a separate browser. */
export async function startWebKit(): Promise<Engine> {
  const display = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  killWithTests(display);
  const [name] = (await once(display.stdio[3] as Readable, "data")) as [Buffer];
  const port = await freePort();
  const driver = spawn("WebKitWebDriver", ["--host=127.0.0.1", `--port=${port}`], {
    stdio: "ignore",
    env: { ...process.env, DISPLAY: `:${name.toString().trim()}`, GDK_BACKEND: "x11" },
  });
  killWithTests(driver);
  const server = `http://127.0.0.1:${port}`;
  await waitForDriver(server);
  return {
    async close() {
      driver.kill();
      display.kill();
    },
    async newTab() {
      const session = await new Builder()
        .usingServer(server)
        .withCapabilities(
          new Capabilities({
            browserName: "MiniBrowser",
            "webkitgtk:browserOptions": { binary: miniBrowser(), args: ["--automation"] },
          }),
        )
        .build();
      const find = async (role: Role, name: string) => {
        const found = await session.wait(until.elementLocated(By.xpath(xpath(role, name))), LIMIT);
        return session.wait(until.elementIsVisible(found), LIMIT);
      };
      const tab: Tab = {
        goto: (url) => session.get(url),
        back: () => session.navigate().back(),
        reload: () => session.navigate().refresh(),
        evaluate: (run, ...args) => session.executeScript(run, ...args),
        click: async (role, name) => (await find(role, name)).click(),
        type: async (name, text) => (await find("textbox", name)).sendKeys(text),
      };
      return { tab, close: () => session.quit() };
    },
  };
}

/** Returns the path of MiniBrowser, which WebKitGTK's packages contain for WebDriver. */
function miniBrowser(): string {
  for (const architecture of readdirSync("/usr/lib").filter((name) => name.endsWith("-linux-gnu"))) {
    for (const version of ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"]) {
      const path = join("/usr/lib", architecture, version, "MiniBrowser");
      if (existsSync(path)) return path;
    }
  }
  throw new Error("MiniBrowser is missing: install webkit2gtk-driver");
}

async function waitForDriver(server: string): Promise<void> {
  const deadline = Date.now() + LIMIT;
  while (!(await fetch(`${server}/status`).then((response) => response.ok, () => false))) {
    if (Date.now() > deadline) throw new Error("WebKitWebDriver does not respond");
    await delay(50);
  }
}
