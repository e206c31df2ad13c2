/**
 * Puts the fragments of our wire together again.
 *
 * @module
 */

import { BINARY_HEADER_BYTES, type BinaryHeader } from "./binary_datagram.ts";
import type { DropReason } from "./drop_reason.ts";
import type { FramePool, PooledFrame } from "./frame_pool.ts";
import {
  DEFAULT_MAX_FRAME_BYTES,
  FrameSlot,
  FrameWindow,
  type FrameWindowOptions,
} from "./frame_window.ts";

/** Limits, and where frames come from. */
export interface ReassemblerOptions extends FrameWindowOptions {
  /** Larger frames are refused. */
  readonly maxFrameBytes?: number;
  /** Gives the frames' buffers. */
  readonly pool: FramePool;
}

class FragmentSlot extends FrameSlot {
  frame: PooledFrame | undefined;
  total = 0;
  missing = 0;
  /** A bit for every fragment; grows to the largest frame's need and stays. */
  seen = new Uint32Array(8);

  begin(frame: PooledFrame, total: number): void {
    this.frame = frame;
    this.total = this.missing = total;
    const words = (total + 31) >>> 5;
    if (words > this.seen.length) this.seen = new Uint32Array(words);
    else this.seen.fill(0, 0, words);
  }

  /** Marks a fragment; false when it was marked before. */
  mark(index: number): boolean {
    const bit = 1 << (index & 31);
    const word = this.seen[index >>> 5]!;
    if ((word & bit) !== 0) return false;
    this.seen[index >>> 5] = word | bit;
    return true;
  }
}

/** Fragments in, whole frames out; nothing is allocated for a fragment. */
export class Reassembler extends FrameWindow<FragmentSlot> {
  readonly #maxFrameBytes: number;
  readonly #pool: FramePool;
  readonly #scratch = new Uint8Array(BINARY_HEADER_BYTES);

  /**
   * The frame that the last `add` made whole, and the caller's to release;
   * `undefined` when it made none whole.
   */
  completed: PooledFrame | undefined;

  /** Holds nothing yet. */
  constructor(options: ReassemblerOptions) {
    super(() => new FragmentSlot(), options);
    this.#maxFrameBytes = options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES;
    this.#pool = options.pool;
  }

  /**
   * Takes a fragment whose header was read (and so checked) from `datagram`;
   * its bytes are copied. Gives 0, or why it was dropped. `mayJump` lets it be
   * of any frame, however far from the newest: for streams that were silent.
   */
  add(
    header: BinaryHeader,
    datagram: Uint8Array,
    mayJump = false,
  ): DropReason | 0 {
    this.completed = undefined;
    const { frameBytes, total, index } = header;
    if (frameBytes > this.#maxFrameBytes) return "too-large";
    const slot = this.locate(header.frameNumber, index === 0, mayJump);
    if (typeof slot === "string") return slot;
    if (slot.frame === undefined) {
      if (!this.hold(slot, frameBytes)) return "no-room";
      slot.begin(this.#pool.acquire(frameBytes), total);
    } else if (slot.total !== total || slot.bytes !== frameBytes) {
      return "conflict";
    }
    if (!slot.mark(index)) return "duplicate";
    this.#copy(header, datagram, slot.frame!.bytes);
    if (--slot.missing === 0) {
      this.completed = slot.frame;
      slot.frame = undefined;
      this.complete(slot);
    }
    return 0;
  }

  protected override discard(slot: FragmentSlot): void {
    slot.frame?.release();
    slot.frame = undefined;
  }

  /**
   * Copies the payload to its place. A view of the payload would be an
   * allocation a fragment, so the whole datagram is copied such that its
   * payload falls into place, and the bytes its header fell on are put back.
   */
  #copy(header: BinaryHeader, datagram: Uint8Array, frame: Uint8Array): void {
    const { offset, payloadStart } = header;
    if (offset < payloadStart || payloadStart !== BINARY_HEADER_BYTES) {
      frame.set(datagram.subarray(payloadStart), offset);
      return;
    }
    const start = offset - BINARY_HEADER_BYTES;
    const scratch = this.#scratch;
    for (let at = 0; at < BINARY_HEADER_BYTES; at++) {
      scratch[at] = frame[start + at]!;
    }
    frame.set(datagram, start);
    frame.set(scratch, start);
  }
}
