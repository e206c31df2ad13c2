/**
 * Entropy-coded data without its byte stuffing (ITU-T T.81, B.1.1.5, F.1.2.3).
 *
 * @module
 */

import { JpegError } from "./error.ts";
import { Marker } from "./markers.ts";

/**
 * Zero bytes after the data, so that a reader may overrun a block's end before
 * it looks at its position: a block is at most 64 symbols of 31 bits.
 */
const PADDING = 512;

/** The bits between two restart markers. */
export interface EntropySegment {
  /** First bit, counted in {@linkcode EntropyData.bytes}. */
  readonly start: number;
  /** One past the last bit, the padding ones included. */
  readonly end: number;
}

/** Scan data, ready to be read bit by bit. */
export interface EntropyData {
  /** All segments of all scans one after another, then padding. */
  readonly bytes: Uint8Array;
  /** By scan, where each segment is; one more than it has restart markers. */
  readonly scans: readonly (readonly EntropySegment[])[];
}

/**
 * Takes the stuffed zeros and the restart markers out of the ranges of `bytes`
 * from `start` to `end`, which hold no other marker.
 *
 * @throws {JpegError} `bad-entropy-data` when restart markers are not numbered
 * in turn: some data is missing then.
 */
export function unstuff(
  bytes: Uint8Array,
  ranges: readonly { readonly start: number; readonly end: number }[],
): EntropyData {
  const size = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const out = new Uint8Array(size + PADDING);
  let length = 0;
  const scans = ranges.map(({ start, end }) => {
    const segments: EntropySegment[] = [];
    let segmentStart = length;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte !== 0xff) {
        out[length++] = byte;
        continue;
      }
      while (at + 1 < end && bytes[at + 1] === 0xff) at++;
      const code = ++at < end ? bytes[at]! : 0xff;
      if (code === 0) {
        out[length++] = 0xff;
      } else if (code !== 0xff) {
        requireTurn(code, segments.length);
        segments.push({ start: segmentStart * 8, end: length * 8 });
        segmentStart = length;
      }
    }
    segments.push({ start: segmentStart * 8, end: length * 8 });
    return segments;
  });
  return { bytes: out, scans };
}

function requireTurn(code: number, turn: number): void {
  if (code === Marker.RST0 + (turn & 7)) return;
  throw new JpegError(
    "bad-entropy-data",
    `Cannot decode a scan: restart marker ${code - Marker.RST0} comes where ${
      turn & 7
    } belongs`,
  );
}
