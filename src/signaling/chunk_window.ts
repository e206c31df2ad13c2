/**
 * How quickly chunks come by a path, and how many may be under way on it.
 *
 * @module
 */

import { CHUNK_BYTES } from "./chunk.ts";

/** Chunks under way from a source, at least. Measured: at 20 Mbit/s and 50 ms three fill the path. */
export const MIN_WINDOW = 3;
/** On a path this quick more of them cost no waiting, ms. */
const QUICK_LATENCY_MS = 10;
/** Chunks under way on a quick path: 1 MiB is 0.1 s even at 100 Mbit/s. */
const QUICK_WINDOW = 16;
/** Chunks that shrink below this part when they are sealed are an index's. */
const SMALL = 0.6;
/** Chunks under way, at most: 40 Mbit/s at 400 ms. */
export const MAX_WINDOW = 32;
/** Arrivals that make a source's rate. */
export const RATE_SAMPLES = 16;

/** What is known of a path. */
export interface Pace {
  /** Its last chunks. */
  readonly arrivals: readonly { readonly at: number; readonly bytes: number }[];
  /** From asking to having a chunk at its best, ms. */
  readonly minLatency: number;
  /** Chunks that may be under way. */
  readonly window: number;
}

/** Bytes a millisecond over the last arrivals. */
export function rateOf({ arrivals }: Pick<Pace, "arrivals">): number {
  const first = arrivals[0];
  const last = arrivals.at(-1);
  if (first === undefined || last === undefined || last.at <= first.at) {
    return 0;
  }
  const bytes = arrivals.reduce((sum, one) => sum + one.bytes, -first.bytes);
  return bytes / (last.at - first.at);
}

/**
 * The window after a chunk: what the path holds, which is what arrives in a
 * quickest round trip, and one more, to notice that it holds more. Chunks are
 * counted and not bytes, because those of an index are a third as long; as long
 * as only such have come the window doubles with each round trip, as in TCP's
 * slow start, and nothing queues by that.
 */
export function nextWindow({ window, minLatency, arrivals }: Pace): number {
  const bytes = arrivals.reduce((sum, one) => sum + one.bytes, 0);
  const passed = (arrivals.at(-1)?.at ?? 0) - (arrivals[0]?.at ?? 0);
  const held = passed > 0 ? (arrivals.length - 1) / passed * minLatency : 0;
  const isSmall = bytes < SMALL * CHUNK_BYTES * arrivals.length;
  const least = minLatency < QUICK_LATENCY_MS ? QUICK_WINDOW : MIN_WINDOW;
  const wanted = isSmall && held > 0
    ? Math.min(window + 1, Math.ceil(2 * held))
    : Math.ceil(held) + 1;
  return Math.min(MAX_WINDOW, Math.max(least, wanted));
}
