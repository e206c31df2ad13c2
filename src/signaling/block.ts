/**
 * Pieces of a sealed chunk as they travel.
 *
 * ```text
 *  0       1       2               4               8              12              16
 * +-------+-------+---------------+---------------+---------------+---------------+----
 * | 1     | 0     | 0             | chunk         | offset        | sealed length | bytes …
 * +-------+-------+---------------+---------------+---------------+---------------+----
 * ```
 *
 * Numbers are big-endian. A block is 16 KiB of the chunk, or some such pieces
 * one after another: all of it where a message may be as long as that.
 *
 * @module
 */

import { BLOCK_BYTES, type Bytes, SEALED_CHUNK_BYTES } from "./chunk.ts";
import { SignalProtocolError } from "./error.ts";

const BLOCK_TYPE = 1;
const HEADER_BYTES = 16;

/** Chunks that may be half there at once from one source: the widest window. */
export const MAX_OPEN_CHUNKS = 64;

/** A block. */
export interface Block {
  /** The chunk it is of. */
  readonly chunk: number;
  /** Where its bytes begin in the sealed chunk. */
  readonly offset: number;
  /** Bytes of the whole sealed chunk. */
  readonly sealedLength: number;
  /** A view into the frame. */
  readonly bytes: Bytes;
}

/** Whether a frame is a block. */
export function isBlock(frame: Bytes): boolean {
  return frame[0] === BLOCK_TYPE;
}

/** Cuts a sealed chunk into frames, or with `whole` makes it one. */
export function encodeBlocks(
  chunk: number,
  sealed: Bytes,
  whole = false,
): Bytes[] {
  const frames: Bytes[] = [];
  const most = whole ? sealed.length : BLOCK_BYTES;
  for (let offset = 0; offset < sealed.length; offset += most) {
    const bytes = sealed.subarray(offset, offset + most);
    const frame = new Uint8Array(HEADER_BYTES + bytes.length);
    const view = new DataView(frame.buffer);
    view.setUint8(0, BLOCK_TYPE);
    view.setUint32(4, chunk);
    view.setUint32(8, offset);
    view.setUint32(12, sealed.length);
    frame.set(bytes, HEADER_BYTES);
    frames.push(frame);
  }
  return frames;
}

/**
 * Reads a block.
 *
 * @throws {SignalProtocolError} for what is none.
 */
export function readBlock(frame: Bytes): Block {
  const length = frame.length - HEADER_BYTES;
  if (!isBlock(frame) || length < 1 || length > SEALED_CHUNK_BYTES) {
    throw badFrame("it is no block");
  }
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const chunk = view.getUint32(4);
  const offset = view.getUint32(8);
  const sealedLength = view.getUint32(12);
  if (
    sealedLength > SEALED_CHUNK_BYTES || offset % BLOCK_BYTES !== 0 ||
    offset + length > sealedLength ||
    (length % BLOCK_BYTES !== 0 && offset + length !== sealedLength)
  ) throw badFrame("its numbers do not fit");
  return { chunk, offset, sealedLength, bytes: frame.subarray(HEADER_BYTES) };
}

/** Puts chunks together from the blocks of one source. */
export class BlockAssembler {
  readonly #open = new Map<
    number,
    { readonly sealed: Bytes; readonly missing: Set<number> }
  >();

  /**
   * The sealed chunk that this block completes; `undefined` while more are missing.
   *
   * @throws {SignalProtocolError} when it contradicts an earlier one, or too many chunks are open.
   */
  push({ chunk, offset, sealedLength, bytes }: Block): Bytes | undefined {
    if (bytes.length === sealedLength) {
      this.#open.delete(chunk);
      return bytes;
    }
    let open = this.#open.get(chunk);
    if (open === undefined || open.sealed.length !== sealedLength) {
      if (open === undefined && this.#open.size >= MAX_OPEN_CHUNKS) {
        throw badFrame("too many chunks are half there");
      }
      const blocks = Math.ceil(sealedLength / BLOCK_BYTES);
      open = {
        sealed: new Uint8Array(sealedLength),
        missing: new Set(
          Array.from({ length: blocks }, (_, index) => index * BLOCK_BYTES),
        ),
      };
      this.#open.set(chunk, open);
    }
    open.sealed.set(bytes, offset);
    for (let at = offset; at < offset + bytes.length; at += BLOCK_BYTES) {
      open.missing.delete(at);
    }
    if (open.missing.size > 0) return undefined;
    this.#open.delete(chunk);
    return open.sealed;
  }

  /** Forgets a chunk that nobody wants any more. */
  forget(chunk: number): void {
    this.#open.delete(chunk);
  }
}

function badFrame(reason: string): SignalProtocolError {
  return new SignalProtocolError(
    "bad-frame",
    `Cannot read the frame: ${reason}`,
  );
}
