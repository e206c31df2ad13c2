/**
 * A picture in the square that a model wants: as large as fits, in the middle,
 * grey around it.
 *
 * @module
 */

/** The grey of the border, which models were trained with. */
const BORDER = 114 / 255;

/** Where the picture lies in the model's input. */
export interface Letterbox {
  /** The model's input. */
  readonly inputWidth: number;
  readonly inputHeight: number;
  /** The picture in it. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Fits a picture of `width` × `height` into the input. */
export function letterbox(
  width: number,
  height: number,
  inputWidth: number,
  inputHeight: number,
): Letterbox {
  const scale = Math.min(inputWidth / width, inputHeight / height);
  const w = Math.max(1, Math.round(width * scale));
  const h = Math.max(1, Math.round(height * scale));
  return {
    inputWidth,
    inputHeight,
    left: (inputWidth - w) >> 1,
    top: (inputHeight - h) >> 1,
    width: w,
    height: h,
  };
}

/** An input with its border; `fillLetterbox` writes the picture into it. */
export function letterboxInput(
  { inputWidth, inputHeight }: Letterbox,
): Float32Array<ArrayBuffer> {
  return new Float32Array(3 * inputWidth * inputHeight).fill(BORDER);
}

/** Writes a picture of red, green and blue bytes, already of the box's size, as three planes from 0 to 1. */
export function fillLetterbox(
  box: Letterbox,
  rgb: Uint8Array,
  input: Float32Array,
): void {
  const plane = box.inputWidth * box.inputHeight;
  for (let y = 0, at = 0; y < box.height; y++) {
    let to = (box.top + y) * box.inputWidth + box.left;
    for (let x = 0; x < box.width; x++, to++, at += 3) {
      input[to] = rgb[at]! / 255;
      input[to + plane] = rgb[at + 1]! / 255;
      input[to + 2 * plane] = rgb[at + 2]! / 255;
    }
  }
}
