// @ts-check
/**
 * What the states of a peer are called, and how good they are.
 *
 * @module
 */

import { duration, text } from "../static/pieces/format.js";

/** @typedef {import("../../chain/report.ts").ChainPeerView} ChainPeerView */
/** @typedef {import("../../chain/report.ts").ChainSnapshot} ChainSnapshot */
/** @typedef {import("../../chain/report.ts").PeerReport} PeerReport */
/** @typedef {import("../static/pieces/tile.js").Tone} Tone */

/** Before the first answer. @type {{state: string, tone: Tone}} */
export const CONNECTING = { state: "Connecting", tone: "none" };

/** Nothing that is seen is known to be true any more. @type {{state: string, tone: Tone}} */
export const NO_CONNECTION = { state: "No connection", tone: "bad" };

/** @type {Record<PeerReport["state"], {state: string, tone: Tone, idleReason: string}>} */
export const REPORT_STATES = {
  connecting: {
    state: "Connecting",
    tone: "warn",
    idleReason: "Not registered yet",
  },
  waiting: {
    state: "Waiting",
    tone: "none",
    idleReason: "Waiting for a first frame",
  },
  playing: { state: "Playing", tone: "good", idleReason: "" },
  ended: { state: "Ended", tone: "none", idleReason: "Ended" },
};

/** @type {Record<ChainSnapshot["state"], {state: string, tone: Tone, idleReason: string}>} */
export const CHAIN_STATES = {
  waiting: { state: "Waiting", tone: "none", idleReason: "Not started" },
  playing: { state: "Playing", tone: "good", idleReason: "" },
  ended: { state: "Ended", tone: "none", idleReason: "Ended" },
};

/**
 * @param {ChainPeerView} peer
 * @returns {{state: string, tone: Tone, idleReason: string}}
 */
export function peerState({ state, report, reportAgeMs }) {
  if (state === "legacy") {
    return { state: "StrandCast", tone: "none", idleReason: "" };
  }
  if (state === "silent") {
    const age = reportAgeMs === null ? "" : ` ${text(duration(reportAgeMs))}`;
    return { state: `Silent${age}`, tone: "bad", idleReason: "" };
  }
  return report === null
    ? { state: "Joining", tone: "none", idleReason: "No report yet" }
    : REPORT_STATES[report.state];
}
