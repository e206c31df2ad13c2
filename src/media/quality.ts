/**
 * One scale of JPEG quality for every command.
 *
 * @module
 */

/** The quality that the chain's document names. */
export const DEFAULT_QUALITY = 80;

/** ffmpeg's coarsest `-q:v`. */
const COARSEST = 31;

/** ffmpeg's finest `-q:v` that its rate control allows by default. */
const FINEST = 2;

/**
 * ffmpeg's `-q:v` for a quality of 1 (worst) to 100 (best).
 *
 * The scale is libjpeg's: its quality q means quantiser tables scaled to
 * 5000/q % below 50 and to 200 − 2q % from there on, and a `-q:v` step is
 * about a tenth of that percentage: 90 → 2, 80 → 4, 75 → 5, 50 → 10, 25 → 20,
 * 16 and less → 31.
 */
export function ffmpegQuality(quality: number): number {
  const percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  return Math.min(COARSEST, Math.max(FINEST, Math.round(percent / 10)));
}
