/**
 * Waiting for chunks.
 *
 * @module
 */

/** Who waits for which chunk. */
export class Arrivals {
  readonly #waiting = new Map<number, Set<() => void>>();

  /** Resolves when the chunk has come, all is over, or `signal` aborts. */
  async wait(chunk: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiters = this.#waiting.get(chunk) ?? new Set();
    this.#waiting.set(chunk, waiters);
    const wake = (): void => resolve();
    waiters.add(wake);
    signal?.addEventListener("abort", wake);
    await promise;
    signal?.removeEventListener("abort", wake);
    waiters.delete(wake);
    if (waiters.size === 0) this.#waiting.delete(chunk);
  }

  /** A chunk is there. */
  arrived(chunk: number): void {
    for (const wake of [...this.#waiting.get(chunk) ?? []]) wake();
  }

  /** Nothing will come any more. */
  end(): void {
    for (const chunk of [...this.#waiting.keys()]) this.arrived(chunk);
  }
}
