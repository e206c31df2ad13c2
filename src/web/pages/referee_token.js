// @ts-check
/**
 * Asks for the token of a server that wants one.
 *
 * @module
 */

import { writeAddress } from "../static/pieces/address.js";
import { element } from "../static/pieces/dom.js";

/** Whether the server answers with the token of the address, or without one. */
export async function tokenFits() {
  const response = await fetch(`/api/referee${location.search}`);
  await response.body?.cancel();
  return response.status !== 401;
}

/**
 * Puts a form there that opens the page with the token.
 *
 * @param {HTMLElement} place
 */
export function askForToken(place) {
  const input = element("input", {
    id: "token",
    type: "password",
    class: "search",
    autocomplete: "off",
    required: true,
  });
  place.replaceChildren(element(
    "form",
    {
      class: "empty form",
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        writeAddress({ token: input.value.trim() });
        location.reload();
      },
    },
    element(
      "p",
      {},
      "This server shows its recordings to whoever knows its token.",
    ),
    element("label", { class: "field", for: "token" }, "Token", input),
    element("button", { type: "submit", class: "button" }, "Open"),
  ));
  input.focus();
}
