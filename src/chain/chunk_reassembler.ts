/**
 * Puts the chunks of StrandCast's wire together again.
 *
 * @module
 */

import { ChainProtocolError } from "./chain_error.ts";
import type { DropReason } from "./drop_reason.ts";
import type { FramePool, PooledFrame } from "./frame_pool.ts";
import {
  DEFAULT_MAX_FRAME_BYTES,
  FrameSlot,
  FrameWindow,
} from "./frame_window.ts";
import { PICKLE_OVERHEAD_BYTES } from "./pickle.ts";
import type { ReassemblerOptions } from "./reassembler.ts";
import type { StrandcastChunk } from "./strandcast_datagram.ts";
import { unpackStrandcastFrame } from "./strandcast_payload.ts";

/**
 * Characters of text a byte of a frame may take: two in hexadecimal, and a
 * JPEG in a protocol 2 pickle stays a quarter larger even under zlib.
 */
const CHARACTERS_PER_BYTE = 3;

class ChunkSlot extends FrameSlot {
  total = 0;
  /** By index; a map, for a false count of chunks must not cost memory. */
  readonly chunks = new Map<number, string>();
}

/**
 * Chunks in, whole frames out. The text of the chunks is kept until the
 * frame is whole, because only the first chunk tells its encoding.
 */
export class ChunkReassembler extends FrameWindow<ChunkSlot> {
  readonly #maxFrameBytes: number;
  readonly #maxTextLength: number;
  readonly #pool: FramePool;

  /**
   * The JPEG of the frame that the last `add` made whole, and the caller's to
   * release; `undefined` when it made none whole.
   */
  completed: PooledFrame | undefined;

  /** Holds nothing yet. */
  constructor(options: ReassemblerOptions) {
    super(() => new ChunkSlot(), options);
    this.#maxFrameBytes = options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES;
    this.#maxTextLength = CHARACTERS_PER_BYTE *
      (this.#maxFrameBytes + PICKLE_OVERHEAD_BYTES);
    this.#pool = options.pool;
  }

  /**
   * Takes a chunk. Gives 0, or why it was dropped; `bad-payload` means that
   * the frame was whole and holds no JPEG. `mayJump` lets it be of any frame,
   * however far from the newest: for streams that were silent.
   */
  add(chunk: StrandcastChunk, mayJump = false): DropReason | 0 {
    this.completed = undefined;
    const { index, total, data } = chunk;
    const slot = this.locate(chunk.frameNumber, index === 0, mayJump);
    if (typeof slot === "string") return slot;
    if (slot.chunks.size === 0) slot.total = total;
    else if (slot.total !== total) return "conflict";
    if (slot.chunks.has(index)) return "duplicate";
    if (!this.hold(slot, data.length)) return "no-room";
    slot.chunks.set(index, data);
    if (slot.bytes > this.#maxTextLength) {
      this.abandon(slot);
      return "too-large";
    }
    return slot.chunks.size === total ? this.#finish(slot) : 0;
  }

  protected override discard(slot: ChunkSlot): void {
    slot.chunks.clear();
  }

  #finish(slot: ChunkSlot): DropReason | 0 {
    const texts: string[] = [];
    for (let index = 0; index < slot.total; index++) {
      texts.push(slot.chunks.get(index)!);
    }
    slot.chunks.clear();
    this.complete(slot);
    try {
      const jpeg = unpackStrandcastFrame(texts, this.#maxFrameBytes);
      this.completed = this.#pool.acquire(jpeg.length);
      this.completed.bytes.set(jpeg);
      return 0;
    } catch (error) {
      if (error instanceof ChainProtocolError) return "bad-payload";
      throw error;
    }
  }
}
