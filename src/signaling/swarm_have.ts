/**
 * What a member has, and how it says so to its neighbours: once all of it, then
 * what is added and what was thrown away.
 *
 * ```text
 *  0       1       2               4               8
 * +-------+-------+---------------+---------------+----
 * | 3     | 0     | 0             | first chunk   | bits …     has: at most 16 KiB of bits
 * +-------+-------+---------------+---------------+----
 * | 3     | 1     | count         | chunk         | chunk …    has these too
 * +-------+-------+---------------+---------------+----
 * | 3     | 2     | count         | chunk         | chunk …    has these no more
 * +-------+-------+---------------+---------------+----
 * ```
 *
 * Numbers are big-endian; the first bit is the highest of its byte, and the
 * first chunk of bits a multiple of eight.
 *
 * @module
 */

import type { Bytes } from "./chunk.ts";
import { SignalProtocolError } from "./error.ts";

const HAVE_TYPE = 3;
const BITS = 0;
const ADDED = 1;
const LOST = 2;
const LIST_HEADER = 4;
const BITS_HEADER = 8;

/** Bytes of bits in a frame: 131,072 chunks, 8 GiB of film. */
export const MAX_HAVE_BITS_BYTES = 16 * 1024;
/** Chunks that a frame may list: what comes within 50 ms even at 1 GB/s. */
export const MAX_HAVE_LIST = 1024;

/** A set of chunks of one film. */
export class ChunkSet {
  /** Chunks of the film. */
  readonly total: number;
  readonly #bits: Bytes;
  #count = 0;

  /** Nothing, of a film of `total` chunks. */
  constructor(total: number) {
    this.total = total;
    this.#bits = new Uint8Array(Math.ceil(total / 8));
  }

  /** Chunks in it. */
  get count(): number {
    return this.#count;
  }

  /** Whether a chunk is in it. */
  has(chunk: number): boolean {
    return (this.#bits[chunk >> 3]! & (0x80 >> (chunk & 7))) !== 0;
  }

  /** Puts a chunk in; `false` when it was there, or is none of the film. */
  add(chunk: number): boolean {
    if (chunk >= this.total || this.has(chunk)) return false;
    this.#bits[chunk >> 3]! |= 0x80 >> (chunk & 7);
    this.#count++;
    return true;
  }

  /** Takes a chunk out; `false` when it was not there. */
  delete(chunk: number): boolean {
    if (chunk >= this.total || !this.has(chunk)) return false;
    this.#bits[chunk >> 3]! &= ~(0x80 >> (chunk & 7));
    this.#count--;
    return true;
  }

  /** The bytes of its bits from a chunk on, which is a multiple of eight. */
  bits(firstChunk: number, bytes: number): Bytes {
    return this.#bits.slice(firstChunk >> 3, (firstChunk >> 3) + bytes);
  }
}

/** What a neighbour says. */
export type HaveMessage =
  | { readonly type: "bits"; readonly first: number; readonly bits: Bytes }
  | { readonly type: "added" | "lost"; readonly chunks: readonly number[] };

/** Whether a frame says what somebody has. */
export function isHave(frame: Bytes): boolean {
  return frame[0] === HAVE_TYPE;
}

/** All that is in a set, as frames. */
export function encodeHaveBits(set: ChunkSet): Bytes[] {
  const frames: Bytes[] = [];
  const step = MAX_HAVE_BITS_BYTES * 8;
  for (let first = 0; first === 0 || first < set.total; first += step) {
    const bits = set.bits(first, MAX_HAVE_BITS_BYTES);
    const frame = new Uint8Array(BITS_HEADER + bits.length);
    frame[0] = HAVE_TYPE;
    frame[1] = BITS;
    new DataView(frame.buffer).setUint32(4, first);
    frame.set(bits, BITS_HEADER);
    frames.push(frame);
  }
  return frames;
}

/** Chunks that came or went, as frames. */
export function encodeHaveList(
  type: "added" | "lost",
  chunks: readonly number[],
): Bytes[] {
  const frames: Bytes[] = [];
  for (let at = 0; at < chunks.length; at += MAX_HAVE_LIST) {
    const some = chunks.slice(at, at + MAX_HAVE_LIST);
    const frame = new Uint8Array(LIST_HEADER + 4 * some.length);
    const view = new DataView(frame.buffer);
    view.setUint8(0, HAVE_TYPE);
    view.setUint8(1, type === "added" ? ADDED : LOST);
    view.setUint16(2, some.length);
    for (const [index, chunk] of some.entries()) {
      view.setUint32(LIST_HEADER + 4 * index, chunk);
    }
    frames.push(frame);
  }
  return frames;
}

/**
 * Reads a frame about a film of `total` chunks.
 *
 * @throws {SignalProtocolError} for what is none, or speaks of chunks that there are not.
 */
export function readHave(frame: Bytes, total: number): HaveMessage {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (!isHave(frame) || frame.length < LIST_HEADER) throw badHave();
  const kind = view.getUint8(1);
  if (kind === BITS) return readBits(frame, view, total);
  const count = view.getUint16(2);
  if (
    (kind !== ADDED && kind !== LOST) || count > MAX_HAVE_LIST ||
    frame.length !== LIST_HEADER + 4 * count
  ) throw badHave();
  const chunks = Array.from(
    { length: count },
    (_, index) => view.getUint32(LIST_HEADER + 4 * index),
  );
  if (chunks.some((chunk) => chunk >= total)) throw badHave();
  return { type: kind === ADDED ? "added" : "lost", chunks };
}

/** Puts what a neighbour says into what is known of it; calls back for each change. */
export function applyHave(
  set: ChunkSet,
  message: HaveMessage,
  changed: (chunk: number, has: boolean) => void,
): void {
  if (message.type !== "bits") {
    const has = message.type === "added";
    for (const chunk of message.chunks) {
      if (has ? set.add(chunk) : set.delete(chunk)) changed(chunk, has);
    }
    return;
  }
  for (const [index, byte] of message.bits.entries()) {
    const from = message.first + 8 * index;
    for (let bit = 0; bit < 8 && from + bit < set.total; bit++) {
      const has = (byte & (0x80 >> bit)) !== 0;
      if (has ? set.add(from + bit) : set.delete(from + bit)) {
        changed(from + bit, has);
      }
    }
  }
}

function readBits(frame: Bytes, view: DataView, total: number): HaveMessage {
  const length = frame.length - BITS_HEADER;
  if (length < 0 || length > MAX_HAVE_BITS_BYTES) throw badHave();
  const first = view.getUint32(4);
  const bits = frame.slice(BITS_HEADER);
  const past = first + 8 * length - total;
  const stray = past > 0 ? bits.at(-1)! & ((1 << past) - 1) : 0;
  if (first % 8 !== 0 || past >= 8 || (past > 0 && stray !== 0)) {
    throw badHave();
  }
  return { type: "bits", first, bits };
}

function badHave(): SignalProtocolError {
  return new SignalProtocolError(
    "bad-frame",
    "Cannot read the frame: it does not say what somebody has",
  );
}
