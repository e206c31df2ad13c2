// @ts-check
/**
 * The limits of the server, under the names that its errors have for them.
 *
 * @module
 */

import { element } from "../static/pieces/dom.js";
import { count } from "../static/pieces/format.js";

/** @param {HTMLElement} place */
export function createLimits(place) {
  let shown = "";
  return {
    /** @param {import("../../services/referee_server/report.ts").RefereeReport} report */
    update({ limits, spill }) {
      const text = JSON.stringify([limits, spill]);
      if (text === shown) return;
      shown = text;
      place.replaceChildren(
        element(
          "p",
          { class: "note" },
          spill
            ? "Frames are on disk before they are acknowledged: a broken connection loses nothing."
            : "Frames stay in memory (--no-spill): a broken connection loses its session.",
        ),
        element(
          "dl",
          { class: "facts" },
          ...Object.entries(limits).map(([name, value]) =>
            element(
              "div",
              {},
              element("dt", {}, name),
              element("dd", { class: "figure" }, count(value)),
            )
          ),
        ),
      );
    },
  };
}
