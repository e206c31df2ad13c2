/**
 * Who won, in the result's words, and what the scoring box alone can say of it.
 *
 * @module
 */

import type { Side } from "./signal_event.ts";
import type { PhraseSignal } from "./signal_file.ts";

/** A time in which a fencer stood still or went back. */
export interface Pause {
  readonly start_frame: number;
  readonly end_frame: number;
  readonly start_time: number;
  readonly end_time: number;
  readonly duration: number;
  readonly is_retreat: boolean;
}

/** How sure a decision is. */
export type Tier = "certain" | "high" | "medium" | "low" | "none";

/** The result's `decision`, and ours beside it. */
export interface Decision {
  /** `none`: no call; `both`: both score, where the weapon counts so. */
  readonly winner: Side | "none" | "both";
  readonly reason: string;
  readonly left_pauses: readonly Pause[];
  readonly right_pauses: readonly Pause[];
  readonly blade_analysis: Readonly<Record<string, unknown>> | null;
  readonly blade_details: readonly unknown[];
  readonly speed_comparison: Readonly<Record<string, unknown>> | null;
  readonly lunge_detected: boolean;
  /** From 0 to 1. */
  readonly confidence: number;
  readonly tier: Tier;
  /** What it rests on, for people. */
  readonly evidence: readonly string[];
}

const NOTHING_SEEN = {
  left_pauses: [],
  right_pauses: [],
  blade_analysis: null,
  blade_details: [],
  speed_comparison: null,
  lunge_detected: false,
} as const;

/**
 * The decision that needs no picture: a phrase in which one fencer scored is that
 * fencer's; one in which both or nobody did is no call.
 */
export function decideBySignal({ scores }: PhraseSignal): Decision {
  const { left, right, source } = scores;
  const lines = source === "scores_line" ? "the Scores line" : "the HIT lines";
  if (left !== right) {
    const [winner, name] = left
      ? ["left", "Left"] as const
      : ["right", "Right"] as const;
    return {
      ...NOTHING_SEEN,
      winner,
      reason: `Only the ${winner} fencer scored`,
      confidence: 1,
      tier: "certain",
      evidence: [`${name} fencer: HIT, by ${lines}`],
    };
  }
  return {
    ...NOTHING_SEEN,
    winner: "none",
    reason: left
      ? "Both fencers scored and the video was not analysed"
      : "No fencer scored",
    confidence: 0,
    tier: "none",
    evidence: source === "none"
      ? ["The signal file names no hit"]
      : [`${left ? "Both fencers: HIT" : "No fencer: HIT"}, by ${lines}`],
  };
}
