/**
 * Flags of the referee's queue.
 *
 * @module
 */

/** The rows of `referee-serve`. */
export const QUEUE_FLAGS = {
  "queue": {
    kind: "string",
    valueName: "URL",
    env: "REFEREE_QUEUE",
    help:
      "Let referee-worker processes analyse: redis://HOST:PORT, or rediss:// for TLS",
  },
  "queue-width": {
    kind: "integer",
    min: 1,
    max: 64,
    default: 8,
    group: "advanced",
    help: "Recordings on the queue at once",
  },
  "queue-patience": {
    kind: "duration",
    default: "10m",
    group: "advanced",
    help: "A recording without a result by then is decided by the scoring box",
  },
} as const;
