/**
 * The spool: an append-only file of frames that is its own index.
 *
 * Each frame is a record. What a crash cuts off is recognised by its checksums,
 * so the file holds at any time every frame that was acknowledged, and perhaps
 * a torn record behind them.
 *
 * ```text
 *   0                   4    5    6         8
 *   | magic "RFSP"      | 1  |kind| 0       |   kind: 1 JPEG, 2 PNG, 3 raw
 *   | frame number (u64)                    |
 *   | timestamp in seconds (f64)            |
 *   | width (u32)       | height (u32)      |
 *   | length (u32)      | crc32 of the bytes|
 *   | 0                 | crc32 of 0…43     |
 *   48 the frame's bytes …
 * ```
 *
 * Big-endian.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import type { FrameInfo, FrameKind } from "./frame_check.ts";

/** Bytes before each frame. */
export const SPOOL_HEADER_BYTES = 48;

const MAGIC = 0x52465350;
const VERSION = 1;
const CRC_OFFSET = 44;
const KINDS: readonly FrameKind[] = ["jpeg", "png", "raw"];

/** A frame on its way into the spool. */
export interface SpoolFrame extends FrameInfo {
  readonly number: number;
  /** Seconds, as the client gave it. */
  readonly timestamp: number;
  readonly bytes: Uint8Array;
}

/** Where a frame is in the spool. */
export interface SpoolEntry extends FrameInfo {
  readonly number: number;
  /** Seconds, as the client gave it. */
  readonly timestamp: number;
  /** Where its bytes begin in the file. */
  readonly offset: number;
  readonly length: number;
  /** crc32 of its bytes. */
  readonly crc: number;
}

/** Writes a frame's header into `target` at `at`; gives the crc32 of the frame's bytes. */
export function writeSpoolHeader(
  frame: SpoolFrame,
  target: Uint8Array,
  at: number,
): number {
  const view = new DataView(target.buffer, target.byteOffset + at);
  const crc = crc32(frame.bytes);
  view.setUint32(0, MAGIC);
  view.setUint8(4, VERSION);
  view.setUint8(5, KINDS.indexOf(frame.kind) + 1);
  view.setUint16(6, 0);
  view.setUint32(8, Math.floor(frame.number / 2 ** 32));
  view.setUint32(12, frame.number >>> 0);
  view.setFloat64(16, frame.timestamp);
  view.setUint32(24, frame.width);
  view.setUint32(28, frame.height);
  view.setUint32(32, frame.bytes.length);
  view.setUint32(36, crc);
  view.setUint32(40, 0);
  view.setUint32(CRC_OFFSET, crc32(target.subarray(at, at + CRC_OFFSET)));
  return crc;
}

/** Reads a header; `undefined` when these bytes are none. `offset` is where they stand in the file. */
export function readSpoolHeader(
  bytes: Uint8Array,
  offset: number,
): SpoolEntry | undefined {
  if (bytes.length < SPOOL_HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const kind = KINDS[view.getUint8(5) - 1];
  if (
    view.getUint32(0) !== MAGIC || view.getUint8(4) !== VERSION ||
    kind === undefined ||
    view.getUint32(CRC_OFFSET) !== crc32(bytes.subarray(0, CRC_OFFSET))
  ) {
    return undefined;
  }
  return {
    kind,
    number: view.getUint32(8) * 2 ** 32 + view.getUint32(12),
    timestamp: view.getFloat64(16),
    width: view.getUint32(24),
    height: view.getUint32(28),
    offset: offset + SPOOL_HEADER_BYTES,
    length: view.getUint32(32),
    crc: view.getUint32(36),
  };
}
