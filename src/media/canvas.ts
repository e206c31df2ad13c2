/**
 * Painting on pictures in memory.
 *
 * @module
 */

import { drawText } from "./bitmap_font.ts";

/** A colour as 0xRRGGBB. */
export type Color = number;

/** Pixels as red, green, blue and opacity, a byte each, row by row. */
export interface Pixels {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** `width * height * 4` bytes. */
  readonly bitmap: Uint8Array | Uint8ClampedArray;
}

/** Paints into pixels; whatever lies outside is cut off. */
export class Canvas {
  readonly #pixels: Pixels;

  /** Paints into `pixels` itself. */
  constructor(pixels: Pixels) {
    this.#pixels = pixels;
  }

  /** A filled rectangle; `opacity` from 0 to 1 mixes it with what is there. */
  fill(
    x: number,
    y: number,
    width: number,
    height: number,
    color: Color,
    opacity = 1,
  ): void {
    const { width: columns, height: rows, bitmap } = this.#pixels;
    const left = Math.max(0, Math.round(x));
    const right = Math.min(columns, Math.round(x + width));
    const bottom = Math.min(rows, Math.round(y + height));
    const parts = [color >> 16 & 255, color >> 8 & 255, color & 255];
    for (let row = Math.max(0, Math.round(y)); row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const at = (row * columns + column) * 4;
        for (let i = 0; i < 3; i++) {
          const below = bitmap[at + i] ?? 0;
          bitmap[at + i] = Math.round(
            below + ((parts[i] ?? 0) - below) * opacity,
          );
        }
        bitmap[at + 3] = 255;
      }
    }
  }

  /** A filled rectangle with round corners. */
  fillRound(
    x: number,
    y: number,
    width: number,
    height: number,
    radius: number,
    color: Color,
  ): void {
    for (let row = 0; row < height; row++) {
      const fromEdge = Math.min(row + 0.5, height - row - 0.5);
      const rise = Math.max(0, radius - fromEdge);
      const inset = radius - Math.sqrt(radius * radius - rise * rise);
      const whole = Math.ceil(inset);
      this.fill(x + whole, y + row, width - 2 * whole, 1, color);
      // the pixel that the curve cuts is mixed, so that the corner is smooth
      if (whole > inset) {
        const share = whole - inset;
        this.fill(x + whole - 1, y + row, 1, 1, color, share);
        this.fill(x + width - whole, y + row, 1, 1, color, share);
      }
    }
  }

  /** Text in our own font; (x, y) is its top left corner. */
  text(text: string, x: number, y: number, scale: number, color: Color): void {
    drawText(
      text,
      x,
      y,
      scale,
      (left, top, width, height) => this.fill(left, top, width, height, color),
    );
  }

  /** Copies `source` with its top left corner to (x, y). */
  draw(source: Pixels, x: number, y: number): void {
    const { width, height, bitmap } = this.#pixels;
    const left = Math.max(0, x);
    const count = Math.min(width, x + source.width) - left;
    if (count <= 0) return;
    for (let row = 0; row < source.height; row++) {
      const line = y + row;
      if (line < 0 || line >= height) continue;
      const from = (row * source.width + left - x) * 4;
      bitmap.set(
        source.bitmap.subarray(from, from + count * 4),
        (line * width + left) * 4,
      );
    }
  }
}

/** `source` at another size; each pixel is the average of what it covers, so that thin lines survive. */
export function scalePixels(
  source: Pixels,
  width: number,
  height: number,
): Pixels {
  const bitmap = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const top = Math.floor(y * source.height / height);
    const bottom = Math.max(
      top + 1,
      Math.floor((y + 1) * source.height / height),
    );
    for (let x = 0; x < width; x++) {
      const left = Math.floor(x * source.width / width);
      const right = Math.max(
        left + 1,
        Math.floor((x + 1) * source.width / width),
      );
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let row = top; row < bottom; row++) {
        const end = (row * source.width + right) * 4;
        for (let at = (row * source.width + left) * 4; at < end; at += 4) {
          red += source.bitmap[at]!;
          green += source.bitmap[at + 1]!;
          blue += source.bitmap[at + 2]!;
        }
      }
      const count = (bottom - top) * (right - left);
      const at = (y * width + x) * 4;
      bitmap[at] = Math.round(red / count);
      bitmap[at + 1] = Math.round(green / count);
      bitmap[at + 2] = Math.round(blue / count);
      bitmap[at + 3] = 255;
    }
  }
  return { width, height, bitmap };
}
