/**
 * Frames of every kind, small.
 *
 * @module
 */

import { crc32, deflateSync } from "node:zlib";
import { syntheticJpeg } from "../../jpeg/support/synthetic.ts";

const made = new Map<string, Uint8Array>();

/** A JPEG; the same seed gives the same one. */
export function testJpeg(seed = 1, width = 32, height = 16): Uint8Array {
  const key = `${seed} ${width} ${height}`;
  const jpeg = made.get(key) ?? syntheticJpeg({ seed, width, height });
  made.set(key, jpeg);
  return jpeg;
}

/** A PNG chunk with a right checksum. */
export function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** The eight bytes that every PNG begins with. */
export const PNG_SIGNATURE: Uint8Array = Uint8Array.of(
  ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
);

/** IHDR of an RGB picture with 8 bits. */
export function pngHeader(width: number, height: number): Uint8Array {
  const data = new Uint8Array(13);
  const view = new DataView(data.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  data.set([8, 2, 0, 0, 0], 8);
  return pngChunk("IHDR", data);
}

/** An RGB PNG in one colour. */
export function testPng(width = 32, height = 16, grey = 128): Uint8Array {
  const rows = new Uint8Array(height * (1 + width * 3)).fill(grey);
  for (let row = 0; row < height; row++) rows[row * (1 + width * 3)] = 0;
  return concat(
    PNG_SIGNATURE,
    pngHeader(width, height),
    pngChunk("IDAT", deflateSync(rows)),
    pngChunk("IEND", new Uint8Array()),
  );
}

/** BGR pixels in one colour. */
export function testPixels(width = 32, height = 16, grey = 128): Uint8Array {
  return new Uint8Array(width * height * 3).fill(grey);
}

/** All bytes one after another. */
export function concat(
  ...parts: readonly Uint8Array[]
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
