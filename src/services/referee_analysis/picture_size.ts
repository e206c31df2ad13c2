/**
 * The size at which pictures are looked at, and what a decoder may leave out.
 *
 * @module
 */

/** Pixels across: enough for a body of 90 pixels in a picture of a whole piste. */
export const ANALYSIS_WIDTH = 480;

/** Rows of a picture that is higher than wide, at most. */
const MAX_HEIGHT = 1080;

/** Halvings that a JPEG decoder can do while it decodes. */
const MAX_LOWRES = 3;

/** Pictures a second that are looked at, about: between them nobody moves far. */
const MAX_FPS = 60;

/** Every how many frames of a video of so many frames a second are looked at. */
export function frameStride(fps: number): number {
  return fps > 0 ? Math.max(1, Math.round(fps / MAX_FPS)) : 1;
}

/** How to decode a video for the tracker. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
  /** ffmpeg's `-lowres`: 2 decodes a quarter of each side, which costs a third. */
  readonly lowres: number;
}

/** The size for a video of `width` × `height`. */
export function pictureSize(width: number, height: number): PictureSize {
  const across = Math.min(ANALYSIS_WIDTH, width);
  const down = Math.max(1, Math.round(height * across / width));
  const scale = Math.min(1, MAX_HEIGHT / down);
  return {
    width: Math.max(1, Math.round(across * scale)),
    height: Math.max(1, Math.round(down * scale)),
    lowres: Math.max(
      0,
      Math.min(MAX_LOWRES, Math.floor(Math.log2(width / across))),
    ),
  };
}
