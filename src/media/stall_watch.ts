/**
 * Gives up on a transfer that does not move.
 *
 * @module
 */

/** Milliseconds without a byte after which a transfer is given up. */
export const STALL_TIMEOUT = 30_000;

/** Aborts when nothing happened for {@linkcode STALL_TIMEOUT}, or when the user's signal does. */
export class StallWatch {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#controller.abort(this.#outer?.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Watches from now on. */
  constructor(outer: AbortSignal | undefined) {
    this.#outer = outer;
    if (outer?.aborted) this.#onAbort();
    outer?.addEventListener("abort", this.#onAbort, { once: true });
    this.touch();
  }

  /** Aborts when it is time to give up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something arrived. */
  touch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () =>
        this.#controller.abort(
          new Error(`nothing came for ${STALL_TIMEOUT / 1000} s`),
        ),
      STALL_TIMEOUT,
    );
  }

  /** Ends the watch. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#onAbort);
  }
}
