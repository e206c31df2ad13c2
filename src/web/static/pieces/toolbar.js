// @ts-check
/**
 * Toolbar: a row of buttons. Tab reaches each; arrow keys go along it.
 *
 * @module
 */

import { element, setText } from "./dom.js";
import { icon, setIcon } from "./icons.js";

/** @typedef {import("./icons.js").IconName} IconName */

/**
 * @typedef {object} ButtonOptions
 * @property {string} label
 * @property {IconName} icon
 * @property {() => unknown} run while its promise is pending the button does nothing
 * @property {"play" | "icon"} [kind] red sign; sign alone
 * @property {string} [key] its keyboard shortcut, for screen readers
 */

/**
 * A button that can be switched off without losing the focus, and that runs one action at a time.
 *
 * @param {ButtonOptions} options
 */
export function createButton({ label, icon: sign, run, kind, key }) {
  const svg = icon(sign);
  const text = element(
    "span",
    kind === "icon" ? { class: "visually-hidden" } : {},
    label,
  );
  let enabled = true;
  let running = false;
  const button = element(
    "button",
    {
      type: "button",
      class: "button",
      "data-kind": kind,
      title: key === undefined ? label : `${label} (${key})`,
      "aria-keyshortcuts": key,
      onclick: press,
    },
    svg,
    text,
  );

  function show() {
    button.setAttribute("aria-disabled", String(!enabled || running));
  }

  async function press() {
    if (!enabled || running) return;
    running = true;
    show();
    try {
      await run();
    } finally {
      running = false;
      show();
    }
  }

  show();
  return {
    element: button,
    press,
    /** @param {boolean} on */
    setEnabled(on) {
      if (enabled === on) return;
      enabled = on;
      show();
    },
    /**
     * @param {string} nextLabel
     * @param {IconName} nextIcon
     */
    setLabel(nextLabel, nextIcon) {
      setText(text, nextLabel);
      setIcon(svg, nextIcon);
      button.title = key === undefined ? nextLabel : `${nextLabel} (${key})`;
    },
  };
}

/**
 * @param {string} label
 * @param {...HTMLElement} items buttons and links
 */
export function createToolbar(label, ...items) {
  return element("div", {
    role: "toolbar",
    class: "toolbar",
    "aria-label": label,
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step === undefined) return;
      const at = items.indexOf(
        /** @type {HTMLElement} */ (document.activeElement),
      );
      items.at((at + step) % items.length)?.focus();
      event.preventDefault();
    },
  }, ...items);
}
