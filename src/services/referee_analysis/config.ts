/**
 * What an analysis is told: plain data, which goes to the worker.
 *
 * @module
 */

import type { Weapon } from "../../referee/mod.ts";

/** How phrases are analysed. */
export interface AnalysisConfig {
  /** Path of ffmpeg, when the user gave one. */
  readonly ffmpeg: string | undefined;
  /** Path of an ONNX model; `undefined` for our own tracker. */
  readonly model: string | undefined;
  readonly weapon: Weapon;
  /** Lens correction; `undefined` when there is none. */
  readonly fisheye:
    | { readonly strength: number; readonly balance: number }
    | undefined;
  /** `soft` is a track beside the video, at once; `burnt` a video of its own besides. */
  readonly overlay: "soft" | "burnt";
  /** Seconds to add to the signal's times. */
  readonly signalOffset: number;
}

/** What is so unless somebody says otherwise. */
export const DEFAULT_CONFIG: AnalysisConfig = {
  ffmpeg: undefined,
  model: undefined,
  weapon: "sabre",
  fisheye: undefined,
  overlay: "soft",
  signalOffset: 0,
};
