// @ts-check
/**
 * What every page with a live picture offers: a snapshot, and the picture on
 * the full screen.
 *
 * @module
 */

import { element } from "./dom.js";
import { icon } from "./icons.js";
import { showToast } from "./toast.js";

/**
 * A button that saves the newest picture as its server has it.
 *
 * @param {{
 *   server: string,
 *   name: (number: string | null) => string,
 * }} options `server` is who answers, in messages; `name` makes the file's name
 * of the frame's number as the server states it.
 * @returns {{ element: HTMLElement, save: () => Promise<void> }}
 */
export function createSnapshotButton({ server, name }) {
  async function save() {
    try {
      const response = await fetch("/snapshot.jpg");
      if (!response.ok) {
        const body = await response.json().catch(() => ({}));
        showToast(
          body.error ??
            `Cannot save a snapshot: the ${server} answers ${response.status}`,
          "bad",
        );
        return;
      }
      const url = URL.createObjectURL(await response.blob());
      const file = name(response.headers.get("x-frame-number"));
      element("a", { href: url, download: file }).click();
      URL.revokeObjectURL(url);
      showToast(`Snapshot saved as ${file}`);
    } catch {
      showToast(
        `Cannot save a snapshot: the ${server} does not answer`,
        "bad",
      );
    }
  }
  const button = element(
    "a",
    {
      class: "button",
      href: "/snapshot.jpg",
      download: "snapshot.jpg",
      title: "Snapshot of the newest frame (s)",
      "aria-keyshortcuts": "s",
      onclick: (/** @type {Event} */ event) => {
        event.preventDefault();
        save();
      },
    },
    icon("camera"),
    "Snapshot",
  );
  return { element: button, save };
}

/**
 * Shows an element on the full screen, or what is there no longer.
 *
 * @param {HTMLElement} shown
 */
export async function toggleFullScreen(shown) {
  try {
    if (document.fullscreenElement !== null) await document.exitFullscreen();
    else await shown.requestFullscreen();
  } catch {
    showToast(
      "This browser does not show this page full screen. Open it in a window of its own",
      "bad",
    );
  }
}
