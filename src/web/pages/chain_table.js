// @ts-check
/**
 * The peers in figures.
 *
 * @module
 */

import { count, NONE, short } from "../static/pieces/format.js";
import { createTable } from "../static/pieces/table.js";
import { peerState } from "./chain_words.js";

/** @typedef {import("../../chain/report.ts").ChainPeerView} ChainPeerView */
/** @typedef {import("../../chain/report.ts").PeerReport} PeerReport */
/** @typedef {import("../static/pieces/table.js").Cell} Cell */
/** @typedef {import("../static/pieces/table.js").Column<ChainPeerView>} Column */

/** Sorts before every figure. */
const NOT_MEASURED = -1;

/**
 * A column of one of the report's figures.
 *
 * @param {string} id
 * @param {string} label
 * @param {(report: PeerReport) => Cell} cell
 * @returns {Column}
 */
function figure(id, label, cell) {
  return {
    id,
    label,
    kind: "number",
    cell: ({ report }) =>
      report === null ? { text: NONE, order: NOT_MEASURED } : cell(report),
  };
}

/**
 * A column of a count that should be 0.
 *
 * @param {string} id
 * @param {string} label
 * @param {(report: PeerReport) => number} value
 * @param {boolean} [bad] whether more than 0 is bad, and not merely odd
 */
function fault(id, label, value, bad = true) {
  return figure(id, label, (report) => ({
    text: count(value(report)),
    order: value(report),
    tone: bad && value(report) > 0 ? "bad" : "none",
  }));
}

/**
 * A column of a latency, in milliseconds for all rows so that they compare.
 *
 * @param {string} id
 * @param {string} label
 * @param {(report: PeerReport) => PeerReport["hopLatency"]} summary
 * @param {"p50" | "p99"} percentile
 */
function delay(id, label, summary, percentile) {
  return figure(id, label, (report) => {
    const measured = summary(report);
    return measured.count === 0
      ? { text: NONE, order: NOT_MEASURED }
      : { text: short(measured[percentile]), order: measured[percentile] };
  });
}

/** @type {readonly Column[]} */
const COLUMNS = [
  {
    id: "peer",
    label: "Peer",
    kind: "text",
    cell: ({ name, page, host, port }) => ({
      text: name,
      href: page,
      title: `${name} at ${host}:${port}`,
    }),
  },
  {
    id: "state",
    label: "State",
    kind: "text",
    cell: (peer) => {
      const { state, tone } = peerState(peer);
      return { text: state, tone, dot: true };
    },
  },
  {
    id: "wire",
    label: "Wire",
    kind: "text",
    cell: ({ wire }) => ({ text: wire }),
  },
  figure("frame", "Frame", ({ frameNumber }) => ({
    text: frameNumber < 0 ? NONE : String(frameNumber),
    order: frameNumber,
  })),
  figure("fps", "Frames/s", ({ fps }) => ({ text: short(fps), order: fps })),
  figure("received", "Received", ({ framesReceived }) => ({
    text: count(framesReceived),
    order: framesReceived,
  })),
  fault("lost", "Lost", ({ framesLost }) => framesLost),
  fault("duplicates", "Duplicates", ({ duplicates }) => duplicates, false),
  fault("missed", "Missed", ({ hop }) => hop?.missed ?? 0, false),
  fault(
    "repaired",
    "Repaired",
    ({ hop }) => (hop?.repaired ?? 0) + (hop?.replaced ?? 0),
    false,
  ),
  figure("round-trip", "Round trip, ms", ({ hop }) => {
    const measured = hop?.roundTripMs ?? null;
    return measured === null
      ? { text: NONE, order: NOT_MEASURED }
      : { text: short(measured), order: measured };
  }),
  delay("hop-p50", "Hop p50, ms", ({ hopLatency }) => hopLatency, "p50"),
  delay("hop-p99", "Hop p99, ms", ({ hopLatency }) => hopLatency, "p99"),
  delay("chain", "Chain p50, ms", ({ chainLatency }) => chainLatency, "p50"),
  figure("saved", "Saved", ({ framesSaved, framesNotSaved }) => ({
    text: framesNotSaved > 0
      ? `${count(framesSaved)} (${count(framesNotSaved)} not)`
      : count(framesSaved),
    order: framesSaved,
    tone: framesNotSaved > 0 ? "bad" : "none",
    ...framesNotSaved > 0
      ? {
        title: `${
          count(framesNotSaved)
        } frames not saved: the disk failed or was too slow`,
      }
      : {},
  })),
];

/** The table of the coordinator's page. */
export function createPeerTable() {
  return createTable({
    label: "Peers in figures",
    columns: COLUMNS,
    keyOf: ({ name }) => name,
    unsorted: "chain order",
    loading: "Loading the peers…",
    empty: "No peer in the chain yet.",
  });
}
