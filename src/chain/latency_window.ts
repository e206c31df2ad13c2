/**
 * Latencies over the last seconds and their percentiles.
 *
 * @module
 */

import type { LatencySummary } from "./report.ts";

/** Samples kept: 17 s at 30 frames/s, and 4 KiB. */
const MAX_SAMPLES = 512;

/** Samples older than this say nothing about now. */
const DEFAULT_WINDOW_US = 10_000_000;

/**
 * A latency beyond this, like a negative one, means that the two machines'
 * clocks differ: no hop of a live chain takes a second.
 */
const PLAUSIBLE_LATENCY_US = 1_000_000;

/** A fixed ring of latencies; adding allocates nothing. */
export class LatencyWindow {
  readonly #windowUs: number;
  readonly #samples = new Float64Array(MAX_SAMPLES);
  readonly #times = new Float64Array(MAX_SAMPLES);
  readonly #sorted = new Float64Array(MAX_SAMPLES);
  #next = 0;
  #count = 0;
  #smallest = Infinity;

  /** Looks back over `windowUs` microseconds. */
  constructor(windowUs = DEFAULT_WINDOW_US) {
    this.#windowUs = windowUs;
  }

  /**
   * True when the clocks of the two ends seem to differ: the summary then is
   * relative to the smallest latency seen since the last reset.
   */
  get relative(): boolean {
    return this.#count > 0 &&
      (this.#smallest < 0 || this.#smallest > PLAUSIBLE_LATENCY_US);
  }

  /** Notes a latency of `latencyUs`, measured at `nowUs`. */
  add(latencyUs: number, nowUs: number): void {
    this.#samples[this.#next] = latencyUs;
    this.#times[this.#next] = nowUs;
    this.#next = (this.#next + 1) % MAX_SAMPLES;
    if (this.#count < MAX_SAMPLES) this.#count++;
    if (latencyUs < this.#smallest) this.#smallest = latencyUs;
  }

  /** Percentiles of the window that ends at `nowUs`, in milliseconds. */
  summary(nowUs: number): LatencySummary {
    const base = this.relative ? this.#smallest : 0;
    let count = 0;
    for (let index = 0; index < this.#count; index++) {
      if ((this.#times[index] ?? 0) < nowUs - this.#windowUs) continue;
      this.#sorted[count++] = ((this.#samples[index] ?? 0) - base) / 1000;
    }
    const sorted = this.#sorted.subarray(0, count).sort();
    return {
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      max: sorted[count - 1] ?? 0,
      count,
    };
  }

  /** Forgets everything, as at the start of a stream. */
  reset(): void {
    this.#next = this.#count = 0;
    this.#smallest = Infinity;
  }
}

/** Nearest-rank percentile; 0 of nothing. */
function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
