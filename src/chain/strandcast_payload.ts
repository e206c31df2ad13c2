/**
 * What the chunks of a StrandCast frame carry: the frame as a JPEG or a
 * pickle, under zlib, in hexadecimal or base64.
 *
 * @module
 */

import { deflateSync, inflateSync } from "node:zlib";
import { ChainProtocolError } from "./chain_error.ts";
import { extractJpeg, PICKLE_OVERHEAD_BYTES, pickleJpeg } from "./pickle.ts";

/** zlib's own default, and the original's. */
const DEFAULT_ZLIB_LEVEL = 6;

/** How bytes are written as text. */
export type DataEncoding = "hex" | "base64";

/** How to pack a frame. */
export interface PackOptions {
  /** The JPEG itself (default) or a pickled numpy array of it. */
  readonly payload?: "jpeg" | "pickle";
  /** 0 to 9; 6 by default. */
  readonly zlibLevel?: number;
}

/** The bytes that are then cut into chunks. */
export function packStrandcastFrame(
  jpeg: Uint8Array,
  options: PackOptions,
): Uint8Array {
  const payload = options.payload === "pickle" ? pickleJpeg(jpeg) : jpeg;
  const level = options.zlibLevel ?? DEFAULT_ZLIB_LEVEL;
  return deflateSync(payload, { level });
}

/** Bytes as text. */
export function encodeText(bytes: Uint8Array, encoding: DataEncoding): string {
  return encoding === "hex" ? bytes.toHex() : bytes.toBase64();
}

/**
 * How a frame's chunks are written, by the first of them. A zlib stream
 * (RFC 1950) begins with a byte `78`, or `08` to `68` for smaller windows: in
 * hexadecimal that is a digit, in base64 a letter. Later chunks say nothing: "abcd" is both.
 */
function encodingOf(firstChunk: string): DataEncoding {
  return /^[0-7]8/.test(firstChunk) ? "hex" : "base64";
}

/**
 * Puts a frame's chunks together and unpacks them: text, zlib, pickle. Gives
 * the JPEG, which is at most `maxFrameBytes` long; however well a stranger's
 * bytes compress, no more than that (and twice that for old pickles) is unpacked.
 *
 * @throws {ChainProtocolError} `bad-data`, `too-large`, `bad-pickle` or `no-jpeg`.
 */
export function unpackStrandcastFrame(
  chunks: readonly string[],
  maxFrameBytes: number,
): Uint8Array {
  const packed = joinChunks(chunks);
  let payload: Uint8Array;
  try {
    const { buffer, byteOffset, length } = inflateSync(packed, {
      maxOutputLength: 2 * maxFrameBytes + PICKLE_OVERHEAD_BYTES,
    });
    // A plain view: what a Buffer calls a slice is no copy.
    payload = new Uint8Array(buffer, byteOffset, length);
  } catch (cause) {
    const bomb = cause instanceof RangeError;
    throw new ChainProtocolError(
      bomb ? "too-large" : "bad-data",
      bomb
        ? `Cannot unpack the frame: it is larger than ${maxFrameBytes} bytes`
        : "Cannot unpack the frame: its zlib stream is broken",
      { cause },
    );
  }
  const jpeg = extractJpeg(payload);
  if (jpeg.length > maxFrameBytes) {
    throw new ChainProtocolError(
      "too-large",
      `Cannot take a frame of ${jpeg.length} bytes: the limit is ${maxFrameBytes}`,
    );
  }
  return jpeg;
}

function joinChunks(chunks: readonly string[]): Uint8Array {
  const encoding = encodingOf(chunks[0] ?? "");
  const textLength = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const room = encoding === "hex" ? textLength / 2 : textLength * 3 / 4;
  const packed = new Uint8Array(Math.ceil(room));
  let length = 0;
  for (const chunk of chunks) {
    const target = packed.subarray(length);
    try {
      const { read, written } = encoding === "hex"
        ? target.setFromHex(chunk)
        : target.setFromBase64(chunk);
      // Never so for what an encoder wrote: the room fits every text.
      if (read < chunk.length) {
        throw new RangeError(
          `Cannot decode a chunk: ${written} of its bytes fit`,
        );
      }
      length += written;
    } catch (cause) {
      throw new ChainProtocolError(
        "bad-data",
        `Cannot unpack the frame: a chunk is not ${encoding}`,
        { cause },
      );
    }
  }
  return packed.subarray(0, length);
}
