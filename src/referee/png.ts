/**
 * The structural check of a PNG frame (W3C PNG, third edition, section 5):
 *
 * ```text
 *  89 50 4E 47 0D 0A 1A 0A     signature
 *  length(32) type(32) data(length) crc(32) …    chunks, IHDR first, IEND last
 *  IHDR: width(32) height(32) depth(8) colour(8) compression(8) filter(8) interlace(8)
 * ```
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { FrameFormatError } from "./frame_error.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const IHDR = 0x49484452;
const IDAT = 0x49444154;
const IEND = 0x49454e44;
const IHDR_BYTES = 13;

/** Length, type and checksum. */
const CHUNK_OVERHEAD = 12;

/** Bit depths that each colour type may have (table 8). */
const DEPTHS: ReadonlyMap<number, readonly number[]> = new Map([
  [0, [1, 2, 4, 8, 16]],
  [2, [8, 16]],
  [3, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
]);

/** Whether `bytes` begin as every PNG does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, index) => bytes[index] === byte);
}

/**
 * Checks that `bytes` are one whole PNG: chunks that chain from IHDR to IEND with
 * right checksums, picture data among them, nothing behind. Does not inflate.
 *
 * @throws {FrameFormatError} when they are not.
 */
export function checkPng(
  bytes: Uint8Array,
): { width: number; height: number } {
  if (!isPng(bytes)) {
    throw new FrameFormatError("Cannot read a PNG: its signature is missing");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let size: { width: number; height: number } | undefined;
  let dataBytes = 0;
  let at = SIGNATURE.length;
  for (;;) {
    if (at + CHUNK_OVERHEAD > bytes.length) throw cutOff(bytes.length);
    const length = view.getUint32(at);
    const type = view.getUint32(at + 4);
    const end = at + CHUNK_OVERHEAD + length;
    if (end > bytes.length) throw cutOff(bytes.length);
    const sum = crc32(bytes.subarray(at + 4, end - 4));
    if (sum !== view.getUint32(end - 4)) {
      throw new FrameFormatError(
        `Cannot use a PNG: the checksum of the chunk at byte ${at} is wrong`,
      );
    }
    if (size === undefined) size = readHeader(view, at, type, length);
    else if (type === IHDR) {
      throw new FrameFormatError("Cannot use a PNG: it has two headers");
    }
    if (type === IDAT) dataBytes += length;
    at = end;
    if (type === IEND) break;
  }
  if (dataBytes === 0) {
    throw new FrameFormatError("Cannot use a PNG: it has no picture data");
  }
  if (at !== bytes.length) {
    throw new FrameFormatError(
      `Cannot use a PNG: ${bytes.length - at} bytes follow its end`,
    );
  }
  return size;
}

function readHeader(
  view: DataView,
  at: number,
  type: number,
  length: number,
): { width: number; height: number } {
  if (type !== IHDR || length !== IHDR_BYTES) {
    throw new FrameFormatError("Cannot use a PNG: it does not begin with IHDR");
  }
  const width = view.getUint32(at + 8);
  const height = view.getUint32(at + 12);
  const depth = view.getUint8(at + 16);
  const colour = view.getUint8(at + 17);
  if (!DEPTHS.get(colour)?.includes(depth)) {
    throw new FrameFormatError(
      `Cannot use a PNG: colour type ${colour} has no ${depth} bits`,
    );
  }
  return { width, height };
}

function cutOff(length: number): FrameFormatError {
  return new FrameFormatError(
    `Cannot read a PNG: it ends after ${length} bytes without IEND`,
  );
}
