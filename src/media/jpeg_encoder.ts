/**
 * Pixels to a baseline JPEG (ITU-T T.81), 4:2:0, with the standard tables.
 *
 * imagescript's own encoder is a native add-on: it exists for five platforms
 * and needs `--allow-ffi`. This one needs neither; it takes about 30 ms for
 * two megapixels.
 *
 * @module
 */

import {
  buildJpeg,
  encoderCodes,
  rfc2435QuantTables,
  STANDARD_HUFFMAN,
} from "../jpeg/mod.ts";
import type { Pixels } from "./canvas.ts";

/** Row-by-row index of each coefficient in zigzag order (T.81 figure A.6). */
const ZIGZAG = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5],
  ...[12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28],
  ...[35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51],
  ...[58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63],
);

/** cos(k·π/16)·√2, what the fast transform leaves to the quantiser. */
const AAN_SCALE = Array.from(
  { length: 8 },
  (_, k) => k === 0 ? 1 : Math.cos(k * Math.PI / 16) * Math.SQRT2,
);

/**
 * Encodes at a quality of 1 to 99 (libjpeg's scale). Opacity is ignored.
 *
 * @throws {JpegError} for a quality or size that there is no JPEG of.
 */
export function encodeJpeg(
  pixels: Pixels,
  quality: number,
): Uint8Array<ArrayBuffer> {
  const { width, height } = pixels;
  const qTables = rfc2435QuantTables(quality);
  const [luma, chroma] = qTables.map(makeDivisors) as [
    Float32Array,
    Float32Array,
  ];
  const out = new ScanWriter(pixels.bitmap.length >> 2);
  const mcu = new McuReader(pixels);
  const dc = [0, 0, 0] as [number, number, number];
  for (let y = 0; y < height; y += 16) {
    for (let x = 0; x < width; x += 16) {
      mcu.read(x, y);
      for (const block of mcu.luma) {
        dc[0] = out.block(block, luma, 0, dc[0]);
      }
      dc[1] = out.block(mcu.blue, chroma, 1, dc[1]);
      dc[2] = out.block(mcu.red, chroma, 1, dc[2]);
    }
  }
  return buildJpeg({
    type: 1,
    width,
    height,
    qTables,
    restartInterval: 0,
    scan: out.finish(),
  });
}

function makeDivisors(table: Uint8Array): Float32Array {
  const divisors = new Float32Array(64);
  ZIGZAG.forEach((natural, i) => {
    const scale = AAN_SCALE[natural >> 3]! * AAN_SCALE[natural & 7]! * 8;
    divisors[natural] = 1 / (table[i]! * scale);
  });
  return divisors;
}

/** Takes 16 × 16 pixels apart into four luma blocks and two of chroma (JFIF: full-range BT.601). */
class McuReader {
  readonly luma = Array.from({ length: 4 }, () => new Float32Array(64));
  readonly blue = new Float32Array(64);
  readonly red = new Float32Array(64);
  readonly #pixels: Pixels;

  constructor(pixels: Pixels) {
    this.#pixels = pixels;
  }

  read(left: number, top: number): void {
    const { width, height, bitmap } = this.#pixels;
    this.blue.fill(0);
    this.red.fill(0);
    for (let y = 0; y < 16; y++) {
      // beyond the edge the last pixel is repeated
      const row = Math.min(top + y, height - 1) * width;
      for (let x = 0; x < 16; x++) {
        const at = (row + Math.min(left + x, width - 1)) * 4;
        const r = bitmap[at]!;
        const g = bitmap[at + 1]!;
        const b = bitmap[at + 2]!;
        const block = this.luma[(y >> 3) * 2 + (x >> 3)]!;
        block[(y & 7) * 8 + (x & 7)] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
        const half = (y >> 1) * 8 + (x >> 1);
        this.blue[half]! += (-0.168736 * r - 0.331264 * g + 0.5 * b) / 4;
        this.red[half]! += (0.5 * r - 0.418688 * g - 0.081312 * b) / 4;
      }
    }
  }
}

/**
 * The fast cosine transform of Arai, Agui and Nakajima (1988) over the rows and
 * then the columns of `block`, in place.
 */
function transform(block: Float32Array): void {
  for (let i = 0; i < 64; i += 8) transformLine(block, i, 1);
  for (let i = 0; i < 8; i++) transformLine(block, i, 8);
}

function transformLine(b: Float32Array, at: number, step: number): void {
  const i1 = at + step;
  const i2 = i1 + step;
  const i3 = i2 + step;
  const i4 = i3 + step;
  const i5 = i4 + step;
  const i6 = i5 + step;
  const i7 = i6 + step;
  const s07 = b[at]! + b[i7]!;
  const d07 = b[at]! - b[i7]!;
  const s16 = b[i1]! + b[i6]!;
  const d16 = b[i1]! - b[i6]!;
  const s25 = b[i2]! + b[i5]!;
  const d25 = b[i2]! - b[i5]!;
  const s34 = b[i3]! + b[i4]!;
  const d34 = b[i3]! - b[i4]!;

  const even = s07 + s34;
  const evenDifference = s07 - s34;
  const middle = s16 + s25;
  b[at] = even + middle;
  b[i4] = even - middle;
  const turned = (s16 - s25 + evenDifference) * Math.SQRT1_2;
  b[i2] = evenDifference + turned;
  b[i6] = evenDifference - turned;

  const o0 = d34 + d25;
  const o1 = (d25 + d16) * Math.SQRT1_2;
  const o2 = d16 + d07;
  const z5 = (o0 - o2) * 0.382683433;
  const z2 = 0.5411961 * o0 + z5;
  const z4 = 1.306562965 * o2 + z5;
  const z11 = d07 + o1;
  const z13 = d07 - o1;
  b[i5] = z13 + z2;
  b[i3] = z13 - z2;
  b[i1] = z11 + z4;
  b[i7] = z11 - z4;
}

const DC_CODES = STANDARD_HUFFMAN.dc.map(encoderCodes);
const AC_CODES = STANDARD_HUFFMAN.ac.map(encoderCodes);

/** Sixteen zero coefficients. */
const ZRL = 0xf0;

/** Bytes that one block can take at most, stuffing included: 64 symbols of 27 bits, doubled. */
const MAX_BLOCK_BYTES = 432;

/** Writes quantised blocks as Huffman codes with byte stuffing (T.81 F.1.2). */
class ScanWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  #word = 0;
  #bits = 0;
  readonly #levels = new Int32Array(64);

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(Math.max(4096, capacity));
  }

  /** Transforms, quantises and writes `block`; returns its DC level, the next block's prediction. */
  block(
    block: Float32Array,
    divisors: Float32Array,
    table: 0 | 1,
    prediction: number,
  ): number {
    this.#reserve(MAX_BLOCK_BYTES);
    transform(block);
    const levels = this.#levels;
    let last = 0;
    for (let i = 0; i < 64; i++) {
      const natural = ZIGZAG[i]!;
      const exact = Math.round(block[natural]! * divisors[natural]!);
      // baseline has no code for more (table F.2)
      const level = i === 0 ? exact : Math.max(-1023, Math.min(1023, exact));
      levels[i] = level;
      if (level !== 0) last = i;
    }
    const ac = AC_CODES[table]!;
    const dc = levels[0]!;
    this.#symbol(DC_CODES[table]!, 0, dc - prediction);
    let zeros = 0;
    for (let i = 1; i <= last; i++) {
      const level = levels[i]!;
      if (level === 0) {
        zeros++;
        continue;
      }
      for (; zeros >= 16; zeros -= 16) this.#code(ac[ZRL]!);
      this.#symbol(ac, zeros << 4, level);
      zeros = 0;
    }
    if (last < 63) this.#code(ac[0]!);
    return dc;
  }

  /** The bytes, padded with ones to a whole number. */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#bits > 0) this.#put(0x7f, 8 - this.#bits);
    return this.#bytes.subarray(0, this.#length);
  }

  /** The code of `run` and the size of `level`, then its bits (tables F.1 and F.2). */
  #symbol(codes: Uint32Array, run: number, level: number): void {
    const size = 32 - Math.clz32(Math.abs(level));
    this.#code(codes[run | size]!);
    if (size > 0) this.#put(level < 0 ? level + (1 << size) - 1 : level, size);
  }

  #code(code: number): void {
    this.#put(code >>> 5, code & 31);
  }

  #put(value: number, count: number): void {
    // at most 7 bits are left over, so 16 more fit
    this.#word = (this.#word << count) | (value & ((1 << count) - 1));
    this.#bits += count;
    while (this.#bits >= 8) {
      this.#bits -= 8;
      const byte = (this.#word >>> this.#bits) & 0xff;
      this.#bytes[this.#length++] = byte;
      if (byte === 0xff) this.#bytes[this.#length++] = 0;
    }
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
