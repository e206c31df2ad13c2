/**
 * The moving test picture, painted as raw 4:2:0 pixels.
 *
 * ```text
 *   ▉▉▁▉▁▁▉▉ …                 the frame number in 24 blocks, light is 1
 *   │ white │ yellow │ … blue │    75 % colour bars, a ball that bounces,
 *   │       │   ●    │        │    a line that crosses once in 2 s
 *   │ grey ramp               │
 *   │ FRAME 000123            │    in our own font: no font of the machine
 *   │ 00:00:05.125            │    time from the start
 *   │ 2025-01-31 12:34:56.789 │    the machine's clock, UTC
 * ```
 *
 * @module
 */

import { drawText, GLYPH_HEIGHT, textWidth } from "./bitmap_font.ts";

/** Blocks of the frame number at the top edge; numbers beyond start over. */
export const PATTERN_CODE_BITS = 24;

/** A colour in full-range BT.601 (JFIF). */
type Yuv = readonly [y: number, u: number, v: number];

const DARK: Yuv = [24, 128, 128];
const LIGHT: Yuv = [235, 128, 128];
const BALL: Yuv = [226, 40, 148];

/** 75 % bars in the usual order: white, yellow, cyan, green, magenta, red, blue. */
const BARS: readonly Yuv[] = [
  [191, 128, 128],
  [169, 32, 143],
  [134, 160, 32],
  [112, 64, 48],
  [79, 192, 208],
  [57, 96, 223],
  [22, 224, 112],
];

/** The line crosses the picture once in this time. */
const SWEEP_SECONDS = 2;

/** Paints one frame after another into a buffer of its own. */
export class PatternPainter {
  readonly #width: number;
  readonly #height: number;
  readonly #fps: number;
  readonly #base: Uint8Array<ArrayBuffer>;
  readonly #frame: Uint8Array<ArrayBuffer>;

  /** For pictures of `width` × `height` (even) pixels at `fps`. */
  constructor(width: number, height: number, fps: number) {
    this.#width = width;
    this.#height = height;
    this.#fps = fps;
    this.#frame = new Uint8Array(width * height * 3 / 2);
    this.#paintBase();
    this.#base = this.#frame.slice();
  }

  /**
   * Frame `number` at wall-clock time `now`: planes Y, U, V one after another.
   * The next call overwrites it.
   */
  paint(number: number, now: Date): Uint8Array<ArrayBuffer> {
    this.#frame.set(this.#base);
    const seconds = number / this.#fps;
    this.#paintMotion(seconds);
    this.#paintCode(number);
    const digits = String(number).padStart(6, "0");
    const time = formatSeconds(seconds);
    const clock = now.toISOString().replace("T", " ").slice(0, 23);
    this.#paintWords([
      this.#fitting([`FRAME ${digits}`, digits]),
      this.#fitting([time, time.slice(3)]),
      this.#fitting([clock, clock.slice(11), clock.slice(11, 19)]),
    ]);
    return this.#frame;
  }

  get #codeHeight(): number {
    return even(this.#height / 24);
  }

  get #wordsTop(): number {
    return even(this.#height * 0.62);
  }

  #paintBase(): void {
    const width = this.#width;
    const rampTop = even(this.#height * 0.54);
    BARS.forEach((color, i) => {
      const left = even(i * width / BARS.length);
      const right = i === BARS.length - 1
        ? width
        : even((i + 1) * width / BARS.length);
      this.#fill(left, this.#codeHeight, right - left, rampTop, color);
    });
    for (let x = 0; x < width; x += 2) {
      const level = Math.round(255 * x / width);
      this.#fill(x, rampTop, 2, this.#wordsTop - rampTop, [level, 128, 128]);
    }
    this.#fill(0, this.#wordsTop, width, this.#height, DARK);
  }

  #paintMotion(seconds: number): void {
    const top = this.#codeHeight;
    const bottom = even(this.#height * 0.54);
    const radius = Math.max(4, even(Math.min(this.#width, bottom - top) / 9));
    const centerX = radius + bounce(seconds * 0.31) *
        (this.#width - 2 * radius);
    const centerY = top + radius +
      bounce(seconds * 0.73) * (bottom - top - 2 * radius);
    for (let row = -radius; row < radius; row += 2) {
      const half = Math.sqrt(radius * radius - row * row);
      const left = even(centerX - half);
      const right = even(centerX + half);
      this.#fill(left, even(centerY + row), right - left, 2, BALL);
    }
    const sweep = (seconds / SWEEP_SECONDS) % 1;
    this.#fill(even(sweep * (this.#width - 2)), top, 2, bottom - top, LIGHT);
  }

  #paintCode(number: number): void {
    for (let bit = 0; bit < PATTERN_CODE_BITS; bit++) {
      const isSet = ((number >>> (PATTERN_CODE_BITS - 1 - bit)) & 1) === 1;
      const left = even(bit * this.#width / PATTERN_CODE_BITS);
      const right = even((bit + 1) * this.#width / PATTERN_CODE_BITS);
      this.#fill(
        left,
        0,
        right - left,
        this.#codeHeight,
        isSet ? LIGHT : DARK,
      );
    }
  }

  /** The first of `texts` that fits the width, else the last. */
  #fitting(texts: readonly string[]): string {
    return texts.find((text) => textWidth(text, 1) <= this.#width * 0.94) ??
      texts.at(-1) ?? "";
  }

  #paintWords(lines: readonly string[]): void {
    const lineHeight = (this.#height - this.#wordsTop) / lines.length;
    lines.forEach((line, i) => {
      const scale = Math.max(
        1,
        Math.floor(Math.min(
          (this.#width * 0.94) / textWidth(line, 1),
          (lineHeight * 0.78) / GLYPH_HEIGHT,
        )),
      );
      const x = Math.max(0, (this.#width - textWidth(line, scale)) >> 1);
      const y = Math.floor(
        this.#wordsTop + i * lineHeight +
          (lineHeight - GLYPH_HEIGHT * scale) / 2,
      );
      drawText(line, x, y, scale, (left, top, width, height) => {
        this.#fillLuma(left, top, width, height, LIGHT[0]);
      });
    });
  }

  /** Fills a rectangle with even sides, cut to the picture. */
  #fill(
    x: number,
    y: number,
    width: number,
    height: number,
    [luma, u, v]: Yuv,
  ): void {
    const right = Math.min(this.#width, x + width);
    const bottom = Math.min(this.#height, y + height);
    const left = Math.max(0, x);
    const top = Math.max(0, y);
    this.#fillLuma(left, top, right - left, bottom - top, luma);
    const chromaWidth = this.#width >> 1;
    const uStart = this.#width * this.#height;
    const vStart = uStart + chromaWidth * (this.#height >> 1);
    for (let row = top >> 1; row < bottom >> 1; row++) {
      const from = row * chromaWidth + (left >> 1);
      const to = row * chromaWidth + (right >> 1);
      this.#frame.fill(u, uStart + from, uStart + to);
      this.#frame.fill(v, vStart + from, vStart + to);
    }
  }

  #fillLuma(
    x: number,
    y: number,
    width: number,
    height: number,
    level: number,
  ): void {
    const right = Math.min(this.#width, x + width);
    const bottom = Math.min(this.#height, y + height);
    for (let row = y; row < bottom; row++) {
      this.#frame.fill(level, row * this.#width + x, row * this.#width + right);
    }
  }
}

/** The even number at or below `value`. */
function even(value: number): number {
  return Math.floor(value / 2) * 2;
}

/** A triangle wave from 0 to 1 and back, once in 2 of `phase`. */
function bounce(phase: number): number {
  const turn = phase % 2;
  return turn < 1 ? turn : 2 - turn;
}

/** `hh:mm:ss.mmm`. */
function formatSeconds(seconds: number): string {
  return new Date(Math.round(seconds * 1000)).toISOString().slice(11, 23);
}
