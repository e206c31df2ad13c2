/**
 * Why a hop dropped a datagram: the counters behind `corrupt`, `duplicates`
 * and the per-reason figures.
 *
 * @module
 */

/** Every reason with what it means to a reader. */
export const DROP_REASONS = {
  /** Shorter than its header, its extension or its fragment. */
  "truncated": "corrupt",
  /** Neither our magic nor a JSON object. */
  "unknown-wire": "corrupt",
  /** Our magic, another version. */
  "bad-version": "corrupt",
  /** A type we do not know or do not take yet. */
  "bad-type": "corrupt",
  /** Header fields that contradict each other or the datagram's length. */
  "bad-header": "corrupt",
  /** The checksum does not match. */
  "bad-checksum": "corrupt",
  /** JSON that cannot be read or lacks what its type needs. */
  "bad-json": "corrupt",
  /** A frame larger than we take. */
  "too-large": "corrupt",
  /** Sizes that differ from those the same frame began with. */
  "conflict": "corrupt",
  /** A frame that was whole and cannot be unpacked into a JPEG. */
  "bad-payload": "invalid",
  /** Without a seal, on a chain with a key. */
  "unsealed": "forged",
  /** With a seal that the chain's key did not make. */
  "forged": "forged",
  /** Seen before. */
  "duplicate": "duplicate",
  /** Of a frame that was given up or lies before the window. */
  "stale": "other",
  /** Of a stream that another one replaced. */
  "stale-stream": "other",
  /** Of another stream, from somebody who is not our upstream, while ours runs. */
  "foreign-stream": "other",
  /** From somebody who is not the upstream that the coordinator named. */
  "stranger": "other",
  /** A frame number far beyond the newest, while the stream runs. */
  "frame-jump": "other",
  /** No room among the frames in flight. */
  "no-room": "other",
} as const;

/** Why a datagram was dropped. */
export type DropReason = keyof typeof DROP_REASONS;

/** A count for every reason. */
export type DropCounts = Record<DropReason, number>;

/** All reasons at zero. */
export function zeroDropCounts(): DropCounts {
  const counts: Partial<DropCounts> = {};
  for (const reason of Object.keys(DROP_REASONS) as DropReason[]) {
    counts[reason] = 0;
  }
  return counts as DropCounts;
}

/** Sum of the counts whose reasons belong to `kind`. */
export function sumDrops(
  counts: DropCounts,
  kind: typeof DROP_REASONS[DropReason],
): number {
  let sum = 0;
  for (const reason of Object.keys(DROP_REASONS) as DropReason[]) {
    if (DROP_REASONS[reason] === kind) sum += counts[reason];
  }
  return sum;
}
