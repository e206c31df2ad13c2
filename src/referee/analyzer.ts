/**
 * What whoever analyses a phrase is given, and what is expected back.
 *
 * The server has the recording and the signal; an analyzer adds tracks, a
 * decision with evidence, and an overlay. Without one the decision is what the
 * scoring box alone says.
 *
 * @module
 */

import type { Decision } from "./decision.ts";
import type { FrameKind } from "./frame_check.ts";
import type { Stage } from "./server_message.ts";
import type { PhraseSignal } from "./signal_file.ts";
import type { MappedEvent } from "./signal_mapping.ts";

/** A recording, ready to be looked at. */
export interface Recording {
  /** The client's name for it. */
  readonly sessionId: string;
  /** The video file, with true timestamps. */
  readonly videoPath: string;
  readonly width: number;
  readonly height: number;
  /** Nominal frames a second. */
  readonly fps: number;
  /** The client's frame numbers, in the order of the video. */
  readonly frameNumbers: ArrayLike<number>;
  /** Seconds of each frame in the video, ascending. */
  readonly frameTimes: ArrayLike<number>;
  /** A folder for what the analysis writes; its files become artifacts. */
  readonly folder: string;
}

/** A frame of a session that is still going on. */
export interface ArrivingFrame {
  readonly kind: FrameKind;
  readonly number: number;
  /** Seconds, as the client gave it. */
  readonly timestamp: number;
  /** Valid during the call only. */
  readonly bytes: Uint8Array;
}

/** Tells how far a stage is, from 0 to 1. */
export type StageProgress = (
  stage: Stage,
  progress: number,
  message: string,
) => void;

/** What an analysis found. */
export interface Analysis {
  readonly decision: Decision;
  /** Stages that were not run, and why. */
  readonly skipped: Readonly<Partial<Record<Stage, string>>>;
  /** Files in the recording's folder, by what they are: `tracks`, `overlay`, `keypoints_csv` … */
  readonly artifacts: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  /** Seconds that were added to the signal's times to get the video's; those that were asked for when left out. */
  readonly offset?: number;
  /** What the result's `analysis` holds: a timeline, speeds … */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The analysis of one phrase; begun before its first frame. */
export interface PhraseAnalysis {
  /** A frame arrived. Must be quick: it stands between the frame and its ack. */
  frame?(frame: ArrivingFrame): void;
  /** All is there: stages `fisheye` to `overlay`. */
  finish(
    recording: Recording,
    signal: PhraseSignal,
    mapping: readonly MappedEvent[],
    options: {
      readonly saveOverlay: boolean;
      readonly includeKeypoints: boolean;
      readonly progress: StageProgress;
      readonly signal: AbortSignal;
    },
  ): Promise<Analysis>;
  /** The session was given up; `finish` will not come. */
  abandon(): void;
}

/** Who analyses phrases. */
export interface Analyzer {
  /** The model's file, for `/health`; `undefined` without one. */
  readonly modelPath: string | undefined;
  /** Whether it can work. */
  readonly modelLoaded: boolean;
  /** Begins a phrase. */
  begin(
    session: {
      readonly width: number;
      readonly height: number;
      readonly fps: number;
    },
  ): PhraseAnalysis;
}
