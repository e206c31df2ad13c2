/**
 * Series of measurements over time: gaps closed, outliers taken out, smoothed by
 * time and not by frame, so that 15 and 60 frames/s give the same curve.
 *
 * @module
 */

/** Fills what is `NaN` between two measurements no further than `maxGap` seconds apart; what is before the first or after the last stays. */
export function fillGaps(
  times: ArrayLike<number>,
  values: Float64Array,
  maxGap: number,
): void {
  let last = -1;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    if (last >= 0 && i > last + 1 && times[i]! - times[last]! <= maxGap) {
      const slope = (values[i]! - values[last]!) / (times[i]! - times[last]!);
      for (let j = last + 1; j < i; j++) {
        values[j] = values[last]! + slope * (times[j]! - times[last]!);
      }
    }
    last = i;
  }
}

/** Replaces single values that stand off their neighbours by more than `limit` by `NaN`. */
export function dropSpikes(values: Float64Array, limit: number): void {
  const original = values.slice();
  for (let i = 1; i + 1 < values.length; i++) {
    const [before, here, after] = [
      original[i - 1]!,
      original[i]!,
      original[i + 1]!,
    ];
    const middle = (before + after) / 2;
    if (
      Math.abs(here - middle) > limit + Math.abs(after - before) / 2
    ) values[i] = NaN;
  }
}

/**
 * Values and their slopes from a local line, with weights that fall off as a
 * normal distribution of `sigma` seconds; `NaN` where there is nothing near.
 */
export function smoothSeries(
  times: ArrayLike<number>,
  values: ArrayLike<number>,
  sigma: number,
): { values: Float64Array; slopes: Float64Array } {
  const count = times.length;
  const out = new Float64Array(count).fill(NaN);
  const slopes = new Float64Array(count).fill(NaN);
  let first = 0;
  for (let i = 0; i < count; i++) {
    if (Number.isNaN(values[i])) continue;
    while (times[i]! - times[first]! > 3 * sigma) first++;
    let [s0, s1, s2, v0, v1] = [0, 0, 0, 0, 0];
    for (let j = first; j < count; j++) {
      const t = times[j]! - times[i]!;
      if (t > 3 * sigma) break;
      const value = values[j]!;
      if (Number.isNaN(value)) continue;
      const w = Math.exp(-0.5 * t * t / (sigma * sigma));
      s0 += w;
      s1 += w * t;
      s2 += w * t * t;
      v0 += w * value;
      v1 += w * t * value;
    }
    const det = s0 * s2 - s1 * s1;
    if (det > 1e-12 * s0 * s0) {
      out[i] = (s2 * v0 - s1 * v1) / det;
      slopes[i] = (s0 * v1 - s1 * v0) / det;
    } else {
      out[i] = v0 / s0;
      slopes[i] = 0;
    }
  }
  return { values: out, slopes };
}

/** The value that `share` of the numbers are below; `NaN` of none. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return NaN;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[
    Math.min(sorted.length - 1, Math.floor(share * sorted.length))
  ]!;
}
