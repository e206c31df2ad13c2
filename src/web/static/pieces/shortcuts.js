// @ts-check
/**
 * Keyboard shortcuts of a page, and the dialog that lists them.
 *
 * @module
 */

import { showDialog } from "./dialog.js";
import { element } from "./dom.js";

/**
 * @typedef {object} Shortcut
 * @property {string} key as in `KeyboardEvent.key`
 * @property {string} name as people call it: "Space"
 * @property {string} does what it does
 * @property {() => unknown} run
 */

/** What uses the keys itself while it has the focus. */
const INTERACTIVE =
  "input, textarea, select, dialog, [contenteditable], [role=slider]";

/** What space presses while it has the focus. */
const PRESSABLE = `${INTERACTIVE}, button, a, summary`;

/**
 * Listens for the shortcuts; `?` shows them.
 *
 * @param {readonly Shortcut[]} shortcuts
 * @returns {() => void} shows them too, for a button
 */
export function listenForShortcuts(shortcuts) {
  let open = false;
  const all = [...shortcuts, {
    key: "?",
    name: "?",
    does: "Show this help",
    run: showHelp,
  }];

  async function showHelp() {
    if (open) return;
    open = true;
    await showDialog({
      title: "Keyboard",
      content: [
        element(
          "dl",
          { class: "keys" },
          ...all.flatMap(({ name, does }) => [
            element("dt", {}, element("kbd", {}, name)),
            element("dd", {}, does),
          ]),
        ),
      ],
      buttons: [{ label: "Close", value: "" }],
    });
    open = false;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const target = /** @type {Element} */ (event.target);
    if (target.closest(event.key === " " ? PRESSABLE : INTERACTIVE)) return;
    const shortcut = all.find(({ key }) => key === event.key);
    if (shortcut === undefined || document.querySelector("dialog[open]")) {
      return;
    }
    event.preventDefault(); // space would scroll
    shortcut.run();
  });
  return () => void showHelp();
}
