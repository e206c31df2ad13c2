/**
 * How fast both fencers were.
 *
 * @module
 */

import { groundCue } from "./cues.ts";
import type { FencerTimeline, PhraseTimeline } from "./timeline.ts";

/** Seconds before the hit whose mean is called final. */
const FINAL_SECONDS = 0.3;

/** Heights a second between two fencers who are called equally fast. */
const SAME_SPEED = 0.1;

/** The result's `speed_comparison`, in heights of a fencer a second, forward. */
export function speedComparison(
  timeline: PhraseTimeline,
): Record<string, unknown> {
  const left = speedsOf(timeline.left, timeline);
  const right = speedsOf(timeline.right, timeline);
  const ground = groundCue(timeline);
  const more = left.final - right.final;
  return {
    unit: "body_heights_per_second",
    left,
    right,
    faster: Math.abs(more) < SAME_SPEED ? "equal" : more > 0 ? "left" : "right",
    ground_left: round(ground.left),
    ground_right: round(ground.right),
  };
}

function speedsOf(
  { speed, lungeTime }: FencerTimeline,
  { times, start, hit }: PhraseTimeline,
): { mean: number; max: number; final: number; lunge: boolean } {
  const between = (from: number): number[] =>
    Array.from(speed).filter((value, i) =>
      times[i]! >= from && times[i]! <= hit && !Number.isNaN(value)
    );
  const all = between(start);
  return {
    mean: round(mean(all)),
    max: round(all.reduce((most, one) => Math.max(most, one), 0)),
    final: round(mean(between(hit - FINAL_SECONDS))),
    lunge: lungeTime !== undefined,
  };
}

function mean(values: readonly number[]): number {
  return values.length === 0
    ? 0
    : values.reduce((sum, one) => sum + one, 0) / values.length;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000 + 0;
}
