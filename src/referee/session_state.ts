/**
 * The life of a session, as one table.
 *
 * ```text
 *  CREATE ──opened──▶ RECEIVING_FRAMES ──end──▶ FRAMES_COMPLETE
 *                            │    ◀── frame ──┘       │
 *                            └──────signal──┬──signal─┘
 *                                           ▼
 *                                      PROCESSING ──done, failed──▶ CLEANUP
 *  abort, timeout and detach lead to CLEANUP from wherever frames are taken.
 * ```
 *
 * @module
 */

/** Where a session is. */
export type SessionState =
  /** Asked for; its place for frames is being made. */
  | "CREATE"
  | "RECEIVING_FRAMES"
  /** The client said that all frames were sent. */
  | "FRAMES_COMPLETE"
  /** The signal is there. */
  | "PROCESSING"
  /** Over. */
  | "CLEANUP";

/** What happens to a session. */
export type SessionEvent =
  | "opened"
  | "frame"
  | "end"
  | "signal"
  | "done"
  | "failed"
  | "abort"
  | "timeout"
  /** The connection broke. */
  | "detach";

/** The table: what is not in it is refused. */
const TABLE: Readonly<
  Record<SessionState, Readonly<Partial<Record<SessionEvent, SessionState>>>>
> = {
  CREATE: {
    opened: "RECEIVING_FRAMES",
    failed: "CLEANUP",
    abort: "CLEANUP",
    detach: "CLEANUP",
  },
  RECEIVING_FRAMES: {
    frame: "RECEIVING_FRAMES",
    end: "FRAMES_COMPLETE",
    // A client that sends its signal has sent its frames.
    signal: "PROCESSING",
    failed: "CLEANUP",
    abort: "CLEANUP",
    timeout: "CLEANUP",
    detach: "CLEANUP",
  },
  FRAMES_COMPLETE: {
    signal: "PROCESSING",
    failed: "CLEANUP",
    abort: "CLEANUP",
    timeout: "CLEANUP",
    detach: "CLEANUP",
  },
  PROCESSING: {
    done: "CLEANUP",
    failed: "CLEANUP",
    abort: "CLEANUP",
    // The result is kept for a client that left.
    detach: "PROCESSING",
  },
  CLEANUP: {},
};

/** Where `event` leads; `undefined` when it has no place in this state. */
export function nextState(
  state: SessionState,
  event: SessionEvent,
): SessionState | undefined {
  return TABLE[state][event];
}
