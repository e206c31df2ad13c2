/**
 * What a bad network does to one datagram after another, decided without a
 * network: the lossy relay asks here, and the same seed gives the same faults.
 *
 * @module
 */

import { SeededRandom } from "./random.ts";

/** How one direction of a path is bad. All chances lie in [0, 1] and default to 0. */
export interface Impairment {
  /** Chance that a datagram vanishes. */
  loss?: number;
  /** Chance that a datagram arrives twice. */
  duplicate?: number;
  /** Chance that a datagram is overtaken by the next {@linkcode Impairment.reorderBy} ones. */
  reorder?: number;
  /** How many later datagrams overtake one that is held back; 3 by default. */
  reorderBy?: number;
  /** Chance that one bit of a datagram flips. */
  corrupt?: number;
  /** Milliseconds that each datagram takes. */
  delayMs?: number;
  /** Bytes a second that the path carries; without limit by default. */
  bytesPerSecond?: number;
  /** Bytes that pass at once before the rate counts; 64 KiB by default. */
  burstBytes?: number;
  /** Bytes that wait for the rate before later ones are dropped; 1 MiB by default. */
  queueBytes?: number;
  /** Faults by hand: called with the datagram's number from 0; `true` drops it. */
  drop?: (index: number, bytes: Uint8Array) => boolean;
}

/** What was injected in one direction, exactly. */
export interface ImpairmentCounters {
  /** Datagrams that came in. */
  received: number;
  /** Datagrams that went out, copies included. */
  forwarded: number;
  /** Datagrams dropped by chance or by hand. */
  lost: number;
  /** Datagrams sent a second time. */
  duplicated: number;
  /** Datagrams held back behind later ones. */
  reordered: number;
  /** Datagrams with a flipped bit. */
  corrupted: number;
  /** Datagrams dropped because the rate's queue was full. */
  overflowed: number;
}

/** What happens to one datagram. */
export interface Fate {
  lost: boolean;
  duplicated: boolean;
  reordered: boolean;
  /** The bit to flip, counted from the first byte's lowest; `undefined` for none. */
  flippedBit: number | undefined;
}

/** No fault yet. */
export function noFaults(): ImpairmentCounters {
  return {
    received: 0,
    forwarded: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    corrupted: 0,
    overflowed: 0,
  };
}

/**
 * Decides the fate of each datagram. Every decision draws the same count of
 * numbers, so that raising one chance leaves the other faults where they were.
 */
export class FateSource {
  readonly #random: SeededRandom;
  #index = 0;

  /** The same `seed` gives the same fates for the same datagrams. */
  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /** The fate of the next datagram on a path with `impairment`. */
  next(bytes: Uint8Array, impairment: Impairment): Fate {
    const byHand = impairment.drop?.(this.#index++, bytes) ?? false;
    const lost = this.#random.next() < (impairment.loss ?? 0) || byHand;
    const duplicated = this.#random.next() < (impairment.duplicate ?? 0);
    const reordered = this.#random.next() < (impairment.reorder ?? 0);
    const corrupted = this.#random.next() < (impairment.corrupt ?? 0);
    const bit = this.#random.integer(bytes.length * 8);
    return {
      lost,
      duplicated: !lost && duplicated,
      reordered: !lost && reordered,
      flippedBit: !lost && corrupted && bytes.length > 0 ? bit : undefined,
    };
  }
}

const DEFAULT_BURST_BYTES = 64 * 1024;
const DEFAULT_QUEUE_BYTES = 1024 * 1024;

/** When bytes may leave: a token bucket with a bounded queue behind it. */
export class TokenBucket {
  #tokens: number | undefined;
  #filledAt = 0;

  /**
   * Milliseconds, from `now`, until `length` bytes may leave; `undefined` when
   * the queue is full and they must be dropped.
   */
  reserve(
    length: number,
    now: number,
    {
      bytesPerSecond,
      burstBytes = DEFAULT_BURST_BYTES,
      queueBytes = DEFAULT_QUEUE_BYTES,
    }: Impairment,
  ): number | undefined {
    if (bytesPerSecond === undefined) return 0;
    const elapsed = now - this.#filledAt;
    const before = this.#tokens ?? burstBytes;
    const tokens = Math.min(
      burstBytes,
      before + elapsed * bytesPerSecond / 1000,
    );
    if (length - tokens > queueBytes) return undefined;
    this.#tokens = tokens - length;
    this.#filledAt = now;
    return Math.max(0, -this.#tokens * 1000 / bytesPerSecond);
  }
}
