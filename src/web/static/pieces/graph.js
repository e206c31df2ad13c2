// @ts-check
/**
 * Graph: at most two series over the last 60 seconds, with named axes and the
 * current values in words beside it.
 *
 * @module
 */

import { element, setText } from "./dom.js";
import { NONE, short } from "./format.js";
import { History } from "./history.js";

const WINDOW_MS = 60_000;

/** Room for the numbers at the left and the seconds below, in CSS pixels. */
const LEFT = 40;
const BOTTOM = 18;
const TOP = 8;
const RIGHT = 8;

/**
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.unit
 * @param {readonly [string] | readonly [string, string]} options.series their names
 */
export function createGraph({ title, unit, series }) {
  const histories = series.map(() => new History(WINDOW_MS));
  const currents = series.map(() => element("span", { class: "figure" }));
  const canvas = element("canvas", { role: "img" });
  const graph = element(
    "figure",
    { class: "graph" },
    element(
      "figcaption",
      { class: "graph-head" },
      element(
        "span",
        {},
        title,
        " ",
        element("span", { class: "second" }, `in ${unit}, last 60 s`),
      ),
      element(
        "span",
        { class: "graph-series" },
        ...series.map((name, index) =>
          element("span", {}, `${name} `, currents[index] ?? "")
        ),
      ),
    ),
    canvas,
  );

  function draw() {
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    const context = canvas.getContext("2d");
    if (width === 0 || context === null) return;
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
    context.scale(devicePixelRatio, devicePixelRatio);
    const style = getComputedStyle(canvas);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name);
    const top = niceTop(Math.max(...histories.map((one) => one.max())));
    const right = width - RIGHT;
    const bottom = height - BOTTOM;

    context.font = `12px ${colour("--mono")}`;
    context.fillStyle = colour("--second");
    context.strokeStyle = colour("--line");
    context.lineWidth = 1;
    for (const part of [0, 0.5, 1]) {
      const y = Math.round(bottom - (bottom - TOP) * part) + 0.5;
      context.beginPath();
      context.moveTo(LEFT, y);
      context.lineTo(right, y);
      context.stroke();
      context.textAlign = "right";
      context.fillText(axisNumber(top * part), LEFT - 6, y + 4);
    }
    for (
      const [seconds, align]
        of /** @type {const} */ ([[60, "left"], [30, "center"], [0, "right"]])
    ) {
      context.textAlign = align;
      const x = right - (right - LEFT) * (seconds / 60);
      context.fillText(seconds === 0 ? "now" : `−${seconds} s`, x, height - 4);
    }

    const now = performance.now();
    for (const [index, history] of histories.entries()) {
      context.strokeStyle = colour(index === 0 ? "--action" : "--warn");
      context.lineWidth = 1.5;
      context.setLineDash(index === 0 ? [] : [4, 3]); // not by colour alone
      for (const run of history.runs()) {
        context.beginPath();
        for (const { at, value } of run) {
          context.lineTo(
            right - (right - LEFT) * ((now - at) / WINDOW_MS),
            bottom - (bottom - TOP) * (value / top),
          );
        }
        context.stroke();
      }
    }
  }

  new ResizeObserver(draw).observe(canvas);
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", draw);

  return {
    element: graph,
    /**
     * One value a series; `undefined` is not measured.
     *
     * @param {...(number | undefined)} values
     */
    add(...values) {
      const now = performance.now();
      for (const [index, history] of histories.entries()) {
        const value = values[index];
        if (value !== undefined) history.add(now, value);
        const current = currents[index];
        if (current !== undefined) {
          setText(
            current,
            value === undefined ? NONE : `${short(value)} ${unit}`,
          );
        }
      }
      canvas.setAttribute(
        "aria-label",
        `${title}: ${graph.querySelector(".graph-series")?.textContent}`,
      );
      draw();
    },
  };
}

/**
 * The next round number at or above: one digit times a power of ten.
 *
 * @param {number} value
 */
function niceTop(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power *
    ([1, 2, 3, 4, 5, 6, 8].find((step) => step * power >= value) ?? 10);
}

/** @param {number} value */
function axisNumber(value) {
  return value === 0
    ? "0"
    : value < 1
    ? value.toPrecision(1)
    : String(+value.toFixed(1));
}
