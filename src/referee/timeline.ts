/**
 * What each fencer did when: from tracks to advances, pauses, retreats and
 * lunges, in heights of a fencer and seconds, so that neither the size of the
 * picture nor its frame rate matters.
 *
 * @module
 */

import {
  type FencerTrack,
  type PhraseTracks,
  smoothSeries,
} from "../vision/mod.ts";
import type { Side } from "./signal_event.ts";

/** Heights a second: slower is standing (0.2 of 1.75 m is 35 cm/s, half of walking slowly). */
export const STANDING_SPEED = 0.2;

/** Seconds over which speeds are smoothed for this: a step is quick and slow in turn. */
const SIGMA = 0.09;

/** Seconds that a pause lasts at least: a change of feet takes as long. */
const MIN_PAUSE = 0.15;

/** Seconds between two pauses that are one. */
const MERGE_GAP = 0.08;

/** Heights that must be lost for a retreat, else it is a pause. */
const MIN_RETREAT = 0.06;

/** Heights a second that a lunge reaches, and by how much it stretches the body. */
const LUNGE_SPEED = 0.9;
const LUNGE_STRETCH = 1.3;

/** Seconds before the hit in which a lunge can be. */
const LUNGE_WINDOW = 0.6;

/** Seconds before the hit from which slowing down is arriving, not pausing. */
const ARRIVING = 0.16;

/** A pause or a retreat, in seconds of the video. */
export interface Halt {
  readonly start: number;
  readonly end: number;
  readonly startFrame: number;
  readonly endFrame: number;
  /** Heights gone back in it. */
  readonly lost: number;
  readonly isRetreat: boolean;
}

/** One fencer's part. */
export interface FencerTimeline {
  readonly side: Side;
  /** Heights forward, from anywhere. */
  readonly forward: Float64Array;
  /** Heights a second, forward. */
  readonly speed: Float64Array;
  /** Between the begin of the action and the hit. */
  readonly halts: readonly Halt[];
  /** Seconds of the video at which the lunge of the last moments is quickest. */
  readonly lungeTime: number | undefined;
}

/** Both fencers' parts up to the hit. */
export interface PhraseTimeline {
  readonly times: Float64Array;
  /** Seconds of the video at which somebody begins to move. */
  readonly start: number;
  /** Seconds of the video. */
  readonly hit: number;
  readonly left: FencerTimeline;
  readonly right: FencerTimeline;
}

/** What happened up to the hit, at `hit` seconds of the video. */
export function makeTimeline(
  tracks: PhraseTracks,
  hit: number,
): PhraseTimeline {
  const { times, bodyHeight } = tracks;
  const left = forwardOf(tracks.left, times, bodyHeight, 1);
  const right = forwardOf(tracks.right, times, bodyHeight, -1);
  const start = beginOf(times, [left.speed, right.speed], hit);
  const fencer = (
    side: Side,
    { forward, speed }: Motion,
    { stretch }: FencerTrack,
  ): FencerTimeline => ({
    side,
    forward,
    speed,
    halts: haltsOf(times, forward, speed, start, hit),
    lungeTime: lungeOf(times, speed, stretch, hit),
  });
  return {
    times,
    start,
    hit,
    left: fencer("left", left, tracks.left),
    right: fencer("right", right, tracks.right),
  };
}

interface Motion {
  readonly forward: Float64Array;
  readonly speed: Float64Array;
}

function forwardOf(
  { x }: FencerTrack,
  times: Float64Array,
  bodyHeight: number,
  direction: 1 | -1,
): Motion {
  const forward = x.map((value) => direction * value / bodyHeight);
  return { forward, speed: smoothSeries(times, forward, SIGMA).slopes };
}

/** When the first of them is quicker than standing. */
function beginOf(
  times: Float64Array,
  speeds: readonly Float64Array[],
  hit: number,
): number {
  const begin = times.findIndex((time, i) =>
    time < hit && speeds.some((speed) => Math.abs(speed[i]!) > STANDING_SPEED)
  );
  return begin < 0 ? hit : times[begin]!;
}

/** The time between frames `i - 1` and `i` at which the speed crosses the limit. */
function crossing(
  times: Float64Array,
  speed: Float64Array,
  i: number,
): number {
  const [a, b] = [speed[i - 1], speed[i]];
  if (a === undefined || b === undefined || Number.isNaN(a + b) || a === b) {
    return times[i]!;
  }
  const share = Math.max(0, Math.min(1, (STANDING_SPEED - a) / (b - a)));
  return times[i - 1]! + share * (times[i]! - times[i - 1]!);
}

function haltsOf(
  times: Float64Array,
  forward: Float64Array,
  speed: Float64Array,
  start: number,
  hit: number,
): Halt[] {
  const found: { start: number; end: number; first: number; last: number }[] =
    [];
  for (let i = 0; i < times.length && times[i]! <= hit; i++) {
    if (times[i]! < start || !(speed[i]! < STANDING_SPEED)) continue;
    const first = i;
    while (
      i + 1 < times.length && times[i + 1]! <= hit &&
      speed[i + 1]! < STANDING_SPEED
    ) i++;
    const begin = Math.max(start, crossing(times, speed, first));
    const end = i + 1 < times.length
      ? Math.min(hit, crossing(times, speed, i + 1))
      : times[i]!;
    const before = found.at(-1);
    if (before !== undefined && begin - before.end < MERGE_GAP) {
      before.end = end;
      before.last = i;
    } else found.push({ start: begin, end, first, last: i });
  }
  return found
    .filter(({ start: begin, end }) =>
      end - begin >= MIN_PAUSE && begin < hit - ARRIVING
    )
    .map(({ start: begin, end, first, last }) => {
      let most = forward[first]!;
      let lost = 0;
      for (let i = first; i <= last; i++) {
        most = Math.max(most, forward[i]!);
        lost = Math.max(lost, most - forward[i]!);
      }
      return {
        start: begin,
        end,
        startFrame: first,
        endFrame: last,
        lost,
        isRetreat: lost >= MIN_RETREAT,
      };
    });
}

function lungeOf(
  times: Float64Array,
  speed: Float64Array,
  stretch: Float64Array,
  hit: number,
): number | undefined {
  const before = Array.from(stretch)
    .filter((value, i) =>
      times[i]! < hit - LUNGE_WINDOW && !Number.isNaN(value)
    )
    .sort((a, b) => a - b);
  const usual = before[before.length >> 1];
  if (usual === undefined) return undefined;
  let fastest = -1;
  let widest = 0;
  for (let i = 0; i < times.length; i++) {
    if (times[i]! < hit - LUNGE_WINDOW || times[i]! > hit + 0.2) continue;
    if (stretch[i]! > widest) widest = stretch[i]!;
    if (
      times[i]! <= hit && speed[i]! > LUNGE_SPEED &&
      (fastest < 0 || speed[i]! > speed[fastest]!)
    ) fastest = i;
  }
  return fastest >= 0 && widest >= LUNGE_STRETCH * usual
    ? times[fastest]
    : undefined;
}
