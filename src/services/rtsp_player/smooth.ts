/**
 * Running means.
 *
 * @module
 */

/** Weight of the newest value. */
const SMOOTHING = 1 / 8;

/** The mean with one more value in it. */
export function smooth(mean: number | undefined, value: number): number {
  return mean === undefined ? value : mean + (value - mean) * SMOOTHING;
}
