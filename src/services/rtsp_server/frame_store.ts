/**
 * Frames on disk that can be read in any order, complete or still growing.
 *
 * @module
 */

import type { FrameSpan } from "../../jpeg/mod.ts";

/** The frames of one file. */
export class FrameStore {
  readonly #file: Deno.FsFile;
  readonly #spans: FrameSpan[];
  readonly #waiting = new Set<() => void>();
  readonly #onClosed: () => Promise<void>;
  #complete: boolean;
  /** Reads share one file position: one after another. */
  #busy: Promise<unknown> = Promise.resolve();
  #closed = false;

  /**
   * Takes the file over; `complete` when no more frames will be added.
   * `onClosed` is called when the file is closed.
   */
  constructor(
    file: Deno.FsFile,
    spans: readonly FrameSpan[],
    complete: boolean,
    onClosed: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.#file = file;
    this.#spans = [...spans];
    this.#complete = complete;
    this.#onClosed = onClosed;
  }

  /** Frames there are so far. */
  get count(): number {
    return this.#spans.length;
  }

  /** Whether there will be no more. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Reads a frame; `undefined` when there is none, or the file has become shorter. */
  read(index: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#inTurn(async () => {
      const span = this.#spans[index];
      if (span === undefined || this.#closed) return undefined;
      const bytes = new Uint8Array(span.length);
      await this.#file.seek(span.offset, Deno.SeekMode.Start);
      for (let length = 0; length < bytes.length;) {
        const count = await this.#file.read(bytes.subarray(length));
        if (count === null) return undefined;
        length += count;
      }
      return bytes;
    });
  }

  /** Adds a frame behind the last one. */
  append(jpeg: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const last = this.#spans.at(-1);
      const offset = last === undefined ? 0 : last.offset + last.length;
      await this.#file.seek(offset, Deno.SeekMode.Start);
      for (let at = 0; at < jpeg.length;) {
        at += await this.#file.write(jpeg.subarray(at));
      }
      this.#spans.push({ offset, length: jpeg.length });
      this.#wake();
    });
  }

  /** No more frames will be added. */
  finish(): void {
    this.#complete = true;
    this.#wake();
  }

  /** Resolves when a frame was added, or none will be. */
  grown(): Promise<void> {
    if (this.#complete || this.#closed) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** Closes the file behind the reads under way. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.finish();
    await this.#busy;
    this.#file.close();
    await this.#onClosed();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(task);
    this.#busy = done.catch(() => {});
    return done;
  }
}
