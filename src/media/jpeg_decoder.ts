/**
 * A JPEG to pixels, by imagescript's decoder in WebAssembly.
 *
 * imagescript's front door also loads a native add-on, which needs
 * `--allow-ffi` and exists for five platforms only; its decoder needs neither.
 *
 * @module
 */

import { checkJpeg } from "../jpeg/mod.ts";
import type { Pixels } from "./canvas.ts";
import { MediaError } from "./errors.ts";

/** Pixels of a picture that is decoded: 8K takes 130 MB. */
export const MAX_DECODED_PIXELS = 7680 * 4320;

/** What the decoder gives. */
interface Decoded {
  readonly width: number;
  readonly height: number;
  /** Bytes a pixel: 0 is one (grey), 1 is three (red, green, blue), 2 is four (CMYK). */
  readonly format: number;
  readonly buffer: Uint8Array;
}

/** The part of the decoder's module that is used; it has no types of its own. */
interface Decoder {
  decode(jpeg: Uint8Array, width: number, height: number): Decoded;
}

async function loadDecoder(): Promise<Decoder> {
  // it takes 10 ms to load and most runs never need it
  const module = await import("imagescript/wasm/node/jpeg.js");
  return await module.default.init();
}

/**
 * Decodes `jpeg`. With `targetWidth` it may come out smaller, at 1/2, 1/4 or
 * 1/8, which is much faster, but no narrower than that.
 *
 * @throws {MediaError} when it is damaged, too large, or no picture for screens.
 */
export async function decodeJpeg(
  jpeg: Uint8Array,
  targetWidth?: number,
): Promise<Pixels> {
  try {
    const { width, height } = checkJpeg(jpeg);
    if (width * height > MAX_DECODED_PIXELS) {
      throw new RangeError(`${width}x${height} pixels are too many`);
    }
    const wanted = Math.min(width, targetWidth ?? width);
    const decoder = await loadDecoder();
    return toPixels(
      decoder.decode(jpeg, wanted, Math.ceil(height * wanted / width)),
    );
  } catch (cause) {
    throw new MediaError(
      "unreadable",
      `Cannot decode a picture: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function toPixels({ width, height, format, buffer }: Decoded): Pixels {
  if (format > 1) throw new RangeError("CMYK colours are not decoded");
  const bitmap = new Uint8Array(width * height * 4);
  const step = format === 0 ? 1 : 3;
  const next = format === 0 ? 0 : 1;
  for (let from = 0, to = 0; to < bitmap.length; from += step, to += 4) {
    bitmap[to] = buffer[from]!;
    bitmap[to + 1] = buffer[from + next]!;
    bitmap[to + 2] = buffer[from + 2 * next]!;
    bitmap[to + 3] = 255;
  }
  return { width, height, bitmap };
}
