/**
 * Raw frames: BGR bytes behind twelve of header, all little-endian.
 *
 * ```text
 *  0        4        8        12
 *  | height | width  |channels| B G R B G R … rows from top to bottom
 * ```
 *
 * @module
 */

import { ByteReader, ByteWriter } from "../bytes/mod.ts";
import { FrameFormatError } from "./frame_error.ts";

/** Bytes of the header. */
export const RAW_HEADER_BYTES = 12;

/** Blue, green, red. */
const CHANNELS = 3;

/** A raw frame, taken apart. */
export interface RawFrame {
  readonly width: number;
  readonly height: number;
  /** Where the pixels begin: behind the header, or at 0 when there is none. */
  readonly offset: number;
}

/**
 * Reads a raw frame. The header may be missing when the length is exactly
 * that of the session's picture.
 *
 * @throws {FrameFormatError} when length and size do not fit.
 */
export function parseRawFrame(
  bytes: Uint8Array,
  session: { readonly width: number; readonly height: number },
): RawFrame {
  if (bytes.length === session.width * session.height * CHANNELS) {
    return { width: session.width, height: session.height, offset: 0 };
  }
  if (bytes.length < RAW_HEADER_BYTES) {
    throw new FrameFormatError(
      `Cannot read a raw frame of ${bytes.length} bytes: its header has ${RAW_HEADER_BYTES}`,
    );
  }
  const reader = new ByteReader(bytes);
  const height = reader.uint32le();
  const width = reader.uint32le();
  const channels = reader.uint32le();
  if (channels !== CHANNELS) {
    throw new FrameFormatError(
      `Cannot use a raw frame of ${channels} channels: BGR has ${CHANNELS}`,
    );
  }
  if (
    width === 0 || height === 0 ||
    reader.remaining !== width * height * CHANNELS
  ) {
    throw new FrameFormatError(
      `Cannot use a raw frame of ${width} × ${height} pixels: ${reader.remaining} bytes follow its header`,
    );
  }
  return { width, height, offset: RAW_HEADER_BYTES };
}

/** A raw frame with its header; `pixels` are BGR rows from top to bottom. */
export function encodeRawFrame(
  width: number,
  height: number,
  pixels: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return new ByteWriter(RAW_HEADER_BYTES + pixels.length)
    .uint32le(height).uint32le(width).uint32le(CHANNELS).bytes(pixels).finish();
}
