/**
 * The frames that were sent last, so that their fragments can be sent again.
 *
 * @module
 */

import type { FragmentStore, StoredFrame } from "../../chain/mod.ts";

/** Frames kept: what a receiver puts together at a time. */
const MAX_FRAMES = 16;
/** Bytes kept: larger frames are kept for a shorter time. */
const MAX_BYTES = 16 * 1024 * 1024;

/** A frame and how much of it has left. */
class SentFrame implements StoredFrame {
  /** Its first fragments have left, so many of them. */
  sent = 0;

  constructor(
    readonly number: number,
    readonly bytes: Uint8Array,
    readonly total: number,
    readonly originTimeUs: number,
  ) {}

  has(index: number): boolean {
    return index < this.sent;
  }
}

/** The newest frames of one stream. */
export class SentFrames implements FragmentStore {
  #streamId = 0;
  #frames: SentFrame[] = [];
  #bytes = 0;

  /** The stream; 0 before the first. */
  get storedStreamId(): number {
    return this.#streamId;
  }

  /** A frame that is kept. */
  stored(frame: number): StoredFrame | undefined {
    return this.#frames.find(({ number }) => number === frame);
  }

  /** Forgets all frames: another stream begins. */
  beginStream(streamId: number): void {
    this.#streamId = streamId;
    this.#frames = [];
    this.#bytes = 0;
  }

  /**
   * A frame is being sent, whose bytes must not change as long as it is kept.
   * The caller counts in `sent` the fragments that have left.
   */
  begin(
    number: number,
    bytes: Uint8Array,
    total: number,
    nowUs: number,
  ): { sent: number } {
    const frame = new SentFrame(number, bytes, total, nowUs);
    this.#frames.push(frame);
    this.#bytes += bytes.length;
    while (
      this.#frames.length > MAX_FRAMES ||
      (this.#bytes > MAX_BYTES && this.#frames.length > 1)
    ) this.#bytes -= this.#frames.shift()?.bytes.length ?? 0;
    return frame;
  }
}
