// @ts-check
/**
 * Copy-link field: a link or a command to take along.
 *
 * @module
 */

import { element } from "./dom.js";
import { icon } from "./icons.js";
import { showToast } from "./toast.js";

/**
 * @param {object} options
 * @param {string} options.label for screen readers: what it is
 * @param {string} options.text
 */
export function createCopyField({ label, text }) {
  const input = element("input", {
    class: "copy-text",
    readonly: true,
    value: text,
    "aria-label": label,
    onfocus: () => input.select(),
  });
  const field = element(
    "div",
    { class: "copy" },
    input,
    element(
      "button",
      { type: "button", class: "button", onclick: copy },
      icon("copy"),
      "Copy",
    ),
  );

  async function copy() {
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
      showToast(`Copied: ${input.value}`);
    } catch {
      // Browsers give the clipboard to https and localhost only.
      showToast(
        "Selected: press Ctrl+C to copy, this browser does not let a page do it",
        "bad",
      );
      input.focus();
    }
  }

  return {
    element: field,
    /** @param {string} next */
    update(next) {
      if (input.value !== next) input.value = next;
    },
  };
}
