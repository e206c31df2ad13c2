/**
 * An output that never stops the program: lines wait in a bounded queue while
 * a reader is slow, because a relay must not stand still for a paused pager.
 *
 * @module
 */

import type { OutputSink } from "./host.ts";

/** Most bytes that wait for a slow reader; what comes then is dropped and counted. */
const MAX_QUEUED = 8 * 1024 * 1024;

/** Milliseconds until a full non-blocking pipe is tried again. */
const RETRY_DELAY = 5;

/** Writes text and bytes to a sink, in order. */
export class OutputWriter {
  readonly #sink: OutputSink;
  readonly #closed = new AbortController();
  readonly #encoder = new TextEncoder();
  #queue: Uint8Array[] = [];
  #queued = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;

  constructor(sink: OutputSink) {
    this.#sink = sink;
  }

  /** Aborts when the reader is gone; from then on everything written is thrown away. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Pieces dropped because nobody read. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Puts text behind what waits. */
  write(text: string): void {
    this.#push(this.#encoder.encode(text));
  }

  /** Writes bytes and resolves when they, and all before them, are written or the reader is gone. */
  async writeBytes(bytes: Uint8Array): Promise<void> {
    this.#push(bytes);
    await this.flush();
  }

  /** Resolves when nothing waits any more. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  #push(bytes: Uint8Array): void {
    if (this.closed.aborted) return;
    if (this.#queued > MAX_QUEUED) {
      this.#dropped++;
      return;
    }
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    this.#writing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    // One turn later, so that what is written in one go is one system call.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const bytes = this.#takeAll();
      if (!await this.#writeAll(bytes)) {
        this.#queue = [];
        this.#closed.abort();
      }
      this.#queued -= bytes.length;
    }
    this.#writing = undefined;
  }

  #takeAll(): Uint8Array {
    const parts = this.#queue;
    this.#queue = [];
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    const all = new Uint8Array(
      parts.reduce((sum, part) => sum + part.length, 0),
    );
    let offset = 0;
    for (const part of parts) {
      all.set(part, offset);
      offset += part.length;
    }
    return all;
  }

  /** `false` when the reader is gone (EPIPE), or the output cannot be written for any other reason. */
  async #writeAll(bytes: Uint8Array): Promise<boolean> {
    let offset = 0;
    while (offset < bytes.length) {
      try {
        offset += await this.#sink.write(bytes.subarray(offset));
      } catch (error) {
        if (!(error instanceof Error) || error.name !== "WouldBlock") {
          return false;
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
      }
    }
    return true;
  }
}
