/**
 * Re-coding of a baseline JPEG to the Huffman tables of ITU-T T.81, Annex K,
 * which RFC 2435 and Motion JPEG assume: without loss, or without the finest
 * details.
 *
 * @module
 */

import { unstuff } from "./entropy_data.ts";
import { EntropyTranscoder } from "./entropy_transcoder.ts";
import { JpegError } from "./error.ts";
import { encoderCodes, type HuffmanDecoder } from "./huffman_codes.ts";
import { type JpegImage, type JpegScan, parseJpeg } from "./image.ts";
import { type JpegSegment, Marker, readSegments } from "./markers.ts";
import { scanGeometry } from "./scan_geometry.ts";
import { decoderMaker, forEachSegment } from "./scan_reading.ts";
import {
  STANDARD_HUFFMAN,
  standardHuffmanSegment,
  standardTableId,
} from "./standard_tables.ts";
import { type HuffmanTable, sameCodes } from "./tables.ts";

/** Codes of the standard DC tables, luma and chroma. */
export const STANDARD_DC_CODES = STANDARD_HUFFMAN.dc.map(encoderCodes);

/** Codes of the standard AC tables, luma and chroma. */
export const STANDARD_AC_CODES = STANDARD_HUFFMAN.ac.map(encoderCodes);

const EOI = Uint8Array.of(0xff, Marker.EOI);

/** Number of the last coefficient of a block: nothing is left out. */
export const ALL_COEFFICIENTS = 63;

/** Optimised tables save 3 to 15 % of a scan; a wrong guess costs a copy. */
const EXPECTED_GROWTH = 1.2;

/**
 * Whether the scans are coded as RFC 2435 wants them: the first component with
 * Annex K's luma tables, the others with the chroma tables. A file without
 * tables is.
 */
export function hasStandardHuffman(image: JpegImage): boolean {
  return image.scans.every((scan) =>
    scan.components.every(({ index, dcTable, acTable }) => {
      const id = standardTableId(index);
      return isSame(dcTable, STANDARD_HUFFMAN.dc[id]) &&
        isSame(acTable, STANDARD_HUFFMAN.ac[id]);
    })
  );
}

function isSame(table: HuffmanTable | undefined, standard: HuffmanTable) {
  return table !== undefined &&
    (table === standard || sameCodes(table, standard));
}

/**
 * The same picture, bit for bit, coded with the standard Huffman tables and
 * with these tables in the file. Restart markers, APPn and comments stay;
 * what follows EOI goes. A file that is so already is returned as it is.
 *
 * @throws {JpegError} `unsupported` for anything but 8-bit baseline (or
 * extended sequential) Huffman pictures of one or three components,
 * `bad-entropy-data` for a damaged scan, `not-encodable` for coefficients that
 * 8-bit pictures cannot have, and whatever {@linkcode parseJpeg} throws.
 */
export function recodeToStandardHuffman(bytes: Uint8Array): Uint8Array {
  const image = parseJpeg(bytes);
  requireRecodable(image);
  return hasStandardHuffman(image)
    ? withStandardHuffman(bytes)
    : recode(image, ALL_COEFFICIENTS);
}

/**
 * A smaller file of the same picture without its finest details: of each block
 * the coefficients up to number `last` of the zigzag are left (T.81, figure
 * A.6), 1 to 63. Nothing is decoded to pixels and nothing quantised anew, so it
 * is quick and works on any baseline file; it is not the best picture for its
 * size.
 *
 * @throws {JpegError} as {@linkcode recodeToStandardHuffman}.
 */
export function coarsenJpeg(bytes: Uint8Array, last: number): Uint8Array {
  const image = parseJpeg(bytes);
  requireRecodable(image);
  return recode(image, last);
}

function recode(image: JpegImage, last: number): Uint8Array {
  const { bytes } = image;
  const parts: Uint8Array[] = [];
  let scans = 0;
  for (const segment of readSegments(bytes)) {
    if (segment.marker === Marker.DHT) continue;
    if (segment.marker === Marker.EOI) break;
    if (segment.marker !== Marker.SOS) {
      parts.push(bytes.subarray(segment.offset, segment.end));
      continue;
    }
    const scan = image.scans[scans]!;
    if (scans++ === 0) parts.push(standardHuffmanSegment());
    parts.push(
      standardScanHeader(bytes, segment, scan),
      recodeScan(image, scan, last),
    );
  }
  parts.push(EOI);
  return concatenate(parts);
}

/**
 * The file with the standard Huffman tables before its scan when it brings
 * none, as Motion JPEG frames often come; else the file as it is.
 *
 * @throws {JpegError} when the segments before the scan cannot be read.
 */
export function withStandardHuffman(bytes: Uint8Array): Uint8Array {
  for (const { marker, offset } of readSegments(bytes)) {
    if (marker === Marker.DHT || marker === Marker.DAC) return bytes;
    if (marker === Marker.SOS) {
      return concatenate([
        bytes.subarray(0, offset),
        standardHuffmanSegment(),
        bytes.subarray(offset),
      ]);
    }
  }
  return bytes;
}

/**
 * Refuses what the re-coder cannot read.
 *
 * @throws {JpegError} `unsupported`.
 */
export function requireRecodable(image: JpegImage): void {
  const { kind, arithmetic, precision, components } = image;
  const what = arithmetic
    ? "arithmetic coding"
    : kind !== "baseline" && kind !== "extended"
    ? `${kind} coding`
    : precision !== 8
    ? `${precision} bits a sample`
    : components.length !== 1 && components.length !== 3
    ? `${components.length} components`
    : undefined;
  if (what !== undefined) {
    throw new JpegError(
      "unsupported",
      `Cannot re-code a JPEG: it has ${what}, not 8-bit baseline in grey or YCbCr`,
    );
  }
}

/** One block of a MCU: how to read it and how to write it. */
interface BlockTables {
  readonly dc: HuffmanDecoder;
  readonly ac: HuffmanDecoder;
  readonly dcCodes: Uint32Array;
  readonly acCodes: Uint32Array;
}

/**
 * One scan's data, coded with the standard tables in the order it has; of each
 * block without the coefficients after `last`.
 *
 * @throws {JpegError} `bad-entropy-data`, `not-encodable`.
 */
export function recodeScan(
  image: JpegImage,
  scan: JpegScan,
  last: number = ALL_COEFFICIENTS,
): Uint8Array {
  const { mcusPerLine, mcuLines, components } = scanGeometry(image, scan);
  const data = unstuff(image.bytes, [scan]);
  const decoder = decoderMaker();
  const blocks = scan.components.flatMap((component, at) => {
    const id = standardTableId(component.index);
    const { across, down } = components[at]!;
    return new Array<BlockTables>(across * down).fill({
      dc: decoder(component.dcTable),
      ac: decoder(component.acTable),
      dcCodes: STANDARD_DC_CODES[id]!,
      acCodes: STANDARD_AC_CODES[id]!,
    });
  });
  const transcoder = new EntropyTranscoder(
    data,
    Math.ceil((scan.end - scan.start) * EXPECTED_GROWTH),
  );
  const mcus = mcusPerLine * mcuLines;
  forEachSegment(data.scans[0]!, mcus, scan, (segment, count, turn) => {
    if (turn > 0) transcoder.writeRestart(turn - 1);
    transcoder.enter(segment);
    for (let left = count; left > 0; left--) {
      for (const { dc, ac, dcCodes, acCodes } of blocks) {
        transcoder.copyDc(dc, dcCodes);
        if (last === ALL_COEFFICIENTS) transcoder.copyAc(ac, acCodes);
        else transcoder.trimAc(ac, acCodes, last);
      }
    }
  });
  return transcoder.finish();
}

/** SOS with the standard tables' numbers in it. */
function standardScanHeader(
  bytes: Uint8Array,
  { offset, start, end }: JpegSegment,
  scan: JpegScan,
): Uint8Array {
  const header = bytes.slice(offset, end);
  scan.components.forEach(({ index }, at) => {
    header[start - offset + 2 + 2 * at] = standardTableId(index) * 0x11;
  });
  return header;
}

/** All parts one after another. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
