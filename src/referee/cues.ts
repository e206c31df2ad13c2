/**
 * The two cues that speak about priority.
 *
 * 1. Who pauses or retreats later loses the right to attack.
 * 2. Who gains more ground in the last moments before the hit is attacking.
 *
 * @module
 */

import type { Side } from "./signal_event.ts";
import type { FencerTimeline, Halt, PhraseTimeline } from "./timeline.ts";

/** Seconds before the hit in which ground is measured. */
export const GROUND_WINDOW = 0.8;

/** Seconds between the ends of two halts that are called the same moment. */
const SAME_MOMENT = 0.1;

/** Heights of ground that are called the same. */
const SAME_GROUND = 0.1;

/** What a cue says. */
export interface Cue {
  /** Whom it favours; `undefined` when it is silent. */
  readonly favours: Side | undefined;
  /** How clearly, from 0 to 1. */
  readonly margin: number;
}

/** The first cue, with the halt that decided it. */
export interface HaltCue extends Cue {
  readonly halt: Halt | undefined;
}

/** The second cue, with the ground gained in heights. */
export interface GroundCue extends Cue {
  readonly left: number;
  readonly right: number;
}

/** Who halted later, and so does not have the right of way. */
export function haltCue({ left, right }: PhraseTimeline): HaltCue {
  const [l, r] = [left.halts.at(-1), right.halts.at(-1)];
  if (l === undefined || r === undefined) {
    const halt = l ?? r;
    return halt === undefined ? { favours: undefined, margin: 0, halt } : {
      favours: r === undefined ? "right" : "left",
      // A halt of half a second is as clear as can be.
      margin: Math.min(1, (halt.end - halt.start) / 0.5),
      halt,
    };
  }
  const later = l.end - r.end;
  if (Math.abs(later) < SAME_MOMENT) {
    return { favours: undefined, margin: 0, halt: undefined };
  }
  return {
    favours: later > 0 ? "right" : "left",
    margin: Math.min(1, Math.abs(later) / 0.5),
    halt: later > 0 ? l : r,
  };
}

/** Who gains more ground in the last moments. */
export function groundCue(
  { times, left, right, start, hit }: PhraseTimeline,
): GroundCue {
  const from = Math.max(start, hit - GROUND_WINDOW);
  const gain = ({ forward }: FencerTimeline): number =>
    valueAt(times, forward, hit) - valueAt(times, forward, from);
  const [l, r] = [gain(left), gain(right)];
  const more = l - r;
  if (Number.isNaN(more) || Math.abs(more) < SAME_GROUND) {
    return { favours: undefined, margin: 0, left: l, right: r };
  }
  return {
    favours: more > 0 ? "left" : "right",
    margin: Math.min(1, Math.abs(more) / 0.5),
    left: l,
    right: r,
  };
}

/** A value between frames. */
export function valueAt(
  times: Float64Array,
  values: Float64Array,
  time: number,
): number {
  let after = times.findIndex((one) => one >= time);
  if (after < 0) after = times.length - 1;
  if (after <= 0) return values[0] ?? NaN;
  const span = times[after]! - times[after - 1]!;
  const share = span > 0
    ? Math.max(0, Math.min(1, (time - times[after - 1]!) / span))
    : 1;
  return values[after - 1]! + share * (values[after]! - values[after - 1]!);
}
