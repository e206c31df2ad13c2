// @ts-check
/**
 * Figures as people read them, each with its unit. "–" is a figure that nobody
 * has measured yet.
 *
 * @module
 */

/** @typedef {{value: string, unit: string}} Figure */

/** What stands where there is no figure. */
export const NONE = "–";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/**
 * A count with its thousands apart: `12,345`.
 *
 * @param {number} value
 */
export function count(value) {
  return whole.format(value);
}

/**
 * "1 peer", "3 peers".
 *
 * @param {number} value
 * @param {string} noun
 */
export function plural(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/**
 * The number of a frame, which counts from 0; -1 is none yet.
 *
 * @param {number} value
 */
export function frameNumber(value) {
  return value < 0 ? NONE : `#${value}`;
}

/**
 * Three figures are enough: `0.42`, `8.31`, `42.5`, `425`.
 *
 * @param {number} value
 */
export function short(value) {
  if (value === 0) return "0";
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

/**
 * @param {number} milliseconds
 * @returns {Figure}
 */
export function duration(milliseconds) {
  return milliseconds < 1000
    ? { value: short(milliseconds), unit: "ms" }
    : { value: short(milliseconds / 1000), unit: "s" };
}

/**
 * @param {{p50: number, p99: number, count: number}} latency
 * @param {"p50" | "p99"} percentile
 * @returns {Figure}
 */
export function latency(latency, percentile) {
  return latency.count === 0
    ? { value: NONE, unit: "ms" }
    : duration(latency[percentile]);
}

/**
 * @param {number} kbps
 * @returns {Figure}
 */
export function bitrate(kbps) {
  return kbps < 1000
    ? { value: count(kbps), unit: "kbit/s" }
    : { value: short(kbps / 1000), unit: "Mbit/s" };
}

/**
 * @param {number} value
 * @returns {Figure}
 */
export function bytes(value) {
  if (value < 1000) return { value: count(value), unit: "B" };
  const units = ["kB", "MB", "GB", "TB"];
  let scaled = value / 1000;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return { value: short(scaled), unit: units[unit] ?? "" };
}

/**
 * `0:07`, `12:34`, `1:02:03`.
 *
 * @param {number} seconds
 */
export function clock(seconds) {
  const all = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const minutes = Math.floor(all / 60) % 60;
  const hours = Math.floor(all / 3600);
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(all % 60)}`
    : `${minutes}:${two(all % 60)}`;
}

/**
 * How long ago, in words that do not change every tick: `3 s`, `2 min`.
 *
 * @param {number} seconds
 */
export function ago(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

/**
 * @param {Figure} figure
 */
export function text({ value, unit }) {
  return `${value} ${unit}`;
}
