/**
 * Flags of the referee's analysis, and the analyzer that they make.
 *
 * @module
 */

import { type Weapon, WEAPONS } from "../referee/mod.ts";
import type { AnalysisConfig } from "../services/referee_analysis/mod.ts";

/** The rows. */
export const ANALYSIS_FLAGS = {
  "model": {
    kind: "path",
    valueName: "FILE",
    env: "REFEREE_YOLO_MODEL",
    help:
      "YOLO model (ONNX, pose or detection) to find the fencers with [our own tracker]",
  },
  "weapon": {
    kind: "choice",
    choices: WEAPONS,
    default: "sabre",
    env: "REFEREE_WEAPON",
    help: "What two lamps mean: with the epee both score",
  },
  "analysis": {
    kind: "boolean",
    default: true,
    env: "REFEREE_ANALYSIS",
    help: "Let the scoring box alone decide",
  },
  "burnt-overlay": {
    kind: "boolean",
    default: false,
    env: "REFEREE_BURNT_OVERLAY",
    help: "Make a video with the overlay on its pixels too, which takes longer",
  },
  "fisheye": {
    kind: "boolean",
    default: false,
    env: "REFEREE_FISHEYE_ENABLED",
    help: "Correct the lens of a wide camera; it bends straight pictures",
  },
  "fisheye-strength": {
    kind: "number",
    min: 0,
    max: 1,
    default: 0.5,
    group: "advanced",
    env: "REFEREE_FISHEYE_STRENGTH",
    help: "How much the lens bends, from 0 to 1",
  },
  "fisheye-balance": {
    kind: "number",
    min: 0,
    max: 1,
    default: 0,
    group: "advanced",
    env: "REFEREE_FISHEYE_BALANCE",
    help: "From 0, fill the picture, to 1, keep all of it",
  },
  "signal-offset": {
    kind: "string",
    valueName: "SECONDS",
    default: "0",
    group: "advanced",
    env: "REFEREE_SIGNAL_OFFSET",
    help:
      "Seconds to add to the signal's times; lamps in the picture correct it",
  },
} as const;

/** What the flags say. */
export interface AnalysisOptions {
  readonly model: string | undefined;
  readonly weapon: Weapon;
  readonly burntOverlay: boolean;
  readonly fisheye: boolean;
  readonly fisheyeStrength: number;
  readonly fisheyeBalance: number;
  readonly signalOffset: string;
}

/** The flags as the analysis wants them; `undefined` for an offset that is no number. */
export function readAnalysis(
  options: AnalysisOptions,
  ffmpeg: string | undefined,
): AnalysisConfig | undefined {
  const signalOffset = Number(options.signalOffset);
  if (options.signalOffset.trim() === "" || !Number.isFinite(signalOffset)) {
    return undefined;
  }
  return {
    ffmpeg,
    model: options.model,
    weapon: options.weapon,
    fisheye: options.fisheye
      ? {
        strength: options.fisheyeStrength,
        balance: options.fisheyeBalance,
      }
      : undefined,
    overlay: options.burntOverlay ? "burnt" : "soft",
    signalOffset,
  };
}
