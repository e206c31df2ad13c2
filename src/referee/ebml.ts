/**
 * Writing EBML (RFC 8794), the binary XML under Matroska.
 *
 * ```text
 *  element = id (1–4 bytes) size (1–8 bytes) data
 *  size: the leading one bit says how many bytes it has; 0x80 | n up to 126
 * ```
 *
 * @module
 */

import { ByteWriter } from "../bytes/mod.ts";

/** Bytes of an element, ready to stand in a parent. */
export type Ebml = Uint8Array<ArrayBuffer>;

/** An element whose data is `parts`, one after the other. */
export function element(id: number, ...parts: readonly Uint8Array[]): Ebml {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const writer = new ByteWriter(size + 12);
  writer.bytes(idBytes(id)).bytes(sizeBytes(size));
  for (const part of parts) writer.bytes(part);
  return writer.finish();
}

/** An unsigned integer in `bytes` bytes, or as few as it needs. */
export function uint(id: number, value: number, bytes?: number): Ebml {
  const digits: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) {
    digits.unshift(rest % 256);
  }
  const width = bytes ?? Math.max(1, digits.length);
  while (digits.length < width) digits.unshift(0);
  return element(id, Uint8Array.from(digits));
}

/** A floating-point number of eight bytes. */
export function float(id: number, value: number): Ebml {
  const data = new Uint8Array(8);
  new DataView(data.buffer).setFloat64(0, value);
  return element(id, data);
}

/** A text. */
export function text(id: number, value: string): Ebml {
  return element(id, new TextEncoder().encode(value));
}

/** An id as it stands in the file. */
export function idBytes(id: number): Ebml {
  const bytes: number[] = [];
  for (let rest = id; rest > 0; rest = Math.floor(rest / 256)) {
    bytes.unshift(rest % 256);
  }
  return Uint8Array.from(bytes);
}

/** A size in `width` bytes, or in as few as it needs. */
export function sizeBytes(size: number, width?: number): Ebml {
  let bytes = width ?? 1;
  // All ones mean "unknown" and are no size.
  while (width === undefined && size >= 2 ** (7 * bytes) - 1) bytes++;
  const data = new Uint8Array(bytes);
  let rest = size;
  for (let at = bytes - 1; at >= 0; at--) {
    data[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  data[0]! |= 0x80 >> (bytes - 1);
  return data;
}
