/**
 * Opening a page in the user's browser.
 *
 * @module
 */

import type { Host } from "./host.ts";

/** The opener of each system, with the URL to be put last. None of them goes through a shell. */
const OPENERS: Readonly<Record<string, readonly string[]>> = {
  darwin: ["open"],
  windows: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** Everything else that is a desktop has freedesktop.org's. */
const DEFAULT_OPENER = ["xdg-open"];

/**
 * Starts the platform's opener.
 *
 * @throws {Error} when the URL is no web page or there is no opener
 */
export function openUrl(url: string, host: Pick<Host, "os" | "launch">): void {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new Error(`Cannot open ${JSON.stringify(url)}: it is no web page`);
  }
  const [command = "xdg-open", ...args] = OPENERS[host.os] ?? DEFAULT_OPENER;
  try {
    host.launch(command, [...args, new URL(url).href]);
  } catch {
    throw new Error(
      `Cannot open the page: ${command} is not there. Open ${url} yourself`,
    );
  }
}
