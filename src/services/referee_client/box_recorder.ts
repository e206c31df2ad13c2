/**
 * Listens to a scoring box while a phrase is recorded.
 *
 * @module
 */

import { ScoringBoxLog } from "../../referee/mod.ts";

/** The box's word for the end of a phrase. */
const ENDED = /recording ended/i;

/** Collects what the box says. */
export class BoxRecorder {
  readonly #log = new ScoringBoxLog();
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #ended = Promise.withResolvers<void>();
  #startedAt: number | undefined;
  #tail = "";

  /** Begins to read; what comes before `start` has time 0. */
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
    this.#read().catch(() => {}); // a line that breaks is a line that ends
  }

  /** The first frame was taken now. */
  start(): void {
    this.#startedAt ??= performance.now();
  }

  /** Resolves when the box says that the phrase is over. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** The signal file of a recording that lasted `seconds`. */
  finish(seconds: number): Uint8Array {
    // A terminal's read cannot be called back; nobody waits for it.
    this.#reader.cancel().catch(() => {});
    return new TextEncoder().encode(this.#log.finish(seconds));
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      const now = this.#startedAt === undefined
        ? 0
        : (performance.now() - this.#startedAt) / 1000;
      this.#log.push(value, now);
      const text = this.#tail + decoder.decode(value, { stream: true });
      if (ENDED.test(text)) this.#ended.resolve();
      this.#tail = text.slice(-64);
    }
  }
}
