// @ts-check
/**
 * Sessions that are alive: a tile with the newest picture, and their figures.
 *
 * @module
 */

import {
  ago,
  bytes,
  count,
  plural,
  short,
  text,
} from "../static/pieces/format.js";
import { createStat } from "../static/pieces/stat.js";
import { createTable } from "../static/pieces/table.js";
import { createTile } from "../static/pieces/tile.js";
import { element } from "../static/pieces/dom.js";
import { api } from "./referee_api.js";
import { sessionState } from "./referee_words.js";

/** @typedef {import("./referee_words.js").LiveSession} LiveSession */
/** @typedef {import("../../services/referee_server/report.ts").RefereeReport} Report */
/** @typedef {import("../static/pieces/table.js").Column<LiveSession>} Column */

/** A tile is small: more pictures a second are not seen in it. */
const PICTURES_PER_SECOND = 10;

/** From this share of the limit on, memory is nearly full. */
const FULL = 0.9;

/** Bytes in the server's MB. */
const MIB = 1024 * 1024;

/** @param {HTMLElement} place */
export function createStats(place) {
  const stats = {
    sessions: createStat("Sessions"),
    fps: createStat("Frames a second"),
    memory: createStat("Memory for frames"),
    queue: createStat("In the queue"),
    frames: createStat("Frames received"),
    parked: createStat("Waiting for their client"),
  };
  place.append(...Object.values(stats).map(({ element }) => element));
  return {
    /** @param {Report} report */
    update(report) {
      const {
        active_sessions,
        max_sessions,
        total_memory_mb,
        max_memory_mb,
        frames_per_second,
      } = report;
      stats.sessions.update({
        value: count(active_sessions),
        unit: `of ${count(max_sessions)}`,
        sample: active_sessions,
        ...active_sessions >= max_sessions ? { tone: "warn" } : {},
      });
      stats.fps.update({
        value: short(frames_per_second),
        sample: frames_per_second,
      });
      stats.memory.update({
        value: short(total_memory_mb),
        unit: `of ${count(max_memory_mb)} MB`,
        sample: total_memory_mb,
        ...total_memory_mb >= max_memory_mb * FULL ? { tone: "warn" } : {},
      });
      stats.queue.update({
        value: count(report.queue_length),
        unit: report.active_uploads === 0
          ? ""
          : plural(report.active_uploads, "upload"),
        sample: report.queue_length,
      });
      stats.frames.update({
        value: count(report.frames_total),
        foot: `in ${ago(report.seconds)}`,
      });
      stats.parked.update({
        value: count(report.parked_sessions),
        sample: report.parked_sessions,
      });
    },
  };
}

/**
 * @param {HTMLElement} list
 * @param {import("../static/pieces/picture_pump.js").PicturePump} pump
 */
export function createSessionTiles(list, pump) {
  /** @type {Map<string, {item: HTMLLIElement, tile: ReturnType<typeof createTile>}>} */
  const tiles = new Map();
  return {
    /** @param {readonly LiveSession[]} sessions */
    update(sessions) {
      const wanted = new Set(sessions.map(({ session_id }) => session_id));
      for (const [id, { item, tile }] of tiles) {
        if (wanted.has(id)) continue;
        tile.remove();
        item.remove();
        tiles.delete(id);
      }
      for (const session of sessions) {
        const { session_id: id, width, height } = session;
        let one = tiles.get(id);
        if (one === undefined) {
          const tile = createTile({
            pump,
            name: id,
            frameUrl: api(`/sessions/${encodeURIComponent(id)}/frame`),
            picturesPerSecond: PICTURES_PER_SECOND,
          });
          one = { item: element("li", {}, tile.element), tile };
          tiles.set(id, one);
          list.append(one.item);
        }
        one.tile.update({
          ...sessionState(session),
          figures: figures(session),
          width,
          height,
        });
        one.tile.picture.asking = session.has_picture;
      }
    },
  };
}

/** @param {LiveSession} session */
function figures(session) {
  const { processing, frames_received, expected_frames } = session;
  if (processing !== null) {
    return processing.stage === null
      ? `${plural(processing.queuePosition, "recording")} before it`
      : `${processing.message} ${Math.round(processing.progress * 100)} %`;
  }
  return [
    expected_frames > 0
      ? `${count(frames_received)} of ${plural(expected_frames, "frame")}`
      : plural(frames_received, "frame"),
    `${short(session.current_fps)} fps`,
    text(bytes(session.memory_mb * MIB)),
  ].join(" · ");
}

/**
 * @param {string} id
 * @param {string} label
 * @param {(session: LiveSession) => number} value
 * @param {(value: number) => string} [say]
 * @returns {Column}
 */
function figure(id, label, value, say = count) {
  return {
    id,
    label,
    kind: "number",
    cell: (session) => ({ text: say(value(session)), order: value(session) }),
  };
}

/** The same in figures. */
export function createSessionTable() {
  /** @type {Column[]} */
  const columns = [
    {
      id: "session",
      label: "Session",
      kind: "text",
      cell: ({ session_id }) => ({ text: session_id, title: session_id }),
    },
    {
      id: "state",
      label: "State",
      kind: "text",
      cell: (session) => {
        const { state, tone } = sessionState(session);
        return { text: state, tone, dot: true };
      },
    },
    {
      id: "client",
      label: "Client",
      kind: "text",
      cell: ({ client }) => ({ text: client ?? "left" }),
    },
    figure("frames", "Frames", ({ frames_received }) => frames_received),
    figure("fps", "fps now", ({ current_fps }) => current_fps, short),
    figure("stated", "fps stated", ({ fps }) => fps, short),
    figure("missing", "Missing", ({ missing_frames }) => missing_frames),
    figure("twice", "Twice", ({ duplicate_frames }) => duplicate_frames),
    figure(
      "order",
      "Out of order",
      ({ out_of_order_frames }) => out_of_order_frames,
    ),
    figure(
      "bytes",
      "Received",
      ({ received_bytes }) => received_bytes,
      (value) => text(bytes(value)),
    ),
    figure(
      "memory",
      "Memory",
      ({ memory_mb }) => memory_mb * MIB,
      (value) => text(bytes(value)),
    ),
    figure("idle", "Quiet", ({ idle_seconds }) => idle_seconds, ago),
  ];
  return createTable({
    label: "Sessions in figures",
    columns,
    keyOf: ({ session_id }) => session_id,
    unsorted: "order of arrival",
    loading: "Loading the sessions…",
    empty: "Nobody sends now.",
  });
}
