import puppeteer, { type ElementHandle } from "puppeteer-core";
import { type Engine, type Role, type Tab, xpath } from "./tab";

/** Milliseconds. Far more than any step takes, even on a busy machine. */
const LIMIT = 60_000;

/** Starts Firefox without a window, driven by WebDriver BiDi. */
export async function startFirefox(): Promise<Engine> {
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: process.env.RINGSIDE_FIREFOX ?? "/usr/bin/firefox-esr",
    timeout: LIMIT,
    protocolTimeout: LIMIT,
    // The browser connects only to Ringside.
    extraPrefsFirefox: {
      "app.normandy.enabled": false,
      "browser.safebrowsing.malware.enabled": false,
      "browser.safebrowsing.phishing.enabled": false,
      "extensions.update.enabled": false,
      "network.captive-portal-service.enabled": false,
      "network.connectivity-service.enabled": false,
      "toolkit.telemetry.enabled": false,
    },
  });
  return {
    close: () => browser.close(),
    async newTab() {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      page.setDefaultTimeout(LIMIT);
      const find = async (role: Role, name: string) => {
        const found = await page.waitForSelector(`xpath/${xpath(role, name)}`, { visible: true });
        return found as ElementHandle<HTMLElement>;
      };
      const tab: Tab = {
        goto: async (url) => void (await page.goto(url, { waitUntil: "load" })),
        back: async () => void (await page.goBack({ waitUntil: "load" }).catch(ignoreRestored)),
        reload: async () => void (await page.reload({ waitUntil: "load" })),
        evaluate: (run, ...args) => page.evaluate(run as never, ...args),
        click: async (role, name) => (await find(role, name)).click(),
        type: async (name, text) => (await find("textbox", name)).type(text),
      };
      return { tab, close: () => context.close() };
    },
  };
}

/**
 * Ignores the timeout of a page restored from the back/forward cache, which fires no load event.
 */
function ignoreRestored(error: Error): void {
  if (!/timeout/i.test(error.message)) throw error;
}
