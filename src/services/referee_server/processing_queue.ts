/**
 * Recordings are processed one after another: two at once would take twice as
 * long each, and the frames of others need the machine too. Where other
 * machines do the work, several are under way.
 *
 * @module
 */

/** Recordings that may wait; a server that is this far behind has another trouble. */
export const MAX_QUEUE = 64;

/** A recording in the queue. */
export interface QueuedJob {
  /** Settles with the outcome. */
  readonly done: Promise<void>;
  /** Takes it out, or stops it. */
  cancel(): void;
}

interface Waiting {
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly moved: (position: number) => void;
  readonly abort: AbortController;
  readonly outcome: PromiseWithResolvers<void>;
}

/** The queue. */
export class ProcessingQueue {
  readonly #waiting: Waiting[] = [];
  readonly #running = new Set<Waiting>();
  readonly #width: number;
  #idle: (() => void) | undefined;
  #closed = false;

  /** A queue that processes `width` recordings at once. */
  constructor(width = 1) {
    this.#width = width;
  }

  /** Recordings that wait or are processed. */
  get length(): number {
    return this.#waiting.length + this.#running.size;
  }

  /** Whether no more may be added. */
  get isFull(): boolean {
    return this.#closed || this.#waiting.length >= MAX_QUEUE;
  }

  /** Adds a recording; `moved` is told how many are before it, at once and whenever that changes. */
  add(
    run: (signal: AbortSignal) => Promise<void>,
    moved: (position: number) => void,
  ): QueuedJob {
    const abort = new AbortController();
    const outcome = Promise.withResolvers<void>();
    const waiting = { run, moved, abort, outcome };
    moved(Math.max(0, this.length - this.#width + 1));
    this.#waiting.push(waiting);
    this.#next();
    return {
      done: outcome.promise,
      cancel: () => {
        abort.abort(
          new DOMException("The recording was given up", "AbortError"),
        );
        const at = this.#waiting.indexOf(waiting);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        outcome.reject(abort.signal.reason);
      },
    };
  }

  #next(): void {
    if (this.#running.size >= this.#width || this.#closed) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#running.add(next);
    const { run, abort, outcome } = next;
    run(abort.signal).then(outcome.resolve, outcome.reject).finally(() => {
      this.#running.delete(next);
      if (this.#running.size === 0) this.#idle?.();
      for (const [position, { moved }] of this.#waiting.entries()) {
        moved(position);
      }
      this.#next();
    });
  }

  /** Begins nothing new; what runs gets `graceMs` and is stopped then. What waits is given up. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    for (const { abort, outcome } of this.#waiting.splice(0)) {
      abort.abort();
      outcome.reject(new DOMException("The server is closing", "AbortError"));
    }
    if (this.#running.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    const timer = setTimeout(() => {
      for (const { abort } of this.#running) {
        abort.abort(new DOMException("The server is closing", "AbortError"));
      }
    }, graceMs);
    await promise;
    clearTimeout(timer);
  }
}
