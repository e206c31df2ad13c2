// @ts-check
/**
 * What states, winners and stages are called, and how good they are.
 *
 * @module
 */

/** @typedef {import("../../services/referee_server/report.ts").LiveSessionReport} LiveSession */
/** @typedef {import("../../services/referee_server/result_catalog.ts").FinishedRecording} Recording */
/** @typedef {import("../../referee/result.ts").RefereeResult} Result */
/** @typedef {import("../static/pieces/tile.js").Tone} Tone */
/** @typedef {{state: string, tone: Tone}} State */

/** Before the first answer. @type {State} */
export const CONNECTING = { state: "Connecting", tone: "none" };

/** Nothing that is seen is known to be true any more. @type {State} */
export const NO_CONNECTION = { state: "No connection", tone: "bad" };

/** The server answers. @type {State} */
export const RUNNING = { state: "Running", tone: "good" };

/** Without a frame for so long a client that sends has a trouble. */
const QUIET_SECONDS = 5;

/**
 * @param {LiveSession} session
 * @returns {State & {idleReason: string}}
 */
export function sessionState(
  { state, processing, idle_seconds, client, has_picture },
) {
  const idleReason = has_picture
    ? ""
    : state === "RECEIVING_FRAMES"
    ? "No JPEG yet"
    : "No picture";
  switch (state) {
    case "CREATE":
      return { state: "Opening", tone: "none", idleReason };
    case "RECEIVING_FRAMES":
      return idle_seconds > QUIET_SECONDS
        ? { state: "Quiet", tone: "warn", idleReason }
        : { state: "Receiving", tone: "good", idleReason };
    case "FRAMES_COMPLETE":
      return {
        state: "Waiting for the signal",
        tone: "none",
        idleReason: "All frames are here",
      };
    case "PROCESSING":
      return processing?.stage === null
        ? { state: "In the queue", tone: "none", idleReason: "In the queue" }
        : {
          state: client === null ? "Processing, client left" : "Processing",
          tone: "good",
          idleReason: "All frames are here",
        };
    default:
      return { state: "Done", tone: "none", idleReason };
  }
}

/** @type {Record<string, string>} */
const WINNERS = {
  left: "Left fencer",
  right: "Right fencer",
  both: "Both fencers",
  none: "No call",
};

/** @param {string} winner */
export function winnerName(winner) {
  return WINNERS[winner] ?? winner;
}

/** @type {Record<string, string>} */
const TIERS = {
  certain: "certain",
  high: "high confidence",
  medium: "medium confidence",
  low: "low confidence",
};

/**
 * "high confidence, 83 %"; nothing where nothing is called.
 *
 * @param {string} tier
 * @param {number} confidence
 */
export function confidenceText(tier, confidence) {
  const words = TIERS[tier];
  return words === undefined
    ? ""
    : `${words}, ${Math.round(confidence * 100)} %`;
}

/** @type {Record<string, string>} */
const STAGES = {
  video_reconstruction: "Video",
  fisheye: "Fisheye correction",
  yolo: "Tracking",
  decision: "Decision",
  overlay: "Overlay",
};

/** @param {string} stage */
export function stageName(stage) {
  return STAGES[stage] ?? stage;
}
