/**
 * A decision in the documents' words.
 *
 * @module
 */

import type { TrackProblem } from "../vision/mod.ts";
import type { Side } from "./signal_event.ts";
import type { Halt } from "./timeline.ts";

/** Left, with a capital letter where a sentence begins. */
export function fencerName(side: Side): string {
  return side === "left" ? "Left fencer" : "Right fencer";
}

/** Seconds as the documents write them: `0.00s`. */
export function secondsText(seconds: number): string {
  // No "-0.00s".
  return `${(Math.round(seconds * 100) / 100 + 0).toFixed(2)}s`;
}

/** "Right fencer retreated at 0.00s". */
export function haltReason(
  loser: Side,
  { isRetreat }: Halt,
  time: number,
): string {
  return `${fencerName(loser)} ${isRetreat ? "retreated" : "paused"} at ${
    secondsText(time)
  }`;
}

/** Why there is no call, from what is wrong with the tracks. */
export const PROBLEM_REASONS: Readonly<Record<TrackProblem, string>> = {
  no_frames: "No call: the video has no pictures",
  still: "No call: the picture does not move",
  cut: "No call: the video cuts to another scene before the hit",
  nobody: "No call: no fencer is seen on the piste",
  one_fencer: "No call: only one fencer is seen",
  unsteady: "No call: the tracks are not reliable",
};
