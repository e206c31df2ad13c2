/**
 * The engine of the Huffman re-coder: reads a block with one pair of tables
 * and writes it with another.
 *
 * A coefficient in a baseline scan is a Huffman code for (run, size) followed
 * by `size` plain bits (ITU-T T.81, F.1.2). Only the code depends on the table;
 * the plain bits are copied. Nothing is dequantised, so nothing can be lost.
 *
 * @module
 */

import type { EntropyData, EntropySegment } from "./entropy_data.ts";
import { JpegError } from "./error.ts";
import { type HuffmanDecoder, LOOKUP_BITS } from "./huffman_codes.ts";
import { Marker } from "./markers.ts";

/** Position in the zigzag after the last coefficient. */
const BLOCK_END = 64;

/** Largest DC category of 8-bit pictures (T.81 table F.1). */
const MAX_DC_SIZE = 11;

/**
 * Most bytes one block can take: 64 symbols of at most 26 bits, every byte
 * stuffed, and what was pending before.
 */
const MAX_BLOCK_BYTES = 512;

/** Shift that leaves the bits the lookup table is asked with. */
const LOOKUP_SHIFT = 32 - LOOKUP_BITS;

/** One reader and one writer of entropy-coded bits; used for one scan. */
export class EntropyTranscoder {
  readonly #source: DataView;
  #position = 0;
  #limit = 0;
  #out: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;
  /** Bits not written yet, right-aligned; 32 - #free of them. */
  #pending = 0;
  #free = 32;

  /** Reads from `data`; `expected` is a guess of the output's size in bytes. */
  constructor(data: EntropyData, expected: number) {
    const { bytes } = data;
    this.#source = new DataView(
      bytes.buffer,
      bytes.byteOffset,
      bytes.byteLength,
    );
    this.#out = new Uint8Array(expected + MAX_BLOCK_BYTES);
    this.#view = new DataView(this.#out.buffer);
  }

  /** Bit in the source that is read next. */
  get position(): number {
    return this.#position;
  }

  /** Reads from here on; a block that goes beyond its end is an error. */
  enter({ start, end }: EntropySegment): void {
    this.#position = start;
    this.#limit = end;
  }

  /** Goes back to a bit that was read before. */
  seek(position: number): void {
    this.#position = position;
  }

  /** Reads a DC difference (F.2.2.1). */
  readDc(decoder: HuffmanDecoder): number {
    const word = this.#peek();
    const entry = decoder.lookup[word >>> LOOKUP_SHIFT]!;
    const found = entry === 0 ? decoder.longCode(word) : widen(entry);
    const size = found >>> 5;
    if (size > MAX_DC_SIZE) throw tooLargeDc(size);
    this.#position += found & 31;
    const bits = this.#peek() >>> 1 >>> (31 - size);
    this.#position += size;
    return bits < (1 << size) >> 1 ? bits - (1 << size) + 1 : bits;
  }

  /** Writes a DC difference (F.1.2.1). */
  writeDc(difference: number, codes: Uint32Array): void {
    const size = 32 - Math.clz32(Math.abs(difference));
    const code = size > MAX_DC_SIZE ? 0 : codes[size]!;
    if (code === 0) throw tooLargeDc(size);
    const bits = difference < 0 ? difference + (1 << size) - 1 : difference;
    this.#reserve();
    this.#put(((code >>> 5) << size) | bits, (code & 31) + size);
  }

  /** Copies a DC difference from the source's code to another. */
  copyDc(decoder: HuffmanDecoder, codes: Uint32Array): void {
    this.writeDc(this.readDc(decoder), codes);
  }

  /** Writes "the rest of the block is zero" (EOB). */
  writeEndOfBlock(codes: Uint32Array): void {
    const code = codes[0]!;
    this.#reserve();
    this.#put(code >>> 5, code & 31);
  }

  /** Steps over a block's AC coefficients; `from` is the first that was not read. */
  skipAc(decoder: HuffmanDecoder, from = 1): void {
    const source = this.#source;
    const lookup = decoder.lookup;
    let position = this.#position;
    let index = from;
    while (index < BLOCK_END) {
      const word = source.getUint32(position >>> 3) << (position & 7);
      const entry = lookup[word >>> LOOKUP_SHIFT]!;
      const found = entry === 0 ? decoder.longCode(word) : widen(entry);
      const symbol = found >>> 5;
      position += (found & 31) + (symbol & 15);
      if (symbol === 0) break;
      index += (symbol >>> 4) + 1;
    }
    if (index > BLOCK_END) throw tooManyCoefficients();
    if (position > this.#limit) throw tooShort();
    this.#position = position;
  }

  /**
   * Copies a block's AC coefficients, each from its code in the source to that
   * in `codes`. Everything in this loop is local: it runs for every symbol.
   */
  copyAc(decoder: HuffmanDecoder, codes: Uint32Array): void {
    this.#reserve();
    const source = this.#source;
    const lookup = decoder.lookup;
    let position = this.#position;
    let pending = this.#pending;
    let free = this.#free;
    let index = 1;
    while (index < BLOCK_END) {
      const word = source.getUint32(position >>> 3) << (position & 7);
      const entry = lookup[word >>> LOOKUP_SHIFT]!;
      let symbol = entry >>> 4;
      let rest = word << (entry & 15);
      position += entry & 15;
      if (entry === 0) {
        const found = decoder.longCode(word);
        symbol = found >>> 5;
        position += found & 31;
        rest = source.getUint32(position >>> 3) << (position & 7);
      }
      const size = symbol & 15;
      const code = codes[symbol]!;
      if (code === 0) throw notEncodable(symbol);
      position += size;
      const value = ((code >>> 5) << size) | (rest >>> 1 >>> (31 - size));
      const width = (code & 31) + size;
      free -= width;
      if (free >= 0) {
        pending = (pending << width) | value;
      } else {
        this.#emit((pending << (width + free)) | (value >>> -free));
        pending = value;
        free += 32;
      }
      if (symbol === 0) break;
      index += (symbol >>> 4) + 1;
    }
    if (index > BLOCK_END) throw tooManyCoefficients();
    if (position > this.#limit) throw tooShort();
    this.#position = position;
    this.#pending = pending;
    this.#free = free;
  }

  /**
   * As {@linkcode EntropyTranscoder.copyAc}, but none of the coefficients that
   * stand after `last` in the zigzag.
   */
  trimAc(decoder: HuffmanDecoder, codes: Uint32Array, last: number): void {
    this.#reserve();
    for (let index = 1; index < BLOCK_END;) {
      const word = this.#peek();
      const entry = decoder.lookup[word >>> LOOKUP_SHIFT]!;
      const found = entry === 0 ? decoder.longCode(word) : widen(entry);
      const symbol = found >>> 5;
      const size = symbol & 15;
      const at = index + (symbol >>> 4);
      if (symbol !== 0 && at > last) {
        this.writeEndOfBlock(codes);
        return this.skipAc(decoder, index);
      }
      const code = codes[symbol]!;
      if (code === 0) throw notEncodable(symbol);
      this.#position += found & 31;
      const bits = this.#peek() >>> 1 >>> (31 - size);
      this.#position += size;
      this.#put(((code >>> 5) << size) | bits, (code & 31) + size);
      if (this.#position > this.#limit) throw tooShort();
      if (symbol === 0) return;
      index = at + 1;
    }
  }

  /** Fills the last byte with ones and writes RST`number` (F.1.2.3). */
  writeRestart(number: number): void {
    this.#flush();
    this.#out[this.#length++] = 0xff;
    this.#out[this.#length++] = Marker.RST0 + (number & 7);
  }

  /** Fills the last byte with ones; the whole output, as a view. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#flush();
    return this.#out.subarray(0, this.#length);
  }

  #peek(): number {
    return this.#source.getUint32(this.#position >>> 3) <<
      (this.#position & 7);
  }

  /** Makes room for one block. */
  #reserve(): void {
    if (this.#length + MAX_BLOCK_BYTES <= this.#out.length) return;
    const grown = new Uint8Array(this.#out.length * 2 + MAX_BLOCK_BYTES);
    grown.set(this.#out);
    this.#out = grown;
    this.#view = new DataView(grown.buffer);
  }

  #put(value: number, width: number): void {
    this.#free -= width;
    if (this.#free >= 0) {
      this.#pending = (this.#pending << width) | value;
      return;
    }
    const over = -this.#free;
    this.#emit((this.#pending << (width - over)) | (value >>> over));
    this.#pending = value;
    this.#free += 32;
  }

  /** Writes four bytes; see `findScanEnd` for how FF is spotted. */
  #emit(word: number): void {
    if ((word & ~(word + 0x01010101) & 0x80808080) === 0) {
      this.#view.setInt32(this.#length, word);
      this.#length += 4;
      return;
    }
    for (let shift = 24; shift >= 0; shift -= 8) {
      this.#emitByte((word >>> shift) & 255);
    }
  }

  #emitByte(byte: number): void {
    this.#out[this.#length++] = byte;
    if (byte === 0xff) this.#out[this.#length++] = 0;
  }

  #flush(): void {
    this.#reserve();
    const used = 32 - this.#free;
    const ones = -used & 7;
    const bits = used + ones;
    const word = (this.#pending << ones) | ((1 << ones) - 1);
    for (let shift = bits - 8; shift >= 0; shift -= 8) {
      this.#emitByte((word >>> shift) & 255);
    }
    this.#pending = 0;
    this.#free = 32;
  }
}

/** An entry of the lookup table in the form of `longCode`'s answer. */
function widen(entry: number): number {
  return ((entry >>> 4) << 5) | (entry & 15);
}

function tooLargeDc(size: number): JpegError {
  return new JpegError(
    "not-encodable",
    `Cannot re-code a scan: a DC difference of ${size} bits, 8-bit pictures have at most ${MAX_DC_SIZE}`,
  );
}

function notEncodable(symbol: number): JpegError {
  return new JpegError(
    "not-encodable",
    `Cannot re-code a scan: the standard tables have no code for run ${
      symbol >> 4
    } and size ${symbol & 15}`,
  );
}

function tooManyCoefficients(): JpegError {
  return new JpegError(
    "bad-entropy-data",
    "Cannot decode a scan: a block has more than 64 coefficients",
  );
}

function tooShort(): JpegError {
  return new JpegError(
    "bad-entropy-data",
    "Cannot decode a scan: it ends before its last block",
  );
}
