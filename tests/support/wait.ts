/**
 * Waiting in tests: for a condition, for a promise, and (the one permitted
 * sleep) to see that nothing happens.
 *
 * @module
 */

/** How long a test waits before it calls the thing it waits for absent. */
export const PATIENCE_MS = 20_000;

/** Between two looks at a condition: short beside a frame at 30 frames/s. */
const LOOK_EVERY_MS = 5;

/** How to wait. */
export interface WaitOptions {
  /** Milliseconds before the wait fails. */
  within?: number;
  /** What is waited for, for the message of the failure. */
  what?: string;
}

/**
 * Resolves when `condition` gives something other than `false`, `null` or
 * `undefined`, with that value.
 *
 * @throws {Error} when the time is over.
 */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  { within = PATIENCE_MS, what = "a condition" }: WaitOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + within;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== null && value !== undefined) {
      return value as Exclude<T, false | null | undefined>;
    }
    if (performance.now() > deadline) {
      throw new Error(`Cannot wait longer for ${what}: ${within} ms are over`);
    }
    await pause(LOOK_EVERY_MS);
  }
}

/**
 * The outcome of `promise`, when it settles in time.
 *
 * @throws {Error} when the time is over; the promise itself goes on.
 */
export async function settled<T>(
  promise: Promise<T>,
  { within = PATIENCE_MS, what = "a promise" }: WaitOptions = {},
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new Error(`Cannot wait longer for ${what}: ${within} ms are over`),
        ),
      within,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Lets `ms` milliseconds pass, to assert afterwards that nothing happened in
 * them. Never a way to wait for something.
 */
export async function quietFor(ms: number): Promise<void> {
  await pause(ms);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
