/**
 * What came in the last seconds, for the status line and the page.
 *
 * @module
 */

import { BUCKET_MS, RateWindow } from "./rate_window.ts";
import type { MediaReceiver } from "./receiver.ts";

/** Milliseconds that rates and the bitrate look back. */
const RATE_WINDOW_MS = 2000;

/** Milliseconds that the loss looks back. */
const LOSS_WINDOW_MS = 1000;

/** Milliseconds between two looks at what the network did: the windows' buckets. */
const SAMPLE_MS = BUCKET_MS;

const NOTHING = { octets: 0, lost: 0, received: 0 };

/** Rates of frames, bits and loss. */
export class RecentFigures {
  readonly #fps = new RateWindow(RATE_WINDOW_MS);
  readonly #octets = new RateWindow(RATE_WINDOW_MS);
  readonly #lost = new RateWindow(LOSS_WINDOW_MS);
  readonly #expected = new RateWindow(LOSS_WINDOW_MS);
  #sampled = NOTHING;
  #sampleAt = 0;

  /** A frame came at `now` (milliseconds). */
  addFrame(now: number, receiver: MediaReceiver | undefined): void {
    this.#fps.add(1, now);
    if (now >= this.#sampleAt) this.sample(now, receiver);
  }

  /** Moves what came since the last look into the windows. */
  sample(now: number, receiver: MediaReceiver | undefined): void {
    if (receiver === undefined) return;
    this.#sampleAt = now + SAMPLE_MS;
    const { lost, received } = receiver.packets;
    const { octets } = receiver;
    const before = this.#sampled;
    this.#octets.add(octets - before.octets, now);
    this.#lost.add(lost - before.lost, now);
    this.#expected.add(lost - before.lost + received - before.received, now);
    this.#sampled = { octets, lost, received };
  }

  /** A new receiver counts from nothing. */
  changeReceiver(): void {
    this.#sampled = NOTHING;
  }

  /** The stream stands still: its rates are none. */
  pause(): void {
    this.#fps.reset();
    this.#octets.reset();
  }

  /** Frames a second. */
  fps(now: number): number {
    return this.#fps.perSecond(now);
  }

  /** Payload kilobits a second. */
  kbps(now: number): number {
    return this.#octets.perSecond(now) * 8 / 1000;
  }

  /** Packets lost of those expected, percent. */
  lossPercent(now: number): number {
    const expected = this.#expected.sum(now);
    return expected <= 0
      ? 0
      : Math.max(0, 100 * this.#lost.sum(now) / expected);
  }
}
