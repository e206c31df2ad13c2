/**
 * Hands frames out at their rate.
 *
 * @module
 */

/** Being later than this starts a new schedule, µs: a suspended laptop must not send the missed hour at once. */
export const MAX_CATCH_UP_US = 1_000_000;

/** What a pacer is given. */
export interface PaceOptions {
  /** Frames a second. */
  readonly fps: number;
  /** Ends the sequence. */
  readonly signal?: AbortSignal | undefined;
  /** A steady clock, µs; `performance.now()` by default. */
  readonly now?: () => number;
  /** Resolves at `time` µs of that clock, or when the signal aborts. */
  readonly sleepUntil?: (time: number, signal?: AbortSignal) => Promise<void>;
}

/**
 * The same items, each not before its deadline: item k is due at t0 + k / fps,
 * counted from the first, so that late wake-ups never add up. A producer or
 * consumer that is late is caught up with, up to {@linkcode MAX_CATCH_UP_US};
 * beyond that the schedule begins anew at the late item, without a burst.
 */
export async function* paceFrames<T>(
  frames: AsyncIterable<T>,
  options: PaceOptions,
): AsyncGenerator<T, void, undefined> {
  const { signal, now = steadyNow, sleepUntil = steadySleep } = options;
  const interval = 1e6 / options.fps;
  let anchor: number | undefined;
  let index = 0;
  for await (const frame of frames) {
    if (signal?.aborted) return;
    anchor ??= now();
    const deadline = anchor + index * interval;
    const late = now() - deadline;
    if (late > MAX_CATCH_UP_US) {
      anchor += late;
    } else if (late < 0) {
      await sleepUntil(deadline, signal);
      if (signal?.aborted) return;
    }
    index++;
    yield frame;
  }
}

function steadyNow(): number {
  return performance.now() * 1000;
}

function steadySleep(time: number, signal?: AbortSignal): Promise<void> {
  const delay = (time - steadyNow()) / 1000;
  if (delay <= 0 || signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, delay);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
    signal?.addEventListener("abort", done, { once: true });
  });
}
