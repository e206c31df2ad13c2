// @ts-check
/**
 * The figures of this page's player and its traffic: numbers, and the last
 * minute of them.
 *
 * @module
 */

import { bitrate, bytes, NONE } from "../static/pieces/format.js";
import { createGraph } from "../static/pieces/graph.js";
import { createStat } from "../static/pieces/stat.js";

/**
 * @typedef {object} Figures
 * @property {number | undefined} driftMs
 * @property {number} bufferedS
 * @property {number} downBps
 * @property {number} upBps
 * @property {number | undefined} roundTripMs
 * @property {number} refused chunks that were not what the host has signed
 * @property {number} total bytes, both ways
 * @property {readonly string[]} ways that the film takes
 */

/**
 * @param {HTMLElement} list takes the numbers
 * @param {HTMLElement} graphs takes the graphs
 */
export function createFigures(list, graphs) {
  const stats = {
    drift: createStat("Drift"),
    buffer: createStat("Buffer"),
    down: createStat("Download"),
    up: createStat("Upload"),
    latency: createStat("Latency"),
    refused: createStat("Refused chunks"),
  };
  const traffic = createGraph({
    title: "Traffic",
    unit: "Mbit/s",
    series: ["Download", "Upload"],
  });
  const drift = createGraph({
    title: "Drift",
    unit: "ms",
    series: ["This player"],
  });
  list.append(...Object.values(stats).map(({ element }) => element));
  graphs.append(traffic.element, drift.element);

  return {
    /** @param {Figures} figures */
    update(
      { driftMs, bufferedS, downBps, upBps, roundTripMs, refused, total, ways },
    ) {
      stats.drift.update({
        value: driftMs === undefined ? NONE : driftMs.toFixed(0),
        unit: "ms",
        ...(driftMs === undefined ? {} : { sample: Math.abs(driftMs) }),
      });
      stats.buffer.update({
        value: bufferedS.toFixed(0),
        unit: "s",
        sample: bufferedS,
      });
      stats.down.update({ ...bitrate(downBps / 1000), sample: downBps });
      stats.up.update({ ...bitrate(upBps / 1000), sample: upBps });
      stats.latency.update({
        value: roundTripMs === undefined ? NONE : roundTripMs.toFixed(0),
        unit: "ms",
        foot: ways.length === 0 ? "no way yet" : ways.join(" and "),
      });
      const all = bytes(total);
      stats.refused.update({
        value: String(refused),
        foot: `${all.value} ${all.unit} in all`,
        ...(refused > 0 ? { tone: /** @type {const} */ ("warn") } : {}),
      });
      traffic.add(downBps / 1e6, upBps / 1e6);
      drift.add(driftMs === undefined ? undefined : Math.abs(driftMs));
    },
  };
}
