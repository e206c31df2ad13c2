/**
 * Progress in a measure that a client can read.
 *
 * @module
 */

import type { Stage, StageProgress } from "../../referee/mod.ts";

/** Milliseconds between two messages about the same stage. */
const INTERVAL_MS = 200;

/** Passes on the begin and the end of each stage, and what is between them now and then. */
export function throttleProgress(tell: StageProgress): StageProgress {
  let last: { stage: Stage; at: number } | undefined;
  return (stage, progress, message) => {
    const now = performance.now();
    const soon = last?.stage === stage && now - last.at < INTERVAL_MS;
    if (soon && progress > 0 && progress < 1) return;
    last = { stage, at: now };
    tell(stage, Math.round(progress * 1000) / 1000, message);
  };
}
