/**
 * Quantisation and Huffman tables, DQT and DHT (ITU-T T.81, B.2.4.1, B.2.4.2).
 *
 *     DQT   { Pq(4) Tq(4)  Q(8 or 16) × 64, in zigzag order }, one or more
 *     DHT   { Tc(4) Th(4)  L1…L16(8)  V(8) × ΣL }, one or more
 *
 * @module
 */

import { JpegError } from "./error.ts";
import type { JpegSegment } from "./markers.ts";

/** A quantisation table. */
export interface QuantTable {
  /** Number that components use, 0–3. */
  readonly id: number;
  /** Bits a value in the file. */
  readonly precision: 8 | 16;
  /** 64 values in zigzag order. */
  readonly values: Uint16Array;
}

/** A Huffman table as the file has it. */
export interface HuffmanTable {
  /** What it codes. */
  readonly kind: "dc" | "ac";
  /** Number that scans use, 0–3. */
  readonly id: number;
  /** How many codes have 1, 2 … 16 bits (BITS). */
  readonly counts: Uint8Array;
  /** The symbols in the order of their codes (HUFFVAL). */
  readonly symbols: Uint8Array;
}

/** Highest number of a table (table B.4). */
const MAX_TABLE_ID = 3;

/**
 * Which tables a DQT segment brings, as bits; the values are not read.
 *
 * @throws {JpegError} `bad-quantisation-table`.
 */
export function quantTableIds(
  bytes: Uint8Array,
  { start, end }: JpegSegment,
): number {
  let ids = 0;
  let at = start;
  while (at < end) {
    const head = bytes[at]!;
    const id = head & 15;
    at += 1 + (head >> 4 === 0 ? 64 : 128);
    if (head >> 4 > 1 || id > MAX_TABLE_ID || at > end) {
      throw new JpegError(
        "bad-quantisation-table",
        `Cannot read a quantisation table of ${
          end - start
        } bytes with header ${head}`,
      );
    }
    ids |= 1 << id;
  }
  return ids;
}

/**
 * Reads a DQT segment.
 *
 * @throws {JpegError} `bad-quantisation-table`.
 */
export function parseQuantTables(
  bytes: Uint8Array,
  segment: JpegSegment,
): QuantTable[] {
  quantTableIds(bytes, segment);
  const tables: QuantTable[] = [];
  let at = segment.start;
  while (at < segment.end) {
    const head = bytes[at++]!;
    const precision = head >> 4 === 0 ? 8 : 16;
    const values = new Uint16Array(64);
    for (let index = 0; index < 64; index++) {
      values[index] = precision === 8
        ? bytes[at++]!
        : (bytes[at++]! << 8) | bytes[at++]!;
    }
    tables.push({ id: head & 15, precision, values });
  }
  return tables;
}

/**
 * Reads a DHT segment. The codes must fit their lengths (no prefix is used
 * twice); an all-ones code, which C.2 forbids, is let pass.
 *
 * @throws {JpegError} `bad-huffman-table`.
 */
export function parseHuffmanTables(
  bytes: Uint8Array,
  { start, end }: JpegSegment,
): HuffmanTable[] {
  const tables: HuffmanTable[] = [];
  let at = start;
  while (at < end) {
    if (at + 17 > end) throw badHuffmanTable("it is cut short");
    const head = bytes[at]!;
    if (head >> 4 > 1 || (head & 15) > MAX_TABLE_ID) {
      throw badHuffmanTable(`class and number are ${head}`);
    }
    const counts = bytes.slice(at + 1, at + 17);
    let total = 0;
    let codes = 0;
    counts.forEach((count, index) => {
      total += count;
      codes = codes * 2 + count;
      if (codes > 2 << index) {
        throw badHuffmanTable(
          `more codes of ${index + 1} bits than there can be`,
        );
      }
    });
    at += 17;
    if (total > 256 || at + total > end) {
      throw badHuffmanTable(`${total} symbols do not fit`);
    }
    tables.push({
      kind: head >> 4 === 0 ? "dc" : "ac",
      id: head & 15,
      counts,
      symbols: bytes.slice(at, at + total),
    });
    at += total;
  }
  return tables;
}

function badHuffmanTable(why: string): JpegError {
  return new JpegError(
    "bad-huffman-table",
    `Cannot read a Huffman table: ${why}`,
  );
}

/** Whether both tables give every symbol the same code. */
export function sameCodes(a: HuffmanTable, b: HuffmanTable): boolean {
  return sameNumbers(a.counts, b.counts) && sameNumbers(a.symbols, b.symbols);
}

/** Whether both hold the same numbers. */
export function sameNumbers(
  a: Uint8Array | Uint16Array,
  b: Uint8Array | Uint16Array,
): boolean {
  return a === b ||
    (a.length === b.length && a.every((value, index) => value === b[index]));
}
