/**
 * What both readers of scans share: tables once per scan, restart intervals.
 *
 * @module
 */

import type { EntropySegment } from "./entropy_data.ts";
import { JpegError } from "./error.ts";
import { HuffmanDecoder } from "./huffman_codes.ts";
import type { JpegScan } from "./image.ts";
import type { HuffmanTable } from "./tables.ts";

/** Makes each table's decoder once, however many components use it. */
export function decoderMaker(): (
  table: HuffmanTable | undefined,
) => HuffmanDecoder {
  const made = new Map<HuffmanTable, HuffmanDecoder>();
  return (table) => {
    if (table === undefined) {
      throw new JpegError(
        "no-huffman-table",
        "Cannot decode a scan: its Huffman table is missing",
      );
    }
    let decoder = made.get(table);
    if (decoder === undefined) {
      decoder = new HuffmanDecoder(table);
      made.set(table, decoder);
    }
    return decoder;
  };
}

/**
 * Calls `read` for each stretch between restart markers with how many MCUs it
 * holds and its number from 0.
 *
 * @throws {JpegError} `bad-entropy-data` when there are more or fewer than the
 * restart interval demands.
 */
export function forEachSegment(
  segments: readonly EntropySegment[],
  mcus: number,
  { restartInterval }: JpegScan,
  read: (segment: EntropySegment, mcus: number, turn: number) => void,
): void {
  const interval = restartInterval === 0 ? mcus : restartInterval;
  const expected = Math.ceil(mcus / interval);
  if (segments.length !== expected) {
    throw new JpegError(
      "bad-entropy-data",
      `Cannot decode a scan: ${segments.length - 1} restart markers where ${
        expected - 1
      } belong`,
    );
  }
  segments.forEach((segment, turn) =>
    read(segment, Math.min(interval, mcus - turn * interval), turn)
  );
}
