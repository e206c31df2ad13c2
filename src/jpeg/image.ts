/**
 * A JPEG file taken apart: headers, tables and where the scans are.
 *
 * @module
 */

import {
  duplicateFrameHeader,
  emptyScan,
  JpegError,
  noFrameHeader,
  noQuantTable,
  noScan,
} from "./error.ts";
import { type JpegFrameHeader, parseFrameHeader } from "./frame_header.ts";
import {
  isFrameHeader,
  type JpegSegment,
  Marker,
  readSegments,
} from "./markers.ts";
import { STANDARD_HUFFMAN } from "./standard_tables.ts";
import {
  type HuffmanTable,
  parseHuffmanTables,
  parseQuantTables,
  type QuantTable,
} from "./tables.ts";

/** A component's part in a scan. */
export interface JpegScanComponent {
  /** Index into {@linkcode JpegImage.components}. */
  readonly index: number;
  /** Table of its DC coefficients; `undefined` where the process needs none. */
  readonly dcTable: HuffmanTable | undefined;
  /** Table of its AC coefficients; `undefined` where the process needs none. */
  readonly acTable: HuffmanTable | undefined;
}

/** One scan with the tables that hold for it. */
export interface JpegScan {
  /** Components in the order of the scan. */
  readonly components: readonly JpegScanComponent[];
  /** MCUs between restart markers; 0 is none. */
  readonly restartInterval: number;
  /** Offset of the entropy-coded data. */
  readonly start: number;
  /** One past the entropy-coded data. */
  readonly end: number;
}

/** A parsed JPEG file. */
export interface JpegImage extends JpegFrameHeader {
  /** The file itself; offsets count in it. */
  readonly bytes: Uint8Array;
  /** Quantisation tables by number, as they stand at the end of the file. */
  readonly quantTables: ReadonlyMap<number, QuantTable>;
  /** Whether the file brings Huffman tables; without, Annex K's are used. */
  readonly huffmanTables: boolean;
  /** The scans, at least one. */
  readonly scans: readonly JpegScan[];
  /** Value of DRI, or 0. */
  readonly restartInterval: number;
  /** Adobe's colour transform (APP14): 0 RGB or CMYK, 1 YCbCr, 2 YCCK. */
  readonly adobeTransform: number | undefined;
  /** Things that are wrong but harmless, one sentence each. */
  readonly warnings: readonly string[];
}

/** What is known while walking through the file. */
interface ParseState {
  readonly bytes: Uint8Array;
  frame: JpegFrameHeader | undefined;
  readonly quantTables: Map<number, QuantTable>;
  readonly huffman: Map<string, HuffmanTable>;
  readonly scans: JpegScan[];
  readonly warnings: string[];
  restartInterval: number;
  adobeTransform: number | undefined;
}

/**
 * Parses one JPEG file. Stricter than a viewer, looser than
 * {@linkcode checkJpeg}: bytes after EOI are only a warning. EXIF, its
 * orientation and its thumbnail are stepped over unread.
 *
 * A Huffman table that the file lacks is taken from Annex K when a scan names
 * number 0 or 1, as Motion JPEG in AVI files and webcams have it.
 *
 * @throws {JpegError} with a code that says what is wrong.
 */
export function parseJpeg(bytes: Uint8Array): JpegImage {
  const state: ParseState = {
    bytes,
    frame: undefined,
    quantTables: new Map(),
    huffman: new Map(),
    scans: [],
    warnings: [],
    restartInterval: 0,
    adobeTransform: undefined,
  };
  let end = 0;
  for (const segment of readSegments(bytes)) {
    end = segment.end;
    readSegment(state, segment);
  }
  const { frame, quantTables, huffman, scans, warnings } = state;
  if (frame === undefined || scans.length === 0) {
    throw noScan();
  }
  for (const { id, quantTable } of frame.components) {
    if (frame.kind !== "lossless" && !quantTables.has(quantTable)) {
      throw noQuantTable(id, quantTable);
    }
  }
  if (isSequential(frame)) requireWholeComponents(frame, scans);
  if (end < bytes.length) {
    warnings.push(`${bytes.length - end} bytes follow the end of the JPEG`);
  }
  if (huffman.size === 0 && !frame.arithmetic) {
    warnings.push("no Huffman tables, the standard ones are used");
  }
  return {
    ...frame,
    bytes,
    quantTables,
    huffmanTables: huffman.size > 0,
    scans,
    restartInterval: state.restartInterval,
    adobeTransform: state.adobeTransform,
    warnings,
  };
}

function readSegment(state: ParseState, segment: JpegSegment): void {
  const { bytes } = state;
  const { marker, start, end } = segment;
  if (isFrameHeader(marker)) {
    if (state.frame !== undefined) throw duplicateFrameHeader();
    state.frame = parseFrameHeader(bytes, segment);
    return;
  }
  switch (marker) {
    case Marker.DQT:
      for (const table of parseQuantTables(bytes, segment)) {
        state.quantTables.set(table.id, table);
      }
      break;
    case Marker.DHT:
      for (const table of parseHuffmanTables(bytes, segment)) {
        state.huffman.set(table.kind + table.id, table);
      }
      break;
    case Marker.DRI:
      if (end - start !== 2) {
        throw new JpegError(
          "bad-restart-interval",
          `Cannot read the restart interval: it has ${end - start} bytes`,
        );
      }
      state.restartInterval = (bytes[start]! << 8) | bytes[start + 1]!;
      break;
    case Marker.APP14:
      if (isAdobe(bytes, segment)) state.adobeTransform = bytes[start + 11]!;
      break;
    case Marker.SOS:
      state.scans.push(readScan(state, segment));
      break;
  }
}

/** "Adobe", version(16), flags0(16), flags1(16), transform(8). */
function isAdobe(bytes: Uint8Array, { start, end }: JpegSegment): boolean {
  return end - start >= 12 &&
    String.fromCharCode(...bytes.subarray(start, start + 5)) === "Adobe";
}

/** SOS: Ns(8) { Cs(8) Td(4) Ta(4) } × Ns  Ss(8) Se(8) Ah(4) Al(4) (B.2.3). */
function readScan(state: ParseState, segment: JpegSegment): JpegScan {
  const { bytes, frame } = state;
  const { start, end, dataEnd } = segment;
  if (frame === undefined) throw noFrameHeader();
  if (dataEnd === end) throw emptyScan();
  const count = end > start ? bytes[start]! : 0;
  if (count < 1 || count > 4 || end - start !== 4 + 2 * count) {
    throw badScanHeader(`${count} components in ${end - start} bytes`);
  }
  const components: JpegScanComponent[] = [];
  for (let at = start + 1; at < start + 1 + 2 * count; at += 2) {
    const id = bytes[at]!;
    const index = frame.components.findIndex((each) => each.id === id);
    if (index < 0 || components.some((each) => each.index === index)) {
      throw badScanHeader(`component ${id} is unknown or there twice`);
    }
    const tables = bytes[at + 1]!;
    components.push({
      index,
      dcTable: findTable(state, frame, "dc", tables >> 4),
      acTable: findTable(state, frame, "ac", tables & 15),
    });
  }
  if (isSequential(frame)) {
    const from = bytes[end - 3]!;
    const to = bytes[end - 2]!;
    if (from !== 0 || to !== 63) {
      state.warnings.push(
        `the scan header names coefficients ${from} to ${to}, not 0 to 63`,
      );
    }
  }
  return {
    components,
    restartInterval: state.restartInterval,
    start: end,
    end: dataEnd,
  };
}

function findTable(
  state: ParseState,
  frame: JpegFrameHeader,
  kind: "dc" | "ac",
  id: number,
): HuffmanTable | undefined {
  if (frame.arithmetic) return undefined;
  const table = state.huffman.get(kind + id) ?? STANDARD_HUFFMAN[kind][id];
  if (table === undefined && isSequential(frame)) {
    throw new JpegError(
      "no-huffman-table",
      `Cannot use a JPEG: its ${kind} Huffman table ${id} is missing`,
    );
  }
  return table;
}

/** Whether every scan codes whole blocks with a DC and an AC table. */
function isSequential(frame: JpegFrameHeader): boolean {
  return !frame.arithmetic &&
    (frame.kind === "baseline" || frame.kind === "extended");
}

/** In sequential coding each component is in exactly one scan (B.2.1). */
function requireWholeComponents(
  frame: JpegFrameHeader,
  scans: readonly JpegScan[],
): void {
  frame.components.forEach(({ id }, index) => {
    const uses = scans.filter(({ components }) =>
      components.some((each) =>
        each.index === index
      )
    ).length;
    if (uses !== 1) {
      throw badScanHeader(`component ${id} is in ${uses} scans`);
    }
  });
}

function badScanHeader(why: string): JpegError {
  return new JpegError("bad-scan-header", `Cannot read a scan header: ${why}`);
}
