/**
 * A complete JPEG file from what RFC 2435 carries.
 *
 * @module
 */

import { JpegError } from "./error.ts";
import { findScanEnd, Marker } from "./markers.ts";
import { standardHuffmanSegment } from "./standard_tables.ts";

/** The parts of a frame, as {@linkcode buildJpeg} takes them. */
export interface JpegParts {
  /** RFC 2435 type: 0 is 4:2:2, 1 is 4:2:0; 64 more with restart markers. */
  readonly type: number;
  /** Width in pixels, 1–65535. */
  readonly width: number;
  /** Height in pixels, 1–65535. */
  readonly height: number;
  /**
   * Luma and chroma table in zigzag order, 64 bytes each, or 128 when the
   * values have 16 bits.
   */
  readonly qTables: readonly [Uint8Array, Uint8Array];
  /** MCUs between restart markers; 0 is none. */
  readonly restartInterval: number;
  /** Entropy-coded data, with or without EOI. */
  readonly scan: Uint8Array;
}

/** APP0 "JFIF" 1.02, pixels square, no thumbnail: colours are YCbCr for sure. */
const JFIF = [
  ...[0xff, Marker.APP0, 0, 16],
  ...[0x4a, 0x46, 0x49, 0x46, 0, 1, 2, 0, 0, 1, 0, 1, 0, 0],
];

/** SOS of components 1, 2, 3 with tables 0, 1, 1. */
const SCAN_HEADER = [
  ...[0xff, Marker.SOS, 0, 12, 3],
  ...[1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0],
];

/** Types below this are defined; bit 6 marks restart intervals (section 3.1.3). */
const RESTART_BIT = 64;

/**
 * Builds a JFIF file with the standard Huffman tables (RFC 2435 appendix B,
 * with the JFIF marker and component numbers 1–3 that viewers expect). Adds
 * EOI where the scan lacks it.
 *
 * @throws {JpegError} `unsupported` for a type that is not 0, 1, 64 or 65;
 * `zero-dimension`; `bad-quantisation-table` for a table of another length;
 * `no-scan` for an empty scan.
 */
export function buildJpeg(parts: JpegParts): Uint8Array<ArrayBuffer> {
  const { width, height, qTables, restartInterval, scan } = parts;
  const subtype = checkParts(parts);
  const wide = qTables.some((table) => table.length > 64);
  const head = [
    ...[0xff, Marker.SOI],
    ...JFIF,
    ...quantSegment(0, qTables[0]),
    ...quantSegment(1, qTables[1]),
    ...(restartInterval > 0
      ? [0xff, Marker.DRI, 0, 4, ...uint16(restartInterval)]
      : []),
    ...[0xff, wide ? Marker.SOF1 : Marker.SOF0, 0, 17, 8],
    ...uint16(height),
    ...uint16(width),
    ...[3, 1, subtype === 0 ? 0x21 : 0x22, 0, 2, 0x11, 1, 3, 0x11, 1],
  ];
  const huffman = standardHuffmanSegment();
  const complete = endsWithEoi(scan);
  const dataAt = head.length + huffman.length + SCAN_HEADER.length;
  const file = new Uint8Array(dataAt + scan.length + (complete ? 0 : 2));
  file.set(head);
  file.set(huffman, head.length);
  file.set(SCAN_HEADER, dataAt - SCAN_HEADER.length);
  file.set(scan, dataAt);
  if (!complete) file.set([0xff, Marker.EOI], dataAt + scan.length);
  return file;
}

/**
 * Checks that {@linkcode buildJpeg} makes a sound file of the parts, without
 * making it: for pictures that perhaps nobody asks for.
 *
 * @throws {JpegError} as {@linkcode buildJpeg}, and where a marker stands
 * within the scan.
 */
export function checkJpegParts(parts: JpegParts): void {
  checkParts(parts);
  const { scan } = parts;
  let end = findScanEnd(scan, 0);
  const isOpen = end < 0;
  // Any number of FF may stand before a marker's code (T.81 section B.1.1.2).
  if (isOpen) { for (end = scan.length; scan[end - 1] === 0xff; end--); }
  if (end === 0) {
    throw new JpegError("no-scan", "Cannot build a JPEG: its scan is empty");
  }
  if (isOpen) return;
  let at = end;
  while (scan[at] === 0xff) at++;
  if (at !== scan.length - 1 || scan[at] !== Marker.EOI) {
    throw new JpegError(
      "trailing-data",
      `Cannot build a JPEG: its scan ends at ${end} of ${scan.length} bytes`,
    );
  }
}

function endsWithEoi(scan: Uint8Array): boolean {
  return scan.at(-2) === 0xff && scan.at(-1) === Marker.EOI;
}

/** Whether the parts can be written down; gives the type without its restart bit. */
function checkParts(
  { type, width, height, qTables, scan }: JpegParts,
): number {
  const subtype = type & ~RESTART_BIT;
  if (subtype !== 0 && subtype !== 1) {
    throw new JpegError(
      "unsupported",
      `Cannot build a JPEG of RFC 2435 type ${type}: 0, 1, 64 and 65 are known`,
    );
  }
  if (!isDimension(width) || !isDimension(height)) {
    throw new JpegError(
      "zero-dimension",
      `Cannot build a JPEG of ${width} × ${height} pixels`,
    );
  }
  if (scan.length === 0) {
    throw new JpegError("no-scan", "Cannot build a JPEG: its scan is empty");
  }
  for (const [id, { length }] of qTables.entries()) {
    if (length === 64 || length === 128) continue;
    throw new JpegError(
      "bad-quantisation-table",
      `Cannot build a JPEG: quantisation table ${id} has ${length} bytes, not 64 or 128`,
    );
  }
  return subtype;
}

function quantSegment(id: number, values: Uint8Array): number[] {
  const precision = values.length === 64 ? 0 : 0x10;
  const size = uint16(values.length + 3);
  return [0xff, Marker.DQT, ...size, precision | id, ...values];
}

function uint16(value: number): [number, number] {
  return [(value >> 8) & 255, value & 255];
}

function isDimension(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= 0xffff;
}
