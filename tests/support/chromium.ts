/**
 * A real Chromium for tests of pages: started for one test, gone after it.
 *
 * @module
 */

import { chromium } from "playwright-core";
import type { Page } from "playwright-core";

export type { Page } from "playwright-core";

/** Where distributions put it; STREAMTOOL_CHROMIUM comes first. */
const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** How long the browser may take to start and a page to do what is waited for. */
const PATIENCE_MS = 20_000;

/** What the page is shown on. */
export interface Screen {
  /** In CSS pixels. */
  readonly width: number;
  /** In CSS pixels. */
  readonly height: number;
  /** The theme the system asks for, dark by default. */
  readonly colorScheme?: "dark" | "light";
  /** Whether the system asks for less motion. */
  readonly reducedMotion?: boolean;
  /** Whether the page may write to the clipboard. */
  readonly clipboard?: boolean;
}

/** What a test learns beside the page. */
export interface PageReport {
  /** Errors on the console and exceptions, a Content-Security-Policy's refusals among them. */
  readonly errors: string[];
}

/** Path of the browser; `undefined` when there is none. */
export function chromiumPath(): string | undefined {
  const chosen = Deno.env.get("STREAMTOOL_CHROMIUM");
  return [...chosen ? [chosen] : [], ...PLACES].find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** Why tests in a browser cannot run here; `undefined` when they can. */
export function chromiumMissing(): string | undefined {
  return chromiumPath() === undefined
    ? "no Chromium: install Debian's chromium or set STREAMTOOL_CHROMIUM"
    : undefined;
}

/**
 * Registers a test that needs a browser; without one it is skipped, and its name says why.
 */
export function pageTest(name: string, test: () => Promise<void>): void {
  const missing = chromiumMissing();
  Deno.test({
    name: missing === undefined ? name : `${name} (skipped: ${missing})`,
    ignore: missing !== undefined,
    fn: test,
  });
}

/**
 * Opens an empty page of that size in a browser with a profile of its own, and ends the browser
 * whatever `use` does. The browser listens on a pipe of ours, so it ends with us, too, if we are killed.
 */
export async function withPage(
  screen: Screen,
  use: (page: Page, report: PageReport) => Promise<void>,
): Promise<void> {
  await withPages([screen], use);
}

/** As {@linkcode withPage}, on one screen after another, each page with a profile of its own. */
export async function withPages<S extends Screen>(
  screens: Iterable<S>,
  use: (page: Page, report: PageReport, screen: S) => Promise<void>,
): Promise<void> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error(chromiumMissing());
  const browser = await chromium.launch({
    executablePath,
    timeout: PATIENCE_MS,
    // Containers and CI run as root, where Chromium's sandbox does not start.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  try {
    for (const screen of screens) {
      const context = await browser.newContext({
        viewport: { width: screen.width, height: screen.height },
        colorScheme: screen.colorScheme ?? "dark",
        reducedMotion: screen.reducedMotion ? "reduce" : "no-preference",
        permissions: screen.clipboard
          ? ["clipboard-read", "clipboard-write"]
          : [],
      });
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error") {
          errors.push(`${message.text()} (${message.location().url})`);
        }
      });
      await use(page, { errors }, screen);
      await context.close();
    }
  } finally {
    await browser.close();
  }
}

/** Writes a PNG of the whole page, which may be higher than the screen. */
export async function screenshot(page: Page, path: string): Promise<void> {
  await page.screenshot({ path, fullPage: true, animations: "disabled" });
}

/**
 * Keeps a picture of the page for people to look at: `NAME.png` in the folder that
 * STREAMTOOL_SCREENSHOTS names, and nothing when it names none.
 */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  const folder = Deno.env.get("STREAMTOOL_SCREENSHOTS");
  if (folder) await screenshot(page, `${folder}/${name}.png`);
}

/**
 * How many CSS pixels the page is wider than the screen; 0 is what it must be.
 */
export async function horizontalOverflow(page: Page): Promise<number> {
  return await page.evaluate(() => {
    const root = document.scrollingElement ?? document.documentElement;
    return Math.max(0, root.scrollWidth - root.clientWidth);
  });
}
