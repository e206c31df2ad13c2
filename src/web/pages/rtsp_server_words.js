// @ts-check
/**
 * What the states of a stream and of a viewer are called, and how good they are.
 *
 * @module
 */

/** @typedef {import("../../services/rtsp_server/report.ts").StreamReport} StreamReport */
/** @typedef {import("../../services/rtsp_server/report.ts").SessionReport} SessionReport */
/** @typedef {import("../static/pieces/tile.js").Tone} Tone */

/** Before the first answer. @type {{state: string, tone: Tone}} */
export const CONNECTING = { state: "Connecting", tone: "none" };

/** Nothing that is seen is known to be true any more. @type {{state: string, tone: Tone}} */
export const NO_CONNECTION = { state: "No connection", tone: "bad" };

/** The server answers. @type {{state: string, tone: Tone}} */
export const RUNNING = { state: "Running", tone: "good" };

/** From this share of packets on, pictures are seen to suffer: a frame has about 20 packets. */
export const BAD_LOSS = 0.02;

/** @type {Record<SessionReport["transport"], string>} */
export const TRANSPORTS = {
  udp: "UDP",
  tcp: "TCP",
  http: "HTTP",
  multicast: "Multicast",
};

/**
 * @param {StreamReport} stream
 * @returns {{state: string, tone: Tone, idleReason: string}}
 */
export function streamState({ state, kind, problem }) {
  switch (state) {
    case "idle":
      return { state: "Idle", tone: "none", idleReason: "" };
    case "preparing":
      return { state: "Opening", tone: "none", idleReason: "Opening" };
    case "ready":
      return {
        state: kind === "live" ? "Running" : "Ready",
        tone: "good",
        idleReason: "",
      };
    case "retrying":
      return {
        state: "Restarting",
        tone: "warn",
        idleReason: `Restarting: ${problem ?? "the source is gone"}`,
      };
    case "failed":
      return {
        state: "Failed",
        tone: "bad",
        idleReason: `Failed: ${problem ?? "it cannot be played"}`,
      };
  }
}

/**
 * @param {SessionReport} session
 * @param {StreamReport | undefined} stream that it watches
 * @returns {{state: string, tone: Tone}}
 */
export function sessionState({ state, framesSent }, stream) {
  if (state === "ended") return { state: "At the end", tone: "none" };
  if (state === "ready") {
    return { state: framesSent > 0 ? "Paused" : "Set up", tone: "none" };
  }
  return stream?.state === "retrying"
    ? { state: "Waiting", tone: "warn" }
    : { state: "Playing", tone: "good" };
}

/**
 * A viewer as people know it: by name when it gave one, else by address.
 *
 * @param {SessionReport} session
 */
export function viewerName({ user, address }) {
  return user === null ? address : `${user} (${address})`;
}

/** @param {number} share from 0 to 1 */
export function percent(share) {
  const value = share * 100;
  return value === 0 ? "0" : value.toFixed(value < 9.95 ? 1 : 0);
}
