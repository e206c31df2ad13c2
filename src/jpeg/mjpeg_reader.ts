/**
 * Motion JPEG streams: frames out of bytes, whatever container they are in.
 *
 * @module
 */

import { ReceiveBuffer } from "../bytes/mod.ts";
import {
  type FrameLocator,
  type FrameSpan,
  MAX_FRAME_BYTES,
} from "./frame_locator.ts";
import { Marker } from "./markers.ts";
import { MjpegError, type MjpegWarning } from "./mjpeg_error.ts";
import {
  AsciiLocator,
  BinaryLocator,
  LENGTH_PREFIX_BYTES,
  MultipartLocator,
} from "./prefixed_locator.ts";
import { RawLocator } from "./raw_locator.ts";

/** The three containers of MJPEG files. */
export type MjpegContainer = "ascii" | "binary" | "raw";

/** A file container, or ffmpeg's `-f mpjpeg` and what IP cameras send. */
export type MjpegFraming = MjpegContainer | "multipart";

/** How many bytes {@linkcode detectContainer} wants to see. */
export const DETECT_BYTES: number = LENGTH_PREFIX_BYTES + 2;

/**
 * Most bytes a reader holds: a frame that is not complete, and a push on top.
 * Take all frames out before the next push and it is never reached.
 */
export const MAX_BUFFERED_BYTES = 2 * MAX_FRAME_BYTES;

/**
 * Tells the container by the first {@linkcode DETECT_BYTES} bytes of a file.
 * `undefined`: none of the three (or fewer bytes); let ffmpeg read it.
 */
export function detectContainer(
  bytes: Uint8Array,
): MjpegContainer | undefined {
  if (bytes.length < DETECT_BYTES) return undefined;
  if (isStart(bytes, 0)) return "raw";
  if (!isStart(bytes, LENGTH_PREFIX_BYTES)) return undefined;
  const prefix = bytes.subarray(0, LENGTH_PREFIX_BYTES);
  if (prefix.every((byte) => byte >= 0x30 && byte <= 0x39)) return "ascii";
  const length = prefix.reduce((sum, byte) => sum * 256 + byte, 0);
  return length <= MAX_FRAME_BYTES ? "binary" : undefined;
}

function isStart(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xff && bytes[at + 1] === Marker.SOI;
}

/** Takes a stream apart into frames: push what came, then call next until it is undefined. */
export class MjpegReader {
  readonly #locator: FrameLocator;
  readonly #buffer = new ReceiveBuffer(MAX_BUFFERED_BYTES);
  /** Offset in the stream of the buffer's first byte. */
  #start = 0;

  /** Reads a stream that begins with a frame (or its prefix or boundary). */
  constructor(framing: MjpegFraming) {
    this.#locator = createLocator(framing);
  }

  /**
   * Adds a copy of the stream's next bytes.
   *
   * @throws {MjpegError} `buffer-full` when frames were not taken out.
   */
  push(bytes: Uint8Array): void {
    if (this.#buffer.length + bytes.length > MAX_BUFFERED_BYTES) {
      throw new MjpegError(
        "buffer-full",
        `Cannot buffer ${bytes.length} more bytes: ${this.#buffer.length} are unread, the limit is ${MAX_BUFFERED_BYTES}`,
      );
    }
    this.#buffer.push(bytes);
  }

  /**
   * The next frame, a copy of its own; `undefined` when it needs more bytes.
   * That the frame is a sound JPEG is not checked, only where it ends.
   *
   * @throws {MjpegError} when the stream is out of step; the reader is of no
   * use from then on.
   */
  next(): Uint8Array<ArrayBuffer> | undefined {
    const span = this.#locator.locate(this.#buffer.peek(), this.#start);
    const needed = span?.offset ?? this.#locator.neededFrom;
    this.#buffer.discard(needed - this.#start);
    this.#start = needed;
    if (span === undefined) return undefined;
    this.#start += span.length;
    return this.#buffer.take(span.length);
  }

  /** No more bytes will come; a frame that is not complete becomes a warning. */
  end(): void {
    this.#locator.end();
  }

  /** What was dropped since the last call. */
  takeWarnings(): MjpegWarning[] {
    return this.#locator.takeWarnings();
  }
}

/**
 * Finds where the frames of a seekable file are, without keeping the file.
 *
 * Read from the start and push; when {@linkcode skippable} says so, a caller
 * may seek over that many bytes and call {@linkcode skip} instead of reading
 * them: a file with length prefixes is indexed by a few bytes a frame.
 */
export class MjpegIndexer {
  readonly #locator: FrameLocator;

  /** For a file that begins with a frame or its prefix. */
  constructor(container: MjpegContainer) {
    this.#locator = createLocator(container);
  }

  /** Bytes of the file seen or skipped so far. */
  get offset(): number {
    return this.#locator.offset;
  }

  /** How many of the next bytes may be skipped unread. */
  get skippable(): number {
    return this.#locator.skippable;
  }

  /**
   * The frames that end in the file's next bytes.
   *
   * @throws {MjpegError} when the file is out of step.
   */
  push(bytes: Uint8Array): FrameSpan[] {
    const start = this.#locator.offset;
    const spans: FrameSpan[] = [];
    for (;;) {
      const span = this.#locator.locate(bytes, start);
      if (span === undefined) return spans;
      spans.push(span);
    }
  }

  /**
   * Steps over `count` bytes that exist in the file; the frame that ends with
   * them, if one does.
   *
   * @throws {RangeError} for more than {@linkcode skippable}.
   */
  skip(count: number): FrameSpan | undefined {
    if (count < 0 || count > this.skippable) {
      throw new RangeError(
        `Cannot skip ${count} bytes: ${this.skippable} may be skipped`,
      );
    }
    return count === 0 ? undefined : this.#locator.skip(count);
  }

  /** The file ends here; a frame that is not complete becomes a warning. */
  end(): void {
    this.#locator.end();
  }

  /** What was dropped since the last call. */
  takeWarnings(): MjpegWarning[] {
    return this.#locator.takeWarnings();
  }
}

function createLocator(framing: MjpegFraming): FrameLocator {
  switch (framing) {
    case "ascii":
      return new AsciiLocator();
    case "binary":
      return new BinaryLocator();
    case "raw":
      return new RawLocator();
    case "multipart":
      return new MultipartLocator();
  }
}
