/**
 * The result of a phrase: a superset that both generations of clients read.
 *
 * @module
 */

import type { Decision } from "./decision.ts";
import { MAX_SERVER_MESSAGE_BYTES, type Stage } from "./server_message.ts";
import type { SessionStats } from "./session.ts";
import type { MappedEvent } from "./signal_mapping.ts";

/** What is said of the recording besides the decision. */
export interface ResultMetadata {
  readonly session_id: string;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly frame_count: number;
  /** Seconds from the first frame to the last. */
  readonly duration_seconds: number;
  /** Where the video's times come from. */
  readonly clock: "timestamps" | "frame_rate" | "video";
  /** What was taken off the client's timestamps, in seconds. */
  readonly time_origin_seconds: number;
  readonly video_codec: string;
  readonly signal_format: string;
  readonly signal_filename: string;
  /** What was added to the signal's times to get the video's. */
  readonly signal_offset_seconds: number;
  readonly created: string;
}

/** The whole result. */
export interface RefereeResult {
  readonly status: "success";
  readonly session_id: string;
  readonly winner: Decision["winner"];
  readonly reason: string;
  readonly decision: Decision;
  readonly confidence: number;
  readonly tier: Decision["tier"];
  readonly evidence: readonly string[];
  readonly warnings: readonly string[];
  /** Paths of the files, by what they are. */
  readonly artifacts: Readonly<Record<string, string>>;
  /** Where to get them from this server, by what they are. */
  readonly links: Readonly<Record<string, string>>;
  readonly artifact_dir: string;
  readonly metadata: ResultMetadata;
  /** Events of the scoring box with their frames. */
  readonly signal_events: readonly MappedEvent[];
  readonly stages_run: readonly Stage[];
  /** Stages that were not run, and why. */
  readonly stages_skipped: Readonly<Partial<Record<Stage, string>>>;
  /** What the analysis of the pictures gives besides the decision; empty without one. */
  readonly analysis: Readonly<Record<string, unknown>>;
  /** Seconds from the signal to the result. */
  readonly wall_time_seconds: number;
  /** What was counted while the frames came; `null` for an upload. */
  readonly streaming_stats: SessionStats | null;
}

/** What a result is made of. */
export type ResultParts = Omit<
  RefereeResult,
  | "status"
  | "session_id"
  | "winner"
  | "reason"
  | "confidence"
  | "tier"
  | "evidence"
>;

/** Puts a result together. */
export function buildResult(parts: ResultParts): RefereeResult {
  const { winner, reason, confidence, tier, evidence } = parts.decision;
  return {
    status: "success",
    session_id: parts.metadata.session_id,
    winner,
    reason,
    confidence,
    tier,
    evidence,
    ...parts,
  };
}

/** Room that `process_complete` needs around its result. */
const ENVELOPE_BYTES = 2048;

/** Most events that a shortened result keeps. */
const KEPT_EVENTS = 100;

/**
 * The result as it goes over the wire: below the 1 MiB that clients take. What makes
 * it too long is left out and named; the file has all of it.
 */
export function fitResult(result: RefereeResult): RefereeResult {
  if (sizeOf(result) <= MAX_SERVER_MESSAGE_BYTES - ENVELOPE_BYTES) {
    return result;
  }
  const { decision } = result;
  return {
    ...result,
    analysis: {},
    signal_events: result.signal_events.slice(0, KEPT_EVENTS)
      .map((event) => ({ ...event, text: event.text.slice(0, 200) })),
    decision: {
      ...decision,
      left_pauses: decision.left_pauses.slice(0, KEPT_EVENTS),
      right_pauses: decision.right_pauses.slice(0, KEPT_EVENTS),
      blade_details: decision.blade_details.slice(0, KEPT_EVENTS),
    },
    warnings: [
      ...result.warnings.slice(0, KEPT_EVENTS),
      "The result was shortened: analysis_result.json has all of it",
    ],
  };
}

function sizeOf(result: RefereeResult): number {
  return new TextEncoder().encode(JSON.stringify(result)).length;
}
