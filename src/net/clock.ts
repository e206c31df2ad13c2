/**
 * The shells' clock, in the units the cores take.
 *
 * @module
 */

/**
 * Microseconds since the Unix epoch, from the monotonic clock: it does not
 * jump when somebody sets the time, and two processes on one machine agree to
 * some tens of microseconds when they were started on the same time of day.
 */
export function nowMicros(): number {
  return (performance.timeOrigin + performance.now()) * 1000;
}

/**
 * Waits until `nowMicros()` has reached `untilUs`, or the signal aborts.
 * Resolves in both cases: the caller looks at its signal.
 */
export function sleepUntil(
  untilUs: number,
  signal?: AbortSignal,
): Promise<void> {
  const delay = (untilUs - nowMicros()) / 1000;
  if (delay <= 0 || signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delay);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/**
 * Signals that are waited for. Deno 2.7 collects one that `AbortSignal.any` made
 * although somebody listens to it, and then it never aborts.
 */
const awaited = new Set<AbortSignal>();

/** Resolves when the signal aborts, at once when it has. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  awaited.add(signal);
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => {
      awaited.delete(signal);
      resolve();
    }, { once: true })
  );
}
