/** A phone: Chromium at 360x640 with touch, which remembers everything that a page must not do. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { TestContext } from "vitest";
import { root } from "../../support/source-tree.ts";

const browserPaths = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The machine's Chromium, or null. */
export const browserPath = browserPaths.find((path) => existsSync(path)) ?? null;

export interface Phone {
  page: Page;
  /** Errors on the console, uncaught exceptions and violations of the content policy, in order. */
  complaints: string[];
  /** The rows of the terminal, joined by newlines. */
  screen(): Promise<string>;
  /** Resolves with the screen as soon as it matches. */
  sees(pattern: RegExp, withinMs?: number): Promise<string>;
  /** Writes a picture to test-results/. */
  photograph(name: string): Promise<void>;
  /** How many pixels the page is wider than the phone. */
  overflowPx(): Promise<number>;
  /** Has so many pixels at the bottom covered, as by a soft keyboard. */
  cover(px: number): Promise<void>;
}

export async function launchBrowser(executablePath: string): Promise<Browser> {
  const quiet = ["--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--no-first-run", ...quiet] });
}

/** For before each test: the sheets and routes of one that failed midway are nobody else's, nor its second try's. */
export async function beginAnew(phones: readonly Phone[], { task }: Pick<TestContext, "task">): Promise<void> {
  for (const { page, complaints } of phones) {
    if ((task.result?.retryCount ?? 0) > 0) complaints.length = 0;
    await page.unrouteAll({ behavior: "ignoreErrors" });
    while (await page.getByRole("dialog").first().isVisible()) await page.keyboard.press("Escape");
  }
}

const smallPhone: BrowserContextOptions = {
  viewport: { width: 360, height: 640 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
  colorScheme: "dark",
};

/** A new phone with nothing stored, at this address; or another device. */
export async function openPhone(browser: Browser, url: string, device = smallPhone): Promise<Phone> {
  const context = await browser.newContext({
    ...device,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error.stack)));
  await page.addInitScript(() => {
    // As over http, which a phone in one's own network comes over.
    Reflect.deleteProperty(Crypto.prototype, "randomUUID");
    addEventListener("securitypolicyviolation", ({ violatedDirective, sourceFile }) =>
      console.error(`violates ${violatedDirective} in ${sourceFile}`),
    );
  });
  await page.goto(url);

  const screen = () =>
    page
      .locator(".xterm-rows > div")
      .allTextContents()
      .then((rows) => rows.join("\n"));
  return {
    page,
    complaints,
    screen,
    async sees(pattern, withinMs = 20_000) {
      const isSeen = ([source, flags]: [string, string]) => {
        const rows = [...document.querySelectorAll(".xterm-rows > div")].map((row) => row.textContent);
        return new RegExp(source, flags).test(rows.join("\n"));
      };
      const seen = page.waitForFunction(isSeen, [pattern.source, pattern.flags] as [string, string], {
        timeout: withinMs,
      });
      await seen.catch(async (error: unknown) => {
        throw new Error(`never saw ${pattern} on:\n${await screen()}`, { cause: error });
      });
      return screen();
    },
    async photograph(name) {
      await mkdir(join(root, "test-results"), { recursive: true });
      await page.screenshot({ path: join(root, "test-results", `${name}.png`) });
    },
    cover: (px) =>
      page.evaluate((coveredPx) => {
        Object.defineProperty(visualViewport, "height", { get: () => innerHeight - coveredPx, configurable: true });
        visualViewport?.dispatchEvent(new Event("resize"));
      }, px),
    overflowPx: () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
  };
}
