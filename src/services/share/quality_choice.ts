/**
 * Which level of quality a room can have: all of it watches the same one, so
 * that all can give it to each other, and the slowest says which.
 *
 * @module
 */

import type { PeerStatus } from "../../signaling/mod.ts";

/** A level. */
export interface QualityLevel {
  /** `360p`. */
  readonly name: string;
  /** The design's word for it. */
  readonly alias: string;
  /** Lines of the picture, at most. */
  readonly height: number;
  /** Bits a second of the picture. */
  readonly bitrate: number;
}

/** The levels below the film as it is, smallest first. */
export const QUALITY_LEVELS: readonly QualityLevel[] = [
  { name: "360p", alias: "low", height: 360, bitrate: 700_000 },
  { name: "480p", alias: "medium", height: 480, bitrate: 1_400_000 },
  { name: "720p", alias: "high", height: 720, bitrate: 2_800_000 },
];
/** The film as it is. */
export const ORIGINAL = "original";
/** The program chooses. */
export const AUTO = "auto";
/** Bits a second of the sound of a level. */
export const SOUND_BITRATE = 128_000;

/** With less film ahead than this a viewer is short, seconds. */
const SHORT_S = 4;
/** It must be so for this long, ms: a seek is no shortage. */
const SHORT_MS = 3000;
/** With more than this a viewer has plenty, seconds. */
const PLENTY_S = 20;
/** All must have plenty for this long before more is tried, ms. */
const PLENTY_MS = 20_000;
/** After a change nothing is changed for this long, ms: buffers begin anew. */
const PAUSE_MS = 10_000;
/** After a step down nothing more is tried for this long, ms. */
const CAUTION_MS = 60_000;
/** Part of what comes that a level may need. */
const SAFE_PART = 0.8;

/** Chooses from what the viewers say of themselves. Times are ms of any one clock. */
export class QualityChooser {
  readonly #bitrates: readonly number[];
  #level: number;
  #shortSince: number | undefined;
  #plentySince: number | undefined;
  #changedAt = -Infinity;
  #downAt = -Infinity;

  /** Levels by their bits a second, smallest first; begins at the last. */
  constructor(bitrates: readonly number[]) {
    this.#bitrates = bitrates;
    this.#level = bitrates.length - 1;
  }

  /** The level that is on. */
  get level(): number {
    return this.#level;
  }

  /** Somebody chose a level by hand. */
  set(level: number, now: number): void {
    this.#level = level;
    this.#changedAt = now;
    this.#shortSince = this.#plentySince = undefined;
  }

  /** The level to go to, when another one is better; call it about once a second. */
  look(
    statuses: readonly Pick<PeerStatus, "bufferedS" | "downBps" | "state">[],
    now: number,
  ): number | undefined {
    const watching = statuses.filter(({ state }) =>
      state === "playing" || state === "buffering"
    );
    const short = watching.filter(({ state, bufferedS }) =>
      state === "buffering" || bufferedS < SHORT_S
    );
    const plenty = watching.length > 0 &&
      watching.every(({ bufferedS }) => bufferedS >= PLENTY_S);
    this.#shortSince = short.length > 0 ? this.#shortSince ?? now : undefined;
    this.#plentySince = plenty ? this.#plentySince ?? now : undefined;
    if (now - this.#changedAt < PAUSE_MS) return undefined;
    if (now - (this.#shortSince ?? now) >= SHORT_MS) {
      return this.#down(Math.min(...short.map(({ downBps }) => downBps)), now);
    }
    if (
      now - (this.#plentySince ?? now) >= PLENTY_MS &&
      now - this.#downAt >= CAUTION_MS &&
      this.#level < this.#bitrates.length - 1
    ) return this.#change(this.#level + 1, now);
    return undefined;
  }

  /** To what the slowest can take, and one level down at least. */
  #down(bps: number, now: number): number | undefined {
    if (this.#level === 0) return undefined;
    const fits = this.#bitrates.findLastIndex((bitrate) =>
      bitrate <= SAFE_PART * bps
    );
    this.#downAt = now;
    return this.#change(Math.max(0, Math.min(fits, this.#level - 1)), now);
  }

  #change(level: number, now: number): number {
    this.set(level, now);
    return level;
  }
}

/** The level that a word means; `undefined` for none, which is the film as it is. */
export function levelNamed(word: string): QualityLevel | undefined {
  return QUALITY_LEVELS.find(({ name, alias }) =>
    name === word || alias === word
  );
}
