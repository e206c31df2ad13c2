/**
 * The example tables of ITU-T T.81, Annex K, which Motion JPEG and RFC 2435
 * take for granted.
 *
 * @module
 */

import { Marker } from "./markers.ts";
import type { HuffmanTable } from "./tables.ts";

/** Tables K.3 to K.6 by what they code; id 0 is luma, 1 chroma. */
export const STANDARD_HUFFMAN: {
  readonly dc: readonly [HuffmanTable, HuffmanTable];
  readonly ac: readonly [HuffmanTable, HuffmanTable];
} = {
  dc: [
    table(
      "dc",
      0,
      "0 1 5 1 1 1 1 1 1 0 0 0 0 0 0 0",
      "000102030405060708090a0b",
    ),
    table(
      "dc",
      1,
      "0 3 1 1 1 1 1 1 1 1 1 0 0 0 0 0",
      "000102030405060708090a0b",
    ),
  ],
  ac: [
    table(
      "ac",
      0,
      "0 2 1 3 3 2 4 3 5 5 4 4 0 0 1 125",
      "0102030004110512213141061351610722711432" +
        "8191a1082342b1c11552d1f02433627282090a16" +
        "1718191a25262728292a3435363738393a434445" +
        "464748494a535455565758595a63646566676869" +
        "6a737475767778797a838485868788898a929394" +
        "95969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6" +
        "b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8" +
        "d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8" +
        "f9fa",
    ),
    table(
      "ac",
      1,
      "0 2 1 2 4 4 3 4 7 5 4 4 0 1 2 119",
      "0001020311040521310612415107617113223281" +
        "08144291a1b1c109233352f0156272d10a162434" +
        "e125f11718191a262728292a35363738393a4344" +
        "45464748494a535455565758595a636465666768" +
        "696a737475767778797a82838485868788898a92" +
        "939495969798999aa2a3a4a5a6a7a8a9aab2b3b4" +
        "b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6" +
        "d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8" +
        "f9fa",
    ),
  ],
};

/** Tables K.1 (luma) and K.2 (chroma) in zigzag order, quality 50 of most encoders. */
export const STANDARD_QUANT: readonly [Uint8Array, Uint8Array] = [
  numbers(
    "16 11 12 14 12 10 16 14 13 14 18 17 16 19 24 40 " +
      "26 24 22 22 24 49 35 37 29 40 58 51 61 60 57 51 " +
      "56 55 64 72 92 78 64 68 87 69 55 56 80 109 81 87 " +
      "95 98 103 104 103 62 77 113 121 112 100 120 92 101 103 99",
  ),
  numbers(
    "17 18 18 24 21 24 47 26 26 47 99 66 56 66 99 99 " +
      "99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 " +
      "99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 " +
      "99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99",
  ),
];

const DHT = encodeStandardHuffman();

/** A DHT segment with all four standard tables, 420 bytes; a fresh copy. */
export function standardHuffmanSegment(): Uint8Array<ArrayBuffer> {
  return DHT.slice();
}

/**
 * The standard table that a component's data must be coded with: luma's for
 * the first of the frame, chroma's for the others (RFC 2435 section 3.1.3).
 */
export function standardTableId(componentIndex: number): 0 | 1 {
  return componentIndex === 0 ? 0 : 1;
}

function encodeStandardHuffman(): Uint8Array<ArrayBuffer> {
  const { dc, ac } = STANDARD_HUFFMAN;
  const body = [dc[0], ac[0], dc[1], ac[1]].flatMap((
    { kind, id, counts, symbols },
  ) => [(kind === "dc" ? 0 : 0x10) | id, ...counts, ...symbols]);
  const size = body.length + 2;
  return Uint8Array.from([0xff, Marker.DHT, size >> 8, size & 255, ...body]);
}

function table(
  kind: "dc" | "ac",
  id: 0 | 1,
  counts: string,
  symbols: string,
): HuffmanTable {
  const pairs = symbols.match(/../g) ?? [];
  return {
    kind,
    id,
    counts: numbers(counts),
    symbols: Uint8Array.from(pairs, (pair) => parseInt(pair, 16)),
  };
}

function numbers(words: string): Uint8Array {
  return Uint8Array.from(words.split(" "), Number);
}
