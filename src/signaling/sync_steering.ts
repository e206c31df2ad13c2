/**
 * Keeps one player at the room's position: a small difference by playing a
 * little faster or slower, a large one by a seek that aims at where the room
 * will be when it is done.
 *
 * @module
 */

/** Below this nothing is done, ms: a third of a frame at 24 frames/s. */
const GOOD_MS = 8;
/** Above this steering begins, ms. */
const STEER_MS = 18;
/** Above this a seek is quicker than any bearable change of speed, ms. */
const SEEK_MS = 450;
/** In this time, seconds, steering takes off two thirds of a difference. */
const TIME_CONSTANT_S = 0.35;
/** Largest change of speed, as a part of it; voices keep their pitch. */
const MAX_CHANGE = 0.25;
/** No second seek before this, ms: the first one's effect must be seen. */
const SEEK_PAUSE_MS = 1000;
/** What a seek takes before one was measured, ms. */
const FIRST_SEEK_MS = 120;
/** A seek that takes longer waited for film, which says nothing of the next, ms. */
const MAX_SEEK_MS = 1500;
/** Part of what is known that a new measurement replaces. */
const LEARNING = 0.4;
/** Measurements whose median is the drift: a frame is shown up to one refresh late. */
const MEDIAN_OF = 5;

/** What the player and the room are doing. */
export interface SyncInput {
  /** ms of our clock. */
  readonly now: number;
  /** The room's position now, seconds. */
  readonly target: number;
  /** The room's speed now: 0 while it stands still. */
  readonly rate: number;
  /** The player's position now, seconds. */
  readonly actual: number;
  /** Whether the player can play on, and does not seek. */
  readonly ready: boolean;
}

/** What is to be done to the player. */
export type SyncAction =
  | { readonly type: "none" }
  | { readonly type: "rate"; readonly rate: number }
  | { readonly type: "seek"; readonly to: number };

/** Steers one player. */
export class SyncSteering {
  #recent: number[] = [];
  #steering = false;
  #rate = 0;
  #seekMs = FIRST_SEEK_MS;
  #seekAt = -Infinity;
  #seeking: { at: number; aimed: boolean } | undefined;

  /** Player's position less the room's, ms: the median of the last few; `undefined` before the first. */
  get driftMs(): number | undefined {
    if (this.#recent.length === 0) return undefined;
    const sorted = [...this.#recent].sort((a, b) => a - b);
    return sorted[sorted.length >> 1];
  }

  /** What a seek takes, as learnt, ms. */
  get seekMs(): number {
    return this.#seekMs;
  }

  /** Forgets what was measured: the room's position has jumped. */
  reset(): void {
    this.#recent = [];
    this.#steering = false;
  }

  /** Somebody has set the room's position: where the player has to go, at once. */
  jump(
    { now, target, rate, actual }: Omit<SyncInput, "ready">,
  ): SyncAction {
    this.reset();
    this.#seeking = undefined;
    this.#seekAt = -Infinity;
    const drift = Math.abs(1000 * (actual - target));
    if (drift <= (rate === 0 ? STEER_MS : SEEK_MS)) return { type: "none" };
    return this.#seek(now, target + rate * this.#seekMs / 1000, rate > 0);
  }

  /** The player has found its place after a seek. */
  seeked(now: number): void {
    if (this.#seeking === undefined) return;
    const took = now - this.#seeking.at;
    if (this.#seeking.aimed && took < MAX_SEEK_MS) {
      this.#seekMs += LEARNING * (took - this.#seekMs);
    }
    this.#seeking = undefined;
    this.reset();
  }

  /** What is to be done, from a measurement. */
  update({ now, target, rate, actual, ready }: SyncInput): SyncAction {
    if (!ready) return { type: "none" };
    const drift = 1000 * (actual - target);
    if (Math.abs(drift) > SEEK_MS || rate === 0) this.#recent = [];
    this.#recent.push(drift);
    if (this.#recent.length > MEDIAN_OF) this.#recent.shift();
    const median = this.driftMs ?? drift;
    if (rate === 0) return this.#standStill(now, target, drift);
    if (Math.abs(median) > SEEK_MS) {
      if (now - this.#seekAt < SEEK_PAUSE_MS) return { type: "none" };
      return this.#seek(now, target + rate * this.#seekMs / 1000, true);
    }
    if (Math.abs(median) > STEER_MS) this.#steering = true;
    else if (Math.abs(median) < GOOD_MS) this.#steering = false;
    const change = this.#steering
      ? clamp(-median / 1000 / TIME_CONSTANT_S, MAX_CHANGE)
      : 0;
    // Players restart their sound for every change: they come in steps.
    return this.#setRate(rate * (1 + Math.round(change * 100) / 100));
  }

  #standStill(now: number, target: number, drift: number): SyncAction {
    this.#steering = false;
    const there = Math.abs(drift) <= STEER_MS;
    if (there || now - this.#seekAt < SEEK_PAUSE_MS / 2) {
      return { type: "none" };
    }
    return this.#seek(now, target, false);
  }

  #seek(now: number, to: number, aimed: boolean): SyncAction {
    this.#seekAt = now;
    this.#seeking = { at: now, aimed };
    this.reset();
    return { type: "seek", to: Math.max(0, to) };
  }

  #setRate(rate: number): SyncAction {
    if (Math.abs(rate - this.#rate) < 0.001) return { type: "none" };
    this.#rate = rate;
    return { type: "rate", rate };
  }
}

function clamp(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}
