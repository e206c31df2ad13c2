// @ts-check
/**
 * All streams together, each figure with its last minute.
 *
 * @module
 */

import {
  bitrate,
  bytes,
  count,
  NONE,
  plural,
  short,
} from "../static/pieces/format.js";
import { createStat } from "../static/pieces/stat.js";
import { BAD_LOSS, percent } from "./rtsp_server_words.js";

/** @typedef {import("../../services/rtsp_server/report.ts").ServerReport} ServerReport */
/** @typedef {import("../../services/rtsp_server/report.ts").SessionReport} SessionReport */

/**
 * @param {HTMLElement} place
 */
export function createStats(place) {
  const stats = {
    playing: createStat("Viewers playing"),
    bitrate: createStat("Bitrate"),
    fps: createStat("Frames a second"),
    loss: createStat("Most loss"),
    jitter: createStat("Most jitter"),
    skipped: createStat("Skipped frames"),
    sent: createStat("Sent"),
    connections: createStat("RTSP connections"),
  };
  place.append(...Object.values(stats).map(({ element }) => element));
  return {
    /** @param {ServerReport} report */
    update({ sessions, streams, connections, totals }) {
      const playing = sessions.filter(({ state }) => state === "playing");
      const kbps = streams.reduce((sum, { kbps }) => sum + kbps, 0);
      const fps = sessions.reduce((sum, { fps }) => sum + fps, 0);
      const loss = most(playing, ({ fractionLost }) => fractionLost);
      const jitter = most(playing, ({ jitterMs }) => jitterMs);
      stats.playing.update({
        value: count(playing.length),
        unit: `of ${count(sessions.length)}`,
        sample: playing.length,
      });
      stats.bitrate.update({ ...bitrate(kbps), sample: kbps });
      stats.fps.update({ value: short(fps), sample: fps });
      stats.loss.update(
        loss === undefined ? { value: NONE, foot: "no report yet" } : {
          value: percent(loss),
          unit: "%",
          sample: loss,
          ...loss >= BAD_LOSS
            ? { tone: "bad" }
            : loss > 0
            ? { tone: "warn" }
            : {},
        },
      );
      stats.jitter.update(
        jitter === undefined
          ? { value: NONE, foot: "no report yet" }
          : { value: short(jitter), unit: "ms", sample: jitter },
      );
      stats.skipped.update({
        value: count(totals.skipped),
        sample: totals.skipped,
      });
      stats.sent.update({
        ...bytes(totals.bytes),
        foot: plural(totals.frames, "frame"),
      });
      stats.connections.update({
        value: count(connections),
        unit: `of ${count(totals.connections)}`,
        sample: connections,
      });
    },
  };
}

/**
 * The largest of what was measured; `undefined` when nothing was.
 *
 * @param {readonly SessionReport[]} sessions
 * @param {(session: SessionReport) => number | null} value
 * @returns {number | undefined}
 */
function most(sessions, value) {
  const measured = sessions.map(value).filter((one) => one !== null);
  return measured.length === 0 ? undefined : Math.max(...measured);
}
