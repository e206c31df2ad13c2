// @ts-check
/**
 * Toast: what an action has led to, for some seconds.
 *
 * @module
 */

import { element } from "./dom.js";
import { icon } from "./icons.js";

/** Long enough to read twice (WCAG 2.2.1 asks that errors stay: they do, until closed). */
const SHOWN_MS = 6000;

/** More than these say nothing any more: the oldest goes. */
const MAX_TOASTS = 3;

/** @type {HTMLElement | undefined} */
let toasts;

/**
 * @param {string} message
 * @param {"good" | "bad"} [tone]
 */
export function showToast(message, tone = "good") {
  if (toasts === undefined) {
    toasts = element("div", {
      class: "toasts",
      role: "status",
      "aria-live": "polite",
    });
    document.body.append(toasts);
  }
  const toast = element(
    "div",
    { class: "toast", "data-tone": tone },
    icon(tone),
    element("span", {}, message),
    element(
      "button",
      {
        type: "button",
        class: "button",
        "data-kind": "icon",
        onclick: () => toast.remove(),
      },
      icon("close"),
      element("span", { class: "visually-hidden" }, "Close"),
    ),
  );
  toasts.append(toast);
  while (toasts.childElementCount > MAX_TOASTS) {
    toasts.firstElementChild?.remove();
  }
  if (tone === "good") setTimeout(() => toast.remove(), SHOWN_MS);
}
