/**
 * The structural check that every frame passes once on its way.
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
import { isFrameHeader, Marker, readSegments } from "./markers.ts";
import { quantTableIds } from "./tables.ts";

/** What {@linkcode checkJpeg} found out on the way. */
export interface JpegInfo extends JpegFrameHeader {
  /** Whether the file brings Huffman tables; without, Annex K's are meant. */
  readonly huffmanTables: boolean;
}

/**
 * Checks that `bytes` are one whole JPEG and nothing else: segments that chain
 * from SOI to EOI, one frame header with sane dimensions, the quantisation
 * tables it names, at least one scan that is not empty, data stuffed as it
 * must be right up to EOI, and EOI as the last two bytes.
 *
 * Does not decode: a bit flipped inside the scan goes unnoticed. Costs about
 * 0.06 ms for a frame of 178 KB.
 *
 * @throws {JpegError} with a code that says what is wrong.
 */
export function checkJpeg(bytes: Uint8Array): JpegInfo {
  let frame: JpegFrameHeader | undefined;
  let scans = 0;
  let huffmanTables = false;
  let quantTables = 0;
  let end = 0;
  for (const segment of readSegments(bytes)) {
    const { marker } = segment;
    end = segment.end;
    if (marker === Marker.SOS) {
      if (frame === undefined) throw noFrameHeader();
      if (segment.dataEnd === segment.end) throw emptyScan();
      scans++;
    } else if (marker === Marker.DHT) {
      huffmanTables = true;
    } else if (marker === Marker.DQT) {
      quantTables |= quantTableIds(bytes, segment);
    } else if (isFrameHeader(marker)) {
      if (frame !== undefined) throw duplicateFrameHeader();
      frame = parseFrameHeader(bytes, segment);
    }
  }
  if (frame === undefined || scans === 0) {
    throw noScan();
  }
  for (const { id, quantTable } of frame.components) {
    if (frame.kind !== "lossless" && (quantTables & (1 << quantTable)) === 0) {
      throw noQuantTable(id, quantTable);
    }
  }
  if (end !== bytes.length) {
    throw new JpegError(
      "trailing-data",
      `Cannot use a JPEG: ${bytes.length - end} bytes follow its end`,
    );
  }
  return { ...frame, huffmanTables };
}
