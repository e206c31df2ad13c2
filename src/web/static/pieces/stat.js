// @ts-check
/**
 * Stat: a label, a value with its unit, and its last 60 seconds.
 *
 * @module
 */

import { element, setAttribute, setText } from "./dom.js";
import { NONE } from "./format.js";
import { History } from "./history.js";

const WINDOW_MS = 60_000;
const WIDTH = 120;
const HEIGHT = 20;
const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {object} StatState
 * @property {string} value
 * @property {string} [unit]
 * @property {string} [foot] a line instead of the sparkline
 * @property {number} [sample] the value as a number, for the sparkline
 * @property {"warn" | "bad"} [tone]
 */

/**
 * @param {string} label
 */
export function createStat(label) {
  const value = element("span", {}, NONE);
  const unit = element("span", { class: "stat-unit" });
  const foot = element("div", { class: "stat-foot" });
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "sparkline");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  svg.append(line);
  const stat = element(
    "div",
    { class: "stat" },
    element("dt", { class: "stat-label", title: label }, label),
    element("dd", { class: "stat-value" }, value, " ", unit),
    foot,
  );
  const history = new History(WINDOW_MS);

  return {
    element: stat,
    /** @param {StatState} next */
    update(next) {
      setText(value, next.value);
      setText(unit, next.unit ?? "");
      setAttribute(stat, "data-tone", next.tone);
      if (next.sample === undefined) {
        setText(foot, next.foot ?? "");
        setAttribute(foot, "title", next.foot);
        return;
      }
      const now = performance.now();
      history.add(now, next.sample);
      if (svg.parentNode !== foot) foot.replaceChildren(svg);
      line.setAttribute("d", pathOf(history, now));
    },
  };
}

/**
 * From the left, 60 seconds ago, to now; from 0 at the bottom, so that a small
 * change looks small. A gap in the measurements is a gap in the line.
 *
 * @param {History} history
 * @param {number} now
 */
function pathOf(history, now) {
  const top = Math.max(history.max(), 1e-9);
  return history.runs().map((run) =>
    run.map(({ at, value }, index) => {
      const x = WIDTH * (1 - (now - at) / WINDOW_MS);
      const y = HEIGHT - 1 - (HEIGHT - 2) * (value / top);
      return `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    }).join("")
  ).join("");
}
