// @ts-check
/**
 * Verdict: the page's question answered in one sentence, and why.
 *
 * @module
 */

import { element, setAttribute, setText } from "./dom.js";
import { icon, setIcon } from "./icons.js";

/** @typedef {import("./tile.js").Tone} Tone */

/**
 * @typedef {object} Verdict
 * @property {Tone} tone
 * @property {string} answer
 * @property {string} reason
 */

/**
 * @param {HTMLElement} place
 * @param {string} asking what stands there before the first answer
 */
export function createVerdict(place, asking) {
  const sign = icon("waiting");
  const answer = element("p", { class: "verdict-answer" }, asking);
  const reason = element("p", { class: "verdict-reason" });
  place.replaceChildren(sign, answer, reason);
  return {
    /** @param {Verdict} verdict */
    update(verdict) {
      setAttribute(place, "data-tone", verdict.tone);
      setIcon(sign, verdict.tone === "none" ? "waiting" : verdict.tone);
      setText(answer, verdict.answer);
      setText(reason, verdict.reason);
    },
  };
}
