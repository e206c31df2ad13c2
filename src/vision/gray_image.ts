/**
 * Pictures in grey, the only kind that the tracker looks at.
 *
 * @module
 */

/** A picture in grey, a byte a pixel, row by row. */
export interface GrayImage {
  readonly width: number;
  readonly height: number;
  /** `width * height` bytes. */
  readonly pixels: Uint8Array;
}

/** An empty (black) picture. */
export function grayImage(width: number, height: number): GrayImage {
  return { width, height, pixels: new Uint8Array(width * height) };
}

/** The picture at half its size; each pixel is the mean of four. An odd last row or column is left out. */
export function halve(image: GrayImage): GrayImage {
  const width = image.width >> 1;
  const height = image.height >> 1;
  const out = new Uint8Array(width * height);
  const { pixels, width: stride } = image;
  for (let y = 0, at = 0; y < height; y++) {
    let above = 2 * y * stride;
    let below = above + stride;
    for (let x = 0; x < width; x++, at++, above += 2, below += 2) {
      out[at] = (pixels[above]! + pixels[above + 1]! + pixels[below]! +
        pixels[below + 1]! + 2) >> 2;
    }
  }
  return { width, height, pixels: out };
}
