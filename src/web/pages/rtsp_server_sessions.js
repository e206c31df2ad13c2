// @ts-check
/**
 * Who watches, in figures.
 *
 * @module
 */

import { ago, clock, count, NONE, short } from "../static/pieces/format.js";
import { createTable } from "../static/pieces/table.js";
import {
  BAD_LOSS,
  percent,
  sessionState,
  TRANSPORTS,
  viewerName,
} from "./rtsp_server_words.js";

/** @typedef {import("../../services/rtsp_server/report.ts").SessionReport} SessionReport */
/** @typedef {import("../../services/rtsp_server/report.ts").StreamReport} StreamReport */
/** @typedef {import("../static/pieces/table.js").Cell} Cell */

/**
 * @typedef {object} Row
 * @property {SessionReport} session
 * @property {StreamReport | undefined} stream
 * @property {boolean} live whether the server answers
 */

/** @typedef {import("../static/pieces/table.js").Column<Row>} Column */

/** Sorts before every figure. */
const NOT_MEASURED = -1;

/** A page of a thousand rows is slow to lay out each second: more are shown when asked for. */
const MAX_ROWS = 100;

/**
 * A column of a figure, `null` while nobody has measured it.
 *
 * @param {string} id
 * @param {string} label
 * @param {(session: SessionReport) => number | null} value
 * @param {(value: number) => string} say
 * @returns {Column}
 */
function figure(id, label, value, say) {
  return {
    id,
    label,
    kind: "number",
    cell: ({ session }) => {
      const found = value(session);
      return found === null
        ? { text: NONE, order: NOT_MEASURED, title: "Not reported" }
        : { text: say(found), order: found };
    },
  };
}

/** @type {Column} */
const LOSS = {
  id: "loss",
  label: "Loss, %",
  kind: "number",
  cell: ({ session: { fractionLost, packetsLost } }) =>
    fractionLost === null
      ? { text: NONE, order: NOT_MEASURED, title: "Not reported" }
      : {
        text: percent(fractionLost),
        order: fractionLost,
        tone: fractionLost >= BAD_LOSS
          ? "bad"
          : fractionLost > 0
          ? "warn"
          : "none",
        title: `Since its last report. In all ${
          count(packetsLost ?? 0)
        } packets lost`,
      },
};

/** @param {SessionReport} session @returns {Cell} */
function transportCell({ transport, dialect, secure }) {
  const words = [
    ...dialect === "lab" ? ["Lab"] : [],
    TRANSPORTS[transport],
    ...secure ? ["TLS"] : [],
  ];
  return {
    text: words.join(" "),
    title: [
      dialect === "lab" ? "The teaching lab's packets" : "RTP",
      {
        udp: "over UDP",
        tcp: "inside the RTSP connection",
        http: "inside an HTTP tunnel",
        multicast: "to a multicast group",
      }[transport],
      ...secure ? ["encrypted"] : [],
    ].join(", "),
  };
}

/**
 * The table of the sessions.
 *
 * @param {(session: SessionReport) => unknown} onEnd ends one
 */
export function createSessionTable(onEnd) {
  /** @type {readonly Column[]} */
  const columns = [
    {
      id: "viewer",
      label: "Viewer",
      kind: "text",
      cell: ({ session }) => ({
        text: viewerName(session),
        title: viewerName(session),
      }),
    },
    {
      id: "session",
      label: "Session",
      kind: "text",
      cell: ({ session: { id } }) => ({ text: id, title: `Session ${id}` }),
    },
    {
      id: "on",
      label: "Stream",
      kind: "text",
      cell: ({ session }) => ({ text: session.stream, title: session.stream }),
    },
    {
      id: "transport",
      label: "Transport",
      kind: "text",
      cell: ({ session }) => transportCell(session),
    },
    {
      id: "state",
      label: "State",
      kind: "text",
      cell: ({ session, stream }) => {
        const { state, tone } = sessionState(session, stream);
        return { text: state, tone, dot: true };
      },
    },
    {
      id: "position",
      label: "Position",
      kind: "number",
      cell: ({ session: { position } }) =>
        position === null
          ? { text: "live", order: NOT_MEASURED }
          : { text: clock(position), order: position },
    },
    figure("fps", "fps", ({ fps }) => fps, short),
    figure("kbps", "kbit/s", ({ kbps }) => kbps, count),
    figure("packets", "Packets", ({ packetsSent }) => packetsSent, count),
    LOSS,
    figure("jitter", "Jitter, ms", ({ jitterMs }) => jitterMs, short),
    figure("rtt", "RTT, ms", ({ roundTripMs }) => roundTripMs, short),
    {
      id: "skipped",
      label: "Skipped",
      kind: "number",
      cell: ({ session: { framesSkipped, framesSent } }) => ({
        text: count(framesSkipped),
        order: framesSkipped,
        tone: framesSkipped > 0 ? "warn" : "none",
        title: `${count(framesSkipped)} frames left out because the viewer ` +
          `was too slow, ${count(framesSent)} sent`,
      }),
    },
    {
      id: "connected",
      label: "Connected",
      kind: "number",
      cell: ({ session: { seconds } }) => ({
        text: ago(seconds),
        order: seconds,
        title: `Since ${
          new Date(Date.now() - seconds * 1000).toLocaleTimeString()
        }`,
      }),
    },
    {
      id: "end",
      label: "End",
      kind: "action",
      cell: ({ session, live }) =>
        live
          ? {
            text: "",
            action: {
              label: "End",
              title: `End session ${session.id} of ${viewerName(session)}`,
              run: () => onEnd(session),
            },
          }
          : { text: "" },
    },
  ];
  return createTable({
    label: "Viewers in figures",
    columns,
    keyOf: ({ session }) => session.id,
    unsorted: "order of arrival",
    loading: "Loading the viewers…",
    empty: "Nobody watches. Give a stream's URL to a player.",
    maxRows: MAX_ROWS,
  });
}
