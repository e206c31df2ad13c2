/**
 * Huffman tables made ready for reading and for writing codes
 * (ITU-T T.81, Annex C and F.2.2.3).
 *
 * @module
 */

import { JpegError } from "./error.ts";
import type { HuffmanTable } from "./tables.ts";

/**
 * Codes of up to this many bits are found with one look. Ten bits cover more
 * than 99 of 100 symbols of real pictures, and the table (2 KB) is quick to
 * make anew for every frame, as encoders with optimised tables demand.
 */
export const LOOKUP_BITS = 10;

/** Longest code (T.81 B.2.4.2). */
const MAX_CODE_BITS = 16;

/** Finds the symbol that a bit pattern begins with. */
export class HuffmanDecoder {
  /**
   * By the next {@linkcode LOOKUP_BITS} bits: symbol << 4 | code length, or 0
   * when the code is longer.
   */
  readonly lookup = new Uint16Array(1 << LOOKUP_BITS);
  readonly #symbols: Uint8Array;
  /** By code length: one past the last code, and symbol index minus code. */
  readonly #codeEnd = new Int32Array(MAX_CODE_BITS + 1);
  readonly #indexOffset = new Int32Array(MAX_CODE_BITS + 1);

  /** `table` must have passed `parseHuffmanTables`. */
  constructor(table: HuffmanTable) {
    const { counts, symbols } = table;
    this.#symbols = symbols;
    let code = 0;
    let index = 0;
    for (let length = 1; length <= MAX_CODE_BITS; length++) {
      this.#indexOffset[length] = index - code;
      const count = counts[length - 1]!;
      if (length <= LOOKUP_BITS) {
        const width = 1 << (LOOKUP_BITS - length);
        for (let each = 0; each < count; each++) {
          this.lookup.fill(
            (symbols[index + each]! << 4) | length,
            (code + each) * width,
            (code + each + 1) * width,
          );
        }
      }
      code += count;
      index += count;
      this.#codeEnd[length] = code;
      code <<= 1;
    }
  }

  /**
   * The symbol of a code longer than {@linkcode LOOKUP_BITS}, as
   * symbol << 5 | code length; `word` has the code in its top bits.
   *
   * @throws {JpegError} `bad-entropy-data` when no code fits.
   */
  longCode(word: number): number {
    for (let length = LOOKUP_BITS + 1; length <= MAX_CODE_BITS; length++) {
      const code = word >>> (32 - length);
      if (code < this.#codeEnd[length]!) {
        const symbol = this.#symbols[code + this.#indexOffset[length]!];
        if (symbol !== undefined) return (symbol << 5) | length;
      }
    }
    throw new JpegError(
      "bad-entropy-data",
      "Cannot decode a scan: it holds a code that its Huffman table has not",
    );
  }
}

/**
 * Codes by symbol, as code << 5 | length; 0 where the table has none
 * (T.81 C.2).
 */
export function encoderCodes(table: HuffmanTable): Uint32Array {
  const codes = new Uint32Array(256);
  let code = 0;
  let index = 0;
  table.counts.forEach((count, at) => {
    for (let each = 0; each < count; each++) {
      codes[table.symbols[index++]!] = (code++ << 5) | (at + 1);
    }
    code <<= 1;
  });
  return codes;
}
