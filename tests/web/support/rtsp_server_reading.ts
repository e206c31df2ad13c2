/**
 * What a person reads on the RTSP server's page.
 *
 * @module
 */

import type { Page } from "../../support/chromium.ts";
import { type MadeUpRtspServer, threeStreams } from "./made_up_rtsp_server.ts";

/** A desk. */
export const WIDE = { width: 1600, height: 1000 };
/** A telephone. */
export const NARROW = { width: 360, height: 780 };

/** Every kind of viewer there is. */
export function fiveViewers(): MadeUpRtspServer {
  const server = threeStreams();
  server.watch("fencing-final", { user: "anna" });
  server.watch("fencing-final", {
    transport: "tcp",
    fractionLost: 0.034,
    packetsLost: 412,
  });
  server.watch("camera", {
    transport: "multicast",
    address: "2001:db8:85a3:1234:5678:8a2e:370:7334",
  });
  server.watch("camera", {
    transport: "http",
    secure: true,
    framesSkipped: 31,
  });
  server.watch("fencing-final", {
    dialect: "lab",
    state: "ready",
    fractionLost: null,
    packetsLost: null,
    jitterMs: null,
    roundTripMs: null,
  });
  return server;
}

/** What a person reads at the first look. */
export function verdict(page: Page): Promise<string> {
  return page.locator(".verdict-answer").innerText();
}

/** Waits until a text is on the page and seen. */
export async function seen(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).filter({ visible: true }).first().waitFor();
}

/** Names of the tiles in the order they are seen. */
export function tiles(page: Page): Promise<string[]> {
  return page.locator(".streams .tile-name").allInnerTexts();
}

/** The rows of the table as lists of texts. */
export function rows(page: Page): Promise<string[][]> {
  return page.locator(".table tbody tr:not(.table-empty)").evaluateAll(
    (found) =>
      found.map((row) =>
        [...row.querySelectorAll("th, td")].map((cell) =>
          (cell as HTMLElement).innerText.trim()
        )
      ),
  );
}

/** What has the focus, by its first line. */
export function focused(page: Page): Promise<string | undefined> {
  return page.evaluate(() => {
    const active = document.activeElement as HTMLElement;
    return (active.getAttribute("aria-label") ?? active.innerText)
      .split("\n")[0];
  });
}
