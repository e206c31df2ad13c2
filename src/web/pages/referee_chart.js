// @ts-check
/**
 * Both fencers' places over time, so that one sees who came and who went.
 *
 * @module
 */

import { NAMES, SIDES } from "./referee_overlay.js";
import { shape } from "./referee_svg.js";

/** @typedef {import("../../referee/overlay_track.ts").OverlayTrack} Track */
/** @typedef {import("./referee_overlay.js").Side} Side */

/** Pixels. */
const PLOT = { left: 44, right: 60, top: 42, height: 208 };
const LANE = { height: 24, gap: 6 };
const AXIS = 24;

/** Pixels that a word needs to stand in a bar. */
const WORD = { pause: 46, retreat: 52 };

/** Heights that the chart shows at least. */
const MIN_SPAN = 1;

/** Distances of the marks on the time axis, in seconds. */
const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120];

/** Pixels that a mark on the time axis needs. */
const TICK_ROOM = 56;

/** @param {Track} track */
function spanOf(track) {
  const places = SIDES.flatMap((side) => track[side].place)
    .filter((place) => place !== null);
  const low = places.reduce((a, b) => Math.min(a, b), Infinity);
  const high = places.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(high >= low)) return { low: -MIN_SPAN / 2, high: MIN_SPAN / 2 };
  const room = Math.max(0.1 * (high - low), (MIN_SPAN - high + low) / 2);
  return { low: low - room, high: high + room };
}

/**
 * Draws the chart for a width.
 *
 * @param {Track} track
 * @param {number} width
 */
export function drawChart(track, width) {
  const { times, hit, start, events, decisive, ground, scored } = track;
  const first = times[0] ?? 0;
  const last = Math.max(first + 0.1, times.at(-1) ?? 0);
  const inner = Math.max(120, width - PLOT.left - PLOT.right);
  const { low, high } = spanOf(track);
  const bottom = PLOT.top + PLOT.height;
  const lanes = bottom + AXIS;
  const height = lanes + 2 * (LANE.height + LANE.gap);
  /** @param {number} time */
  const x = (time) => PLOT.left + inner * (time - first) / (last - first);
  /** The piste's left end is above. @param {number} place */
  const y = (place) => PLOT.top + PLOT.height * (place - low) / (high - low);
  const svg = shape("svg", {
    class: "chart",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": describe(track),
  });

  svg.append(
    shape("rect", {
      class: "chart-plot",
      x: PLOT.left,
      y: PLOT.top,
      width: inner,
      height: PLOT.height,
    }),
    text("chart-axis", 4, PLOT.top + 12, "left"),
    text("chart-axis", 4, PLOT.top + 26, "end"),
    text("chart-axis", 4, bottom - 18, "right"),
    text("chart-axis", 4, bottom - 4, "end"),
  );
  const step = TICKS.find((one) => inner * one / (last - first) >= TICK_ROOM) ??
    TICKS.at(-1) ?? 1;
  for (let tick = Math.ceil(first / step); tick * step <= last; tick++) {
    const at = tick * step;
    svg.append(
      line("chart-grid", x(at), PLOT.top, x(at), bottom),
      text(
        "chart-axis figure",
        x(at),
        bottom + 16,
        `${at.toFixed(step < 1 ? 1 : 0)} s`,
        "middle",
      ),
    );
  }

  if (ground !== null && hit !== null && ground.from < hit) {
    svg.append(shape(
      "rect",
      {
        class: "chart-window",
        x: x(ground.from),
        y: PLOT.top,
        width: Math.max(0, x(Math.min(hit, last)) - x(ground.from)),
        height: PLOT.height,
      },
      shape("title", {}, "The last moments before the hit: ground gained"),
    ));
  }

  for (const side of SIDES) {
    for (const halt of track[side].halts) {
      const isDecisive = decisive !== null && decisive.side === side &&
        Math.abs(decisive.start - halt.start) < 1e-6;
      svg.append(shape("path", {
        class: `chart-halt chart-${side} ${isDecisive ? "chart-decisive" : ""}`,
        d: pathOf(track, side, x, y, halt.start, halt.end),
      }));
    }
    svg.append(shape("path", {
      class: `chart-line chart-${side}`,
      d: pathOf(track, side, x, y, first, last),
    }));
    const begin = track[side].place.findIndex((place) => place !== null);
    const place = track[side].place[begin];
    if (place !== null && place !== undefined) {
      svg.append(text(
        `chart-name chart-${side}`,
        x(times[begin] ?? first) + 4,
        y(place) + (side === "left" ? -8 : 18),
        `${NAMES[side]} fencer`,
      ));
    }
    if (ground !== null) {
      const at = valueAt(track, side, hit ?? last);
      const gained = ground[side];
      if (at !== undefined) {
        svg.append(text(
          `chart-gain figure chart-${side}`,
          width - PLOT.right + 4,
          y(at) + (side === "left" ? -4 : 14),
          `${gained < 0 ? "−" : "+"}${Math.abs(gained).toFixed(2)}`,
        ));
      }
    }
  }

  if (start !== null) {
    svg.append(
      line("chart-start", x(start), PLOT.top, x(start), bottom),
    );
  }
  for (const { time, kind } of events) {
    if (kind !== "blade_contact" || time < first || time > last) continue;
    svg.append(
      line("chart-contact", x(time), PLOT.top, x(time), bottom),
      text("chart-mark", x(time), PLOT.top - 4, "✕ contact", "middle"),
    );
  }
  if (hit !== null && hit >= first && hit <= last) {
    svg.append(
      line("chart-hit", x(hit), PLOT.top, x(hit), lanes + 2 * LANE.height),
      text("chart-mark", x(hit), PLOT.top - 22, "hit", "middle"),
    );
    for (const side of SIDES) {
      if (!scored[side]) continue;
      svg.append(shape("circle", {
        class: `chart-lamp overlay-lamp-${side}`,
        cx: x(hit) + (side === "left" ? -22 : 22),
        cy: PLOT.top - 26,
        r: 5,
      }, shape("title", {}, `${NAMES[side]} lamp`)));
    }
  }

  for (const [index, side] of SIDES.entries()) {
    const top = lanes + index * (LANE.height + LANE.gap);
    svg.append(
      text("chart-axis", 4, top + 16, NAMES[side]),
      shape("rect", {
        class: "chart-lane",
        x: PLOT.left,
        y: top,
        width: inner,
        height: LANE.height,
      }),
    );
    const end = Math.min(hit ?? last, last);
    const begin = start ?? end;
    if (end > begin) {
      svg.append(shape("rect", {
        class: `chart-forward chart-${side}`,
        x: x(begin),
        y: top,
        width: x(end) - x(begin),
        height: LANE.height,
      }, shape("title", {}, `${NAMES[side]} fencer goes forward`)));
    }
    for (const { start: from, end: to, is_retreat } of track[side].halts) {
      const word = is_retreat ? "retreat" : "pause";
      const wide = x(to) - x(from);
      svg.append(shape("rect", {
        class: `chart-stop ${is_retreat ? "chart-back" : ""}`,
        x: x(from),
        y: top,
        width: wide,
        height: LANE.height,
      }, shape("title", {}, haltText(side, from, to, is_retreat))));
      if (wide > WORD[word]) {
        svg.append(text(
          "chart-word",
          (x(from) + x(to)) / 2,
          top + 16,
          is_retreat ? `${side === "left" ? "←" : "→"} retreat` : "‖ pause",
          "middle",
        ));
      }
    }
  }

  const head = line("chart-head", x(first), PLOT.top - 6, x(first), height);
  svg.append(head);
  return {
    element: svg,
    /** @param {number} time */
    moveHead(time) {
      const at = String(x(Math.min(last, Math.max(first, time))));
      head.setAttribute("x1", at);
      head.setAttribute("x2", at);
    },
    /** The time at a place of the chart. @param {number} at pixels from its left edge */
    timeAt(at) {
      const share = Math.min(1, Math.max(0, (at - PLOT.left) / inner));
      return first + share * (last - first);
    },
  };
}

/**
 * @param {Side} side
 * @param {number} from
 * @param {number} to
 * @param {boolean} isRetreat
 */
export function haltText(side, from, to, isRetreat) {
  return `${NAMES[side]} fencer ${isRetreat ? "retreats" : "pauses"} from ${
    from.toFixed(2)
  } s to ${to.toFixed(2)} s`;
}

/** The chart in words. @param {Track} track */
function describe(track) {
  const halts = SIDES.flatMap((side) =>
    track[side].halts.map(({ start, end, is_retreat }) =>
      haltText(side, start, end, is_retreat)
    )
  );
  return [
    "Both fencers' places over time.",
    ...halts.length === 0 ? ["Neither pauses or retreats"] : halts,
    track.hit === null ? "No hit" : `Hit at ${track.hit.toFixed(2)} s`,
    track.reason,
  ].join(". ");
}

/**
 * @param {Track} track
 * @param {Side} side
 * @param {(time: number) => number} x
 * @param {(place: number) => number} y
 * @param {number} from
 * @param {number} to
 */
function pathOf({ times, ...track }, side, x, y, from, to) {
  let path = "";
  let pen = "M";
  for (const [i, place] of track[side].place.entries()) {
    const time = times[i] ?? 0;
    if (time < from - 1e-6 || time > to + 1e-6) continue;
    if (place === null) {
      pen = "M";
      continue;
    }
    path += `${pen}${x(time).toFixed(1)} ${y(place).toFixed(1)}`;
    pen = "L";
  }
  return path;
}

/**
 * @param {Track} track
 * @param {Side} side
 * @param {number} time
 */
function valueAt({ times, ...track }, side, time) {
  const after = times.findIndex((one) => one >= time);
  return track[side].place[after < 0 ? times.length - 1 : after] ?? undefined;
}

/**
 * @param {string} kind
 * @param {number} x
 * @param {number} y
 * @param {string} words
 * @param {"start" | "middle"} [anchor]
 */
function text(kind, x, y, words, anchor = "start") {
  return shape("text", { class: kind, x, y, "text-anchor": anchor }, words);
}

/**
 * @param {string} kind
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 */
function line(kind, x1, y1, x2, y2) {
  return shape("line", { class: kind, x1, y1, x2, y2 });
}
