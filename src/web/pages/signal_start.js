// @ts-check
/**
 * Before a room: make one, or come into the one of the link.
 *
 * @module
 */

import { element, setText } from "../static/pieces/dom.js";

const NAME_KEY = "streamtool.name";

/**
 * @typedef {object} StartOptions
 * @property {string | undefined} room code of the link's room; none makes a new one
 * @property {boolean} locked whether the link has lost its key
 * @property {(name: string, password: string | undefined) => void} onStart
 */

/** @param {StartOptions} options */
export function createStart({ room, locked, onStart }) {
  const name = element("input", {
    class: "copy-text party-input",
    name: "name",
    maxlength: 20,
    required: true,
    autocomplete: "nickname",
    value: localStorage.getItem(NAME_KEY) ?? "",
  });
  const password = element("input", {
    class: "copy-text party-input",
    type: "password",
    autocomplete: "off",
    maxlength: 100,
  });
  const passwordField = element(
    "label",
    { class: "field", hidden: true },
    "Password of the room",
    password,
  );
  const code = element("input", {
    class: "copy-text party-input",
    "aria-label": "Link of a party",
    placeholder: "The link that the host sent",
  });
  const message = element("p", { class: "banner-what", role: "alert" });
  const submit = element(
    "button",
    { class: "button", "data-kind": "play" },
    room === undefined ? "Make a room" : "Join",
  );
  const start = element(
    "section",
    { class: "party-start" },
    element(
      "h2",
      {},
      room === undefined ? "Watch a film together" : `Room ${room}`,
    ),
    element(
      "p",
      { class: "second" },
      room === undefined
        ? "You pick a film on this device; it goes straight to those who have the link, sealed with a key that the server never sees."
        : "The film comes straight from the host, sealed with a key in your link.",
    ),
    element(
      "form",
      {
        class: "party-form",
        onsubmit: (/** @type {SubmitEvent} */ event) => {
          event.preventDefault();
          const text = name.value.trim();
          if (text === "") return;
          localStorage.setItem(NAME_KEY, text);
          setText(message, "");
          submit.disabled = true;
          onStart(text, passwordField.hidden ? undefined : password.value);
        },
      },
      element("label", { class: "field" }, "Your name", name),
      passwordField,
      submit,
    ),
    message,
    ...(room === undefined
      ? [element(
        "form",
        {
          class: "party-form",
          onsubmit: (/** @type {SubmitEvent} */ event) => {
            event.preventDefault();
            const url = URL.parse(code.value.trim());
            if (url?.searchParams.has("room")) location.href = url.href;
            else setText(message, "That is no link of a party");
          },
        },
        element(
          "label",
          { class: "field" },
          "Or come into one: its link",
          code,
        ),
        element("button", { class: "button" }, "Open"),
      )]
      : []),
  );
  if (locked) {
    submit.disabled = true;
    setText(
      message,
      "The key behind the # of the link is missing. Ask for the whole link.",
    );
  }
  return {
    element: start,
    focus: () => name.focus(),
    /**
     * @param {string} text
     * @param {boolean} passwordRequired
     */
    refuse(text, passwordRequired) {
      submit.disabled = false;
      setText(message, text);
      passwordField.hidden = !passwordRequired;
      if (passwordRequired) password.focus();
    },
    /** @param {string} text */
    say: (text) => setText(message, text),
  };
}
