/**
 * Motion JPEG streams: what goes around the frames.
 *
 * @module
 */

import { MjpegError } from "./mjpeg_error.ts";
import type { MjpegContainer } from "./mjpeg_reader.ts";
import { LENGTH_PREFIX_BYTES } from "./prefixed_locator.ts";
import { requireFrameLength } from "./frame_locator.ts";

/** The ascii container has five digits for a length. */
const ASCII_LENGTH_LIMIT = 10 ** LENGTH_PREFIX_BYTES;

const encoder = new TextEncoder();

/**
 * What a container has before a frame of `length` bytes: nothing (raw), five
 * digits (ascii) or five bytes (binary). The frame follows unchanged.
 *
 * @throws {MjpegError} `frame-too-large` for 100,000 bytes or more in ascii,
 * or more than `MAX_FRAME_BYTES` in any; `bad-length` for fewer than four.
 */
export function encodeMjpegPrefix(
  container: MjpegContainer,
  length: number,
): Uint8Array<ArrayBuffer> {
  requireFrameLength(length);
  switch (container) {
    case "raw":
      return new Uint8Array(0);
    case "ascii":
      if (length >= ASCII_LENGTH_LIMIT) {
        throw new MjpegError(
          "frame-too-large",
          `Cannot write a frame of ${length} bytes with five digits: it must be below ${ASCII_LENGTH_LIMIT}. Use the binary container or a lower quality`,
        );
      }
      return encoder.encode(
        String(length).padStart(LENGTH_PREFIX_BYTES, "0"),
      );
    case "binary": {
      const prefix = new Uint8Array(LENGTH_PREFIX_BYTES);
      new DataView(prefix.buffer).setUint32(1, length);
      return prefix;
    }
  }
}

/**
 * A frame with what its container has before it, in one piece.
 *
 * @throws {MjpegError} as {@linkcode encodeMjpegPrefix}.
 */
export function encodeMjpegFrame(
  container: MjpegContainer,
  jpeg: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const prefix = encodeMjpegPrefix(container, jpeg.length);
  const frame = new Uint8Array(prefix.length + jpeg.length);
  frame.set(prefix);
  frame.set(jpeg, prefix.length);
  return frame;
}

/** Value of the Content-Type header of a MJPEG stream over HTTP. */
export function multipartContentType(boundary: string): string {
  return `multipart/x-mixed-replace; boundary=${boundary}`;
}

/** What a MJPEG stream over HTTP begins with. */
export function encodeMultipartStart(
  boundary: string,
): Uint8Array<ArrayBuffer> {
  return encoder.encode(`--${boundary}\r\n`);
}

/**
 * One frame of a MJPEG stream over HTTP, from its headers to the boundary of
 * the next: browsers show a part when the boundary after it arrives, so it
 * must not wait for the next frame. `headers` are more header lines, such as
 * `X-Timestamp`.
 *
 * @throws {MjpegError} as {@linkcode encodeMjpegPrefix} for raw.
 */
export function encodeMultipartPart(
  jpeg: Uint8Array,
  boundary: string,
  headers: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  requireFrameLength(jpeg.length);
  const lines = Object.entries(headers).map(([name, value]) =>
    `${name}: ${value}\r\n`
  );
  const head = encoder.encode(
    `Content-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n${
      lines.join("")
    }\r\n`,
  );
  const tail = encoder.encode(`\r\n--${boundary}\r\n`);
  const part = new Uint8Array(head.length + jpeg.length + tail.length);
  part.set(head);
  part.set(jpeg, head.length);
  part.set(tail, head.length + jpeg.length);
  return part;
}
