/**
 * Finds frames in a stream of bytes without keeping the bytes.
 *
 * @module
 */

import { MAX_JPEG_BYTES } from "./error.ts";
import { MjpegError, type MjpegWarning } from "./mjpeg_error.ts";

/** Largest frame of any container, in bytes; see {@linkcode MAX_JPEG_BYTES}. */
export const MAX_FRAME_BYTES: number = MAX_JPEG_BYTES;

/** Smallest frame that is let pass: SOI and EOI. */
const MIN_FRAME_BYTES = 4;

/** Warnings kept until they are taken; later ones are dropped. */
const MAX_WARNINGS = 100;

/** Where a frame's JPEG is in the stream. */
export interface FrameSpan {
  /** Offset of its first byte, length prefix and headers not counted. */
  readonly offset: number;
  /** Its length in bytes. */
  readonly length: number;
}

/** What one look brought. */
export interface LocatorStep {
  /** Index of the byte to look at next. */
  readonly next: number;
  /** The frame that ends before it. */
  readonly span?: FrameSpan | undefined;
}

/** Looks at a stream's bytes once, in order, and says where frames are. */
export abstract class FrameLocator {
  #offset = 0;
  #warnings: MjpegWarning[] = [];

  /** Offset of the byte that is looked at next. */
  get offset(): number {
    return this.#offset;
  }

  /** First byte that may be part of the next frame: nobody needs those before. */
  abstract get neededFrom(): number;

  /**
   * How many of the next bytes need not be looked at: a caller that can seek
   * may {@linkcode skip} them.
   */
  abstract get skippable(): number;

  /**
   * Looks at `bytes`, which begin at offset `start` of the stream, from
   * {@linkcode offset} on: up to the end of a frame, or of the bytes.
   *
   * @throws {MjpegError}
   */
  locate(bytes: Uint8Array, start: number): FrameSpan | undefined {
    while (this.#offset < start + bytes.length) {
      const { next, span } = this.step(bytes, this.#offset - start);
      this.#offset = start + next;
      if (span !== undefined) return span;
    }
    return undefined;
  }

  /** Steps over `count` bytes unseen, at most {@linkcode skippable}. */
  skip(count: number): FrameSpan | undefined {
    const span = this.stepOver(count);
    this.#offset += count;
    return span;
  }

  /** There are no more bytes: an unfinished frame becomes a warning. */
  end(): void {
    const from = this.unfinishedFrom;
    if (from < this.#offset) {
      this.warn("truncated-frame", from, this.#offset - from);
    }
  }

  /** The warnings since the last call. */
  takeWarnings(): MjpegWarning[] {
    const taken = this.#warnings;
    this.#warnings = [];
    return taken;
  }

  /** Looks at one piece from index `at`, at least one byte of it. */
  protected abstract step(bytes: Uint8Array, at: number): LocatorStep;

  /** Does what `step` would after `count` bytes it need not see. */
  protected abstract stepOver(count: number): FrameSpan | undefined;

  /** First byte of the unfinished frame with its prefix; `offset` when there is none. */
  protected abstract get unfinishedFrom(): number;

  /** Notes a warning, joined to the last when it goes on where that ended. */
  protected warn(
    code: MjpegWarning["code"],
    offset: number,
    bytes: number,
  ): void {
    const last = this.#warnings.at(-1);
    if (
      code === "skipped-bytes" && last?.code === code &&
      last.offset + last.bytes === offset
    ) {
      this.#warnings.pop();
      this.#warnings.push({
        code,
        offset: last.offset,
        bytes: last.bytes + bytes,
      });
    } else if (this.#warnings.length < MAX_WARNINGS) {
      this.#warnings.push({ code, offset, bytes });
    }
  }
}

/**
 * Checks a frame's length.
 *
 * @throws {MjpegError} `bad-length`, `frame-too-large`.
 */
export function requireFrameLength(length: number): number {
  if (length > MAX_FRAME_BYTES) {
    throw new MjpegError(
      "frame-too-large",
      `Cannot read a frame of ${length} bytes: the limit is ${MAX_FRAME_BYTES}`,
    );
  }
  if (length < MIN_FRAME_BYTES) {
    throw new MjpegError(
      "bad-length",
      `Cannot read a frame of ${length} bytes: that is no JPEG`,
    );
  }
  return length;
}
