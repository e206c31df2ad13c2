/**
 * When each frame is shown: the order and the times of the video, from the
 * numbers and timestamps that came.
 *
 * @module
 */

import type { SpoolIndex } from "./spool_index.ts";

/** Timestamps from here on, or below 0, are a clock's: the video begins at the first one. A day. */
const CLOCK_SECONDS = 86_400;

/** Timestamps further apart are no recording's. */
const MAX_SPAN_SECONDS = 30 * 86_400;

/** The order and the times of a video's frames. */
export interface VideoTimes {
  /** Positions in the spool's index, in the order of the frame numbers. */
  readonly order: Uint32Array;
  /** Microseconds of each, strictly ascending. */
  readonly timesUs: Float64Array;
  /** What was taken off the client's timestamps, in seconds. */
  readonly originSeconds: number;
  /** What the times come from. */
  readonly clock: "timestamps" | "frame_rate";
  readonly warnings: readonly string[];
}

/**
 * Orders the frames by number and times them by their timestamps.
 *
 * Times are the client's own, so that the scoring box's fit them; a clock's
 * (a day and more, or negative) begin at 0. Where most timestamps do not
 * ascend they are of no use, and the frames are spaced by `fps`.
 */
export function planVideoTimes(index: SpoolIndex, fps: number): VideoTimes {
  const entries = Array.from(
    { length: index.length },
    (_, position) => {
      const { number, timestamp } = index.at(position);
      return { position, number, timestamp };
    },
  ).sort((a, b) => a.number - b.number);
  const order = Uint32Array.from(entries, ({ position }) => position);
  const stamps = Float64Array.from(entries, ({ timestamp }) => timestamp);
  const spaced = spaceByRate(order, fps);
  const back = countBack(stamps);
  if (back * 2 > Math.max(0, stamps.length - 1)) {
    return {
      ...spaced,
      warnings: [
        `Timestamps do not ascend: the frames are spaced by ${fps} frames/s`,
      ],
    };
  }
  const { low, high } = span(stamps);
  if (high - low > MAX_SPAN_SECONDS) {
    return {
      ...spaced,
      warnings: [
        `Timestamps span ${
          Math.round((high - low) / 86_400)
        } days: the frames are spaced by ${fps} frames/s`,
      ],
    };
  }
  const originSeconds = low < 0 || high >= CLOCK_SECONDS ? low : 0;
  return {
    order,
    timesUs: ascending(stamps, originSeconds),
    originSeconds,
    clock: "timestamps",
    warnings: back === 0
      ? []
      : [`${back} timestamps do not ascend: those frames follow closely`],
  };
}

function spaceByRate(order: Uint32Array, fps: number): VideoTimes {
  return {
    order,
    timesUs: Float64Array.from(
      order,
      (_, place) => Math.round(place * 1e6 / fps) + (fps > 1e6 ? place : 0),
    ),
    originSeconds: 0,
    clock: "frame_rate",
    warnings: [],
  };
}

function countBack(stamps: Float64Array): number {
  let back = 0;
  for (let at = 1; at < stamps.length; at++) {
    if (stamps[at]! <= stamps[at - 1]!) back++;
  }
  return back;
}

function span(stamps: Float64Array): { low: number; high: number } {
  let [low, high] = [Infinity, -Infinity];
  for (const stamp of stamps) {
    low = Math.min(low, stamp);
    high = Math.max(high, stamp);
  }
  return stamps.length === 0 ? { low: 0, high: 0 } : { low, high };
}

/** Whole microseconds, each after the one before; a single stamp that leaps ahead does not drag the rest along. */
function ascending(stamps: Float64Array, origin: number): Float64Array {
  const times = Float64Array.from(
    stamps,
    (stamp) => Math.round((stamp - origin) * 1e6),
  );
  let before = -1;
  for (let at = 0; at < times.length; at++) {
    const next = times[at + 1];
    if (next !== undefined && times[at]! > next && next > before + 1) {
      times[at] = Math.floor((before + next) / 2);
    }
    times[at] = before = Math.max(times[at]!, before + 1);
  }
  return times;
}
