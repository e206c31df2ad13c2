// @ts-check
/**
 * A modal dialog on the browser's own `<dialog>`: it holds the focus, gives it
 * back, and Escape closes it.
 *
 * @module
 */

import { element } from "./dom.js";

/**
 * Shows it and resolves with the value of the button that closed it, "" for Escape.
 *
 * @param {object} options
 * @param {string} options.title
 * @param {readonly Node[]} options.content
 * @param {readonly {label: string, value: string}[]} options.buttons the last one has the focus
 * @returns {Promise<string>}
 */
export function showDialog({ title, content, buttons }) {
  const heading = element("h2", {
    id: `dialog-${Math.random().toString(36).slice(2)}`,
  }, title);
  const dialog = element(
    "dialog",
    { class: "dialog", "aria-labelledby": heading.id },
    heading,
    ...content,
    element(
      "div",
      { class: "dialog-actions" },
      ...buttons.map(({ label, value }, index) =>
        element("button", {
          type: "button",
          class: "button",
          autofocus: index === buttons.length - 1,
          onclick: () => dialog.close(value),
        }, label)
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    })
  );
}
