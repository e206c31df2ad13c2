/**
 * Which frame shows an event of the scoring box: time 0 of the box is not
 * frame 0, so events are mapped by the frames' own times.
 *
 * @module
 */

import type { SignalEvent } from "./signal_event.ts";

/** An event beside its frame. */
export interface MappedEvent {
  /** Seconds, the event's. */
  readonly time: number;
  readonly kind: SignalEvent["kind"];
  readonly side: SignalEvent["side"] | null;
  readonly text: string;
  /** Which picture of the video, from 0. */
  readonly frame_index: number;
  /** The number the client gave that frame. */
  readonly frame_number: number;
  /** Seconds, the frame's. */
  readonly frame_time: number;
  /** Seconds from the frame to the event; large ones lie outside the video. */
  readonly difference: number;
}

/** A frame's number and time in seconds. */
export interface TimedFrames {
  readonly numbers: ArrayLike<number>;
  /** Ascending. */
  readonly times: ArrayLike<number>;
}

/** Gives each event its nearest frame; `offset` seconds are added to the events' times first. */
export function mapEvents(
  events: readonly SignalEvent[],
  { numbers, times }: TimedFrames,
  offset = 0,
): MappedEvent[] {
  if (times.length === 0) return [];
  return events.map(({ time, kind, side, text }) => {
    const index = nearest(times, time + offset);
    return {
      time,
      kind,
      side: side ?? null,
      text,
      frame_index: index,
      frame_number: numbers[index]!,
      frame_time: times[index]!,
      difference: round(time + offset - times[index]!),
    };
  });
}

/** Index of the value nearest to `time`; the earlier one of two equally near. */
function nearest(times: ArrayLike<number>, time: number): number {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low > 0 && time - times[low - 1]! <= times[low]! - time
    ? low - 1
    : low;
}

function round(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
