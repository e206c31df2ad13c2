/**
 * Finds frames in JPEGs that stand one after another with nothing between.
 *
 * @module
 */

import {
  FrameLocator,
  type LocatorStep,
  MAX_FRAME_BYTES,
} from "./frame_locator.ts";
import { findScanEnd, isRestartMarker, Marker } from "./markers.ts";
import { MjpegError } from "./mjpeg_error.ts";

/** Where in a JPEG, or between two, the next byte is. */
type RawState =
  /** Before a frame's first FF. */
  | "between"
  /** After the FF that may be SOI's. */
  | "start"
  /** Where a marker's FF must be. */
  | "marker"
  /** After a marker's FF. */
  | "code"
  | "length-high"
  | "length-low"
  /** In a segment's parameters. */
  | "segment"
  /** In entropy-coded data. */
  | "scan"
  /** After a FF in entropy-coded data. */
  | "scan-code";

/**
 * Follows the markers from SOI to EOI (ITU-T T.81, Annex B), because FF D9 also
 * ends the thumbnail inside an EXIF segment and may stand in any other.
 *
 * A frame that is interrupted by the next SOI, or by something that is no
 * marker, is dropped with a warning, and so is what lies between frames.
 */
export class RawLocator extends FrameLocator {
  #state: RawState = "between";
  #frameStart = 0;
  #marker = 0;
  #left = 0;

  override get neededFrom(): number {
    return this.#state === "between" ? this.offset : this.#frameStart;
  }

  override get skippable(): number {
    return this.#state === "segment" ? this.#left : 0;
  }

  protected override get unfinishedFrom(): number {
    return this.neededFrom;
  }

  protected override stepOver(count: number): undefined {
    this.#left -= count;
    if (this.#left === 0) this.#endSegment();
  }

  protected override step(bytes: Uint8Array, at: number): LocatorStep {
    if (this.offset - this.#frameStart >= MAX_FRAME_BYTES) {
      this.#requireBetween();
    }
    const byte = bytes[at]!;
    switch (this.#state) {
      case "between":
        return this.#findStart(bytes, at);
      case "start":
        this.#readStart(byte);
        break;
      case "marker":
        if (byte === 0xff) this.#state = "code";
        else return this.#abandon(at);
        break;
      case "code":
        return this.#readCode(byte, at);
      case "length-high":
        this.#left = byte << 8;
        this.#state = "length-low";
        break;
      case "length-low":
        this.#left += byte - 2;
        if (this.#left < 0) return this.#abandon(at);
        this.#state = "segment";
        if (this.#left === 0) this.#endSegment();
        break;
      case "segment": {
        const count = Math.min(this.#left, bytes.length - at);
        this.stepOver(count);
        return { next: at + count };
      }
      case "scan":
        return this.#readScan(bytes, at);
      case "scan-code":
        if (byte === 0xff) break;
        if (byte !== 0 && !isRestartMarker(byte)) {
          return this.#readCode(byte, at);
        }
        this.#state = "scan";
        break;
    }
    return { next: at + 1 };
  }

  #requireBetween(): void {
    if (this.#state === "between") return;
    throw new MjpegError(
      "frame-too-large",
      `Cannot read the frame at byte ${this.#frameStart}: it has no end within ${MAX_FRAME_BYTES} bytes`,
    );
  }

  #findStart(bytes: Uint8Array, at: number): LocatorStep {
    const found = bytes.indexOf(0xff, at);
    const end = found < 0 ? bytes.length : found;
    if (end > at) this.warn("skipped-bytes", this.offset, end - at);
    if (found < 0) return { next: end };
    this.#frameStart = this.offset + found - at;
    this.#state = "start";
    return { next: found + 1 };
  }

  #readStart(byte: number): void {
    if (byte === Marker.SOI) {
      this.#state = "marker";
    } else if (byte === 0xff) {
      this.warn("skipped-bytes", this.#frameStart, 1);
      this.#frameStart = this.offset;
    } else {
      this.warn("skipped-bytes", this.#frameStart, 2);
      this.#state = "between";
    }
  }

  #readCode(byte: number, at: number): LocatorStep {
    if (byte === 0xff) return { next: at + 1 };
    if (byte === Marker.EOI) {
      this.#state = "between";
      const offset = this.#frameStart;
      const length = this.offset + 1 - offset;
      return { next: at + 1, span: { offset, length } };
    }
    if (byte === Marker.SOI) {
      const restart = this.offset - 1;
      this.warn(
        "truncated-frame",
        this.#frameStart,
        restart - this.#frameStart,
      );
      this.#frameStart = restart;
      this.#state = "marker";
      return { next: at + 1 };
    }
    if (byte < Marker.SOF0 || isRestartMarker(byte)) return this.#abandon(at);
    this.#marker = byte;
    this.#state = "length-high";
    return { next: at + 1 };
  }

  #readScan(bytes: Uint8Array, at: number): LocatorStep {
    const end = findScanEnd(bytes, at);
    if (end >= 0) {
      this.#state = "code";
      return { next: end + 1 };
    }
    if (bytes.at(-1) === 0xff) this.#state = "scan-code";
    return { next: bytes.length };
  }

  #endSegment(): void {
    this.#state = this.#marker === Marker.SOS ? "scan" : "marker";
  }

  /** The frame makes no sense at byte `at`: look for the next from there. */
  #abandon(at: number): LocatorStep {
    const dropped = this.offset + 1 - this.#frameStart;
    this.warn("truncated-frame", this.#frameStart, dropped);
    this.#state = "between";
    return { next: at + 1 };
  }
}
