/**
 * Every limit of the server, with its name, its environment variable and the
 * reason for its default. The names are those of `/health`.
 *
 * @module
 */

/** One row of the table. */
export interface LimitSpec {
  /** Environment variable, as in the documents or in their manner. */
  readonly env: string;
  readonly default: number;
  readonly min: number;
  /** One sentence without a full stop. */
  readonly help: string;
}

/** The table; flags, `/health` and errors follow from it. */
export const LIMITS = {
  max_streaming_sessions: {
    env: "REFEREE_MAX_STREAMING_SESSIONS",
    default: 10,
    min: 1,
    help: "Sessions at once",
  },
  max_streaming_memory_mb: {
    env: "REFEREE_MAX_STREAMING_MEMORY_MB",
    default: 2048,
    min: 16,
    help: "Memory for frames, in MiB; beyond it they are on disk or refused",
  },
  session_timeout_seconds: {
    env: "REFEREE_STREAMING_SESSION_TIMEOUT",
    default: 300,
    min: 1,
    help: "Seconds without activity after which a session is put away",
  },
  // Raw 4K is 24.9 MB, the largest JPEG of a 4K camera near 12 MB.
  max_frame_bytes: {
    env: "REFEREE_MAX_FRAME_BYTES",
    default: 32 * 1024 * 1024,
    min: 64 * 1024,
    help: "Bytes of one frame",
  },
  // 7680 × 4320; a JPEG of 100 bytes may claim 65,535 × 65,535.
  max_frame_pixels: {
    env: "REFEREE_MAX_FRAME_PIXELS",
    default: 33_177_600,
    min: 1024,
    help: "Pixels of one frame",
  },
  // Four hours at 30 frames/s; each costs 50 bytes of index.
  max_session_frames: {
    env: "REFEREE_MAX_SESSION_FRAMES",
    default: 432_000,
    min: 1,
    help: "Frames of one session",
  },
  // A minute of 1080p at 30 frames/s is 400 MB.
  max_session_mb: {
    env: "REFEREE_MAX_SESSION_MB",
    default: 16_384,
    min: 1,
    help: "MiB of one session's frames",
  },
  // Frame and metadata count apart; the wire itself carries some 30,000.
  max_message_rate: {
    env: "REFEREE_MAX_MESSAGE_RATE",
    default: 50_000,
    min: 100,
    help: "Messages a second of one connection; a faster one is slowed down",
  },
  max_connections: {
    env: "REFEREE_MAX_CONNECTIONS",
    default: 256,
    min: 1,
    help: "Connections at once, of all kinds",
  },
  // A tournament day of one piste has some hundred phrases.
  max_sessions_per_hour: {
    env: "REFEREE_MAX_SESSIONS_PER_HOUR",
    default: 1000,
    min: 1,
    help: "Sessions and uploads of one address in an hour",
  },
  max_upload_mb: {
    env: "REFEREE_MAX_UPLOAD_MB",
    default: 4096,
    min: 1,
    help: "MiB of one upload",
  },
  max_upload_seconds: {
    env: "REFEREE_MAX_UPLOAD_SECONDS",
    default: 1800,
    min: 1,
    help: "Seconds that one upload may take",
  },
  max_video_seconds: {
    env: "REFEREE_MAX_VIDEO_SECONDS",
    default: 3600,
    min: 1,
    help: "Seconds of video in one upload",
  },
} as const satisfies Readonly<Record<string, LimitSpec>>;

/** A limit's name. */
export type LimitName = keyof typeof LIMITS;

/** A value for each limit. */
export type RefereeLimits = Readonly<Record<LimitName, number>>;

/** The defaults, with `changes` in their place. */
export function refereeLimits(
  changes: Partial<RefereeLimits> = {},
): RefereeLimits {
  const defaults = Object.fromEntries(
    Object.entries(LIMITS).map(([name, spec]) => [name, spec.default]),
  ) as Record<LimitName, number>;
  return { ...defaults, ...changes };
}

/** Bytes in the unit of the limits that end in `_mb`. */
export const MIB = 1024 * 1024;
