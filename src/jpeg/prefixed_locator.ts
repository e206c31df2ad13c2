/**
 * Finds frames that have their length before them.
 *
 *     ascii      30 31 30 35 32  FF D8 …                 five decimal digits
 *     binary     00 00 00 2E A8  FF D8 …                 five bytes, big-endian
 *     multipart  --name CRLF { header CRLF } CRLF  FF D8 …  CRLF
 *
 * @module
 */

import {
  FrameLocator,
  type FrameSpan,
  type LocatorStep,
  requireFrameLength,
} from "./frame_locator.ts";
import { Marker } from "./markers.ts";
import { MjpegError } from "./mjpeg_error.ts";

/** Digits or bytes of the length in the ascii and binary containers. */
export const LENGTH_PREFIX_BYTES = 5;

/**
 * Most bytes from one frame to the next in multipart: nginx and Node take 8
 * and 16 KiB for a whole request's headers.
 */
const MAX_PART_HEADER_BYTES = 8 * 1024;

/**
 * Frames with their length before them. What comes before a frame is read byte
 * by byte by `readPrefix`; the frame itself is stepped over but for its first
 * two bytes.
 */
export abstract class PrefixedLocator extends FrameLocator {
  #prefixStart = 0;
  #frameStart = 0;
  #frameEnd = -1;

  override get neededFrom(): number {
    return this.#frameEnd < 0 ? this.offset : this.#frameStart;
  }

  override get skippable(): number {
    return this.#frameEnd >= 0 && this.offset >= this.#frameStart + 2
      ? this.#frameEnd - this.offset
      : 0;
  }

  protected override get unfinishedFrom(): number {
    return this.#prefixStart;
  }

  /**
   * Takes one byte of the prefix; the frame's length when it was the last.
   * `"between"` when what was read so far belongs to no frame.
   *
   * @throws {MjpegError}
   */
  protected abstract readPrefix(byte: number): number | "between" | undefined;

  protected override step(bytes: Uint8Array, at: number): LocatorStep {
    if (this.#frameEnd < 0) {
      this.#startFrame(this.readPrefix(bytes[at]!));
      return { next: at + 1 };
    }
    const index = this.offset - this.#frameStart;
    if (index < 2) {
      if (bytes[at] !== (index === 0 ? 0xff : Marker.SOI)) {
        throw new MjpegError(
          "not-a-jpeg",
          `Cannot read a frame at byte ${this.#frameStart}: it does not begin with FFD8`,
        );
      }
      return { next: at + 1 };
    }
    const count = Math.min(this.skippable, bytes.length - at);
    return { next: at + count, span: this.stepOver(count) };
  }

  protected override stepOver(count: number): FrameSpan | undefined {
    const end = this.#frameEnd;
    if (this.offset + count < end) return undefined;
    this.#frameEnd = -1;
    this.#prefixStart = end;
    return { offset: this.#frameStart, length: end - this.#frameStart };
  }

  #startFrame(length: number | "between" | undefined): void {
    const next = this.offset + 1;
    if (length === "between") {
      this.#prefixStart = next;
    } else if (length !== undefined) {
      this.#frameStart = next;
      this.#frameEnd = next + requireFrameLength(length);
    }
  }
}

/** Five ASCII digits before each frame (the teaching lab's movie files). */
export class AsciiLocator extends PrefixedLocator {
  #length = 0;
  #digits = 0;

  protected override readPrefix(byte: number): number | undefined {
    const digit = byte - 0x30;
    if (digit < 0 || digit > 9) {
      throw new MjpegError(
        "bad-length",
        `Cannot read the length of a frame at byte ${this.offset}: ${
          JSON.stringify(String.fromCharCode(byte))
        } is no digit`,
      );
    }
    this.#length = this.#length * 10 + digit;
    if (++this.#digits < LENGTH_PREFIX_BYTES) return undefined;
    const length = this.#length;
    this.#length = this.#digits = 0;
    return length;
  }
}

/** Five bytes, big-endian, before each frame. */
export class BinaryLocator extends PrefixedLocator {
  #length = 0;
  #bytes = 0;

  protected override readPrefix(byte: number): number | undefined {
    this.#length = this.#length * 256 + byte;
    if (++this.#bytes < LENGTH_PREFIX_BYTES) return undefined;
    const length = this.#length;
    this.#length = this.#bytes = 0;
    return length;
  }
}

/**
 * The parts of `multipart/x-mixed-replace` (RFC 2046 section 5.1.1), each with
 * a Content-Length, as ffmpeg's `-f mpjpeg` writes them. A line that begins
 * with two hyphens is a boundary, whatever its name.
 */
export class MultipartLocator extends PrefixedLocator {
  #line = "";
  #headerBytes = 0;
  #started = false;
  #inHeaders = false;
  #length: number | undefined;

  protected override readPrefix(byte: number): number | "between" | undefined {
    if (++this.#headerBytes > MAX_PART_HEADER_BYTES) {
      throw new MjpegError(
        "bad-part-header",
        `Cannot read the headers of a frame: more than ${MAX_PART_HEADER_BYTES} bytes`,
      );
    }
    if (byte !== 0x0a) {
      this.#line += String.fromCharCode(byte);
      return undefined;
    }
    const line = this.#line.trimEnd();
    this.#line = "";
    return this.#readLine(line);
  }

  #readLine(line: string): number | "between" | undefined {
    if (line.startsWith("--")) {
      this.#started = true;
      this.#inHeaders = false;
      this.#length = undefined;
      return "between";
    }
    if (!this.#started) return "between";
    if (line === "") return this.#endHeaders();
    const [, name, value] = /^([^\s:]+)\s*:\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new MjpegError(
        "bad-part-header",
        `Cannot read the headers of a frame: "${line.slice(0, 80)}" is none`,
      );
    }
    this.#inHeaders = true;
    if (name.toLowerCase() === "content-length" && /^\d{1,15}$/.test(value)) {
      this.#length = Number(value);
    }
    return undefined;
  }

  #endHeaders(): number | "between" {
    if (!this.#inHeaders) return "between";
    const length = this.#length;
    if (length === undefined) {
      throw new MjpegError(
        "bad-part-header",
        "Cannot read a frame: its headers have no Content-Length",
      );
    }
    this.#inHeaders = false;
    this.#headerBytes = 0;
    this.#length = undefined;
    return length;
  }
}
