// @ts-check
/**
 * The room's chat.
 *
 * @module
 */

import { element } from "../static/pieces/dom.js";

/** Lines that are kept. */
const MAX_LINES = 200;
/** A sealed message of this length fits into what the server takes. */
const MAX_LENGTH = 1000;

/** @param {(message: string) => void} onSend */
export function createChat(onSend) {
  const lines = element("ol", {
    class: "chat-lines",
    role: "log",
    "aria-live": "polite",
    tabindex: 0,
    "aria-label": "Chat",
  });
  const input = element("input", {
    class: "copy-text",
    maxlength: MAX_LENGTH,
    placeholder: "Say something",
    "aria-label": "Message",
    autocomplete: "off",
  });
  return {
    element: element(
      "section",
      { class: "party-panel", "aria-label": "Chat" },
      element("h2", {}, "Chat"),
      lines,
      element(
        "form",
        {
          class: "copy",
          onsubmit: (/** @type {SubmitEvent} */ event) => {
            event.preventDefault();
            const message = input.value.trim();
            if (message === "") return;
            onSend(message);
            input.value = "";
          },
        },
        input,
        element("button", { class: "button" }, "Send"),
      ),
    ),
    /** @param {import("../../signaling/mod.ts").ChatLine} line */
    add({ userName, message }) {
      const atEnd = lines.scrollTop + lines.clientHeight >=
        lines.scrollHeight - 8;
      lines.append(
        element(
          "li",
          {},
          element("strong", {}, `${userName}: `),
          message,
        ),
      );
      while (lines.childElementCount > MAX_LINES) {
        lines.firstElementChild?.remove();
      }
      if (atEnd) lines.scrollTop = lines.scrollHeight;
    },
  };
}
