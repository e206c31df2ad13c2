/**
 * What is said of a session's frames at its end.
 *
 * @module
 */

import type { FrameIntervals } from "./frame_intervals.ts";

/** Fewer frames than this are no phrase: a third of a second at 30 frames/s. */
export const MIN_FRAMES = 10;

/** Up to so many missing frames are named one by one. */
const MAX_NAMED_FRAMES = 5;

/** The wire's `validation`. */
export interface SessionValidation {
  readonly valid: boolean;
  readonly issues: readonly string[];
  /** Different frames that were received. */
  readonly frame_count: number;
  readonly missing_frames: number;
  readonly duplicate_frames: number;
  readonly out_of_order_frames: number;
  readonly has_signal: boolean;
}

/** What a session knows of its frames. */
export interface FrameAccount {
  /** Frames that were received. */
  readonly received: FrameIntervals;
  readonly duplicates: number;
  readonly outOfOrder: number;
  /** What the client promised, at the start or at the end; 0 when it did not. */
  readonly expected: number;
  readonly hasSignal: boolean;
  /** Seconds without activity, when they are too many. */
  readonly timedOutAfter?: number | undefined;
}

/** Judges a session; a signal that has not come yet is no issue. */
export function validateSession(account: FrameAccount): SessionValidation {
  const { received, expected } = account;
  const missing = received.missing(MAX_NAMED_FRAMES);
  const issues: string[] = [];
  if (received.count === 0) issues.push("No frames received");
  if (missing.count > MAX_NAMED_FRAMES) {
    issues.push(
      `Missing ${missing.count} frames (first: ${missing.first}, last: ${missing.last})`,
    );
  } else if (missing.count > 0) {
    issues.push(`Missing frames: [${missing.lowest.join(", ")}]`);
  }
  if (expected > 0 && expected !== received.count) {
    issues.push(`Expected ${expected} frames, received ${received.count}`);
  }
  if (received.count > 0 && received.count < MIN_FRAMES) {
    issues.push(`Too few frames: ${received.count} (minimum ${MIN_FRAMES})`);
  }
  if (account.timedOutAfter !== undefined) {
    issues.push(timeoutIssue(account.timedOutAfter));
  }
  return {
    valid: issues.length === 0,
    issues,
    frame_count: received.count,
    missing_frames: missing.count,
    duplicate_frames: account.duplicates,
    out_of_order_frames: account.outOfOrder,
    has_signal: account.hasSignal,
  };
}

/** The wire's words for a session that nobody spoke of for `seconds`. */
export function timeoutIssue(seconds: number): string {
  return `Session timeout: no activity for ${seconds.toFixed(1)}s`;
}
