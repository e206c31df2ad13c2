/**
 * How many pictures came and how many did not.
 *
 * @module
 */

import { serialDistance } from "../../bytes/mod.ts";

/** What is known of a track's frames beforehand. */
export interface FrameCountOptions {
  readonly dialect: "standard" | "lab";
  /** Ticks of the timestamp a second. */
  readonly clockRate: number;
  /** Frames a second, where the description tells. */
  readonly frameRate: number | undefined;
}

/** What the stages before have counted so far. */
export interface LossSoFar {
  /** Packets that are given up. */
  readonly lostPackets: number;
  /** Frames of which something came, and not all. */
  readonly incompleteFrames: number;
}

/** Numbers the frames of one track, lost ones too. */
export class FrameCount {
  readonly #options: FrameCountOptions;
  #number = 0;
  #complete = 0;
  #lost = 0;
  /** Incomplete frames and lost packets up to the newest frame. */
  #seenIncomplete = 0;
  #seenLost = 0;
  #lastTimestamp: number | undefined;
  /** Pictures since the newest that came whole and are no JPEG. */
  #unsound = 0;

  /** Nothing has come. */
  constructor(options: FrameCountOptions) {
    this.#options = options;
  }

  /** Number of the newest picture, from 1. */
  get number(): number {
    return this.#number;
  }

  /** Pictures that came whole. */
  get complete(): number {
    return this.#complete;
  }

  /** Pictures that did not. */
  get lost(): number {
    return this.#lost;
  }

  /** A picture came whole and is none. */
  addUnsound(): void {
    this.#unsound++;
  }

  /** A picture came whole; gives how many before it did not. */
  add(timestamp: number | undefined, soFar: LossSoFar): number {
    const lostBefore = this.#lostBefore(timestamp, soFar) + this.#unsound;
    this.#unsound = 0;
    this.#lost += lostBefore;
    this.#number += lostBefore + 1;
    this.#complete++;
    return lostBefore;
  }

  #lostBefore(
    timestamp: number | undefined,
    { lostPackets, incompleteFrames }: LossSoFar,
  ): number {
    const { frameRate, clockRate, dialect } = this.#options;
    const lost = Math.max(0, lostPackets - this.#seenLost);
    this.#seenLost = Math.max(this.#seenLost, lostPackets);
    const incomplete = incompleteFrames - this.#seenIncomplete;
    this.#seenIncomplete = incompleteFrames;
    const last = this.#lastTimestamp;
    this.#lastTimestamp = timestamp;
    if (lost === 0) return incomplete;
    if (dialect === "lab") return incomplete > 0 ? incomplete : lost;
    if (
      frameRate === undefined || last === undefined || timestamp === undefined
    ) {
      return incomplete;
    }
    // A frame of which not one packet came shows in the timestamps only.
    const frames = Math.round(
      serialDistance(timestamp, last, 32) * frameRate / clockRate,
    ) - 1;
    return Math.max(incomplete, Math.min(frames, lost));
  }

  /** What is incomplete stays so: the stream ends, or goes on elsewhere. */
  giveUp({ lostPackets, incompleteFrames }: LossSoFar): void {
    this.#lost += incompleteFrames - this.#seenIncomplete + this.#unsound;
    this.#seenIncomplete = incompleteFrames;
    this.#unsound = 0;
    this.#seenLost = lostPackets;
    this.#lastTimestamp = undefined;
  }
}
