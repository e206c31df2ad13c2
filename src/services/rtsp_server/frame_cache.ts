/**
 * Packetised frames of files, kept as long as viewers come by: however many
 * watch a file, each frame is read and packetised once.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import type { FrameStore } from "./frame_store.ts";
import { type PackedFrame, packFrame } from "./packed_frame.ts";

/**
 * Bytes of frames in memory, of all files: some twenty seconds of the course
 * project's film. What falls out is read again in a millisecond.
 */
export const MAX_CACHED_BYTES = 24 * 1024 * 1024;

/** What a frame that cannot be sent is kept as. */
type Outcome = PackedFrame | "unfit";

interface Entry {
  readonly outcome: Outcome;
  /** Counts uses of all frames: the smallest is the one that goes. */
  used: number;
}

/** The frames used last, of all files. */
export class FrameCache {
  readonly #log: Logger;
  readonly #maxBytes: number;
  readonly #frames = new Map<FrameStore, Map<number, Entry>>();
  readonly #loading = new Map<FrameStore, Map<number, Promise<Outcome>>>();
  #uses = 0;
  #bytes = 0;

  /** An empty one. */
  constructor(options: { log: Logger; maxBytes?: number }) {
    this.#log = options.log;
    this.#maxBytes = options.maxBytes ?? MAX_CACHED_BYTES;
  }

  /** Bytes it holds. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The frame if it is at hand. */
  get(store: FrameStore, index: number): Outcome | undefined {
    const entry = this.#frames.get(store)?.get(index);
    if (entry === undefined) return undefined;
    entry.used = ++this.#uses;
    return entry.outcome;
  }

  /** Sees to it that a frame will be at hand. */
  prefetch(store: FrameStore, index: number): void {
    if (this.#frames.get(store)?.has(index) === true) return;
    void this.load(store, index);
  }

  /** Reads and packetises a frame unless it is at hand; "unfit" when that cannot be done. */
  load(store: FrameStore, index: number): Promise<Outcome> {
    const known = this.get(store, index);
    if (known !== undefined) return Promise.resolve(known);
    const pending = ofStore(this.#loading, store);
    let loading = pending.get(index);
    if (loading === undefined) {
      loading = this.#read(store, index)
        .then((outcome) => this.#keep(store, index, outcome))
        .finally(() => {
          pending.delete(index);
          if (pending.size === 0) this.#loading.delete(store);
        });
      pending.set(index, loading);
    }
    return loading;
  }

  /** Forgets the frames of a store that is closed. */
  forget(store: FrameStore): void {
    for (const { outcome } of this.#frames.get(store)?.values() ?? []) {
      this.#bytes -= sizeOf(outcome);
    }
    this.#frames.delete(store);
  }

  async #read(store: FrameStore, index: number): Promise<Outcome> {
    try {
      const jpeg = await store.read(index);
      if (jpeg !== undefined) return packFrame(jpeg);
      this.#log.warn(`Cannot read frame ${index}: the file has become shorter`);
    } catch (error) {
      this.#log.warn(`Cannot send frame ${index}: ${messageOf(error)}`);
    }
    return "unfit";
  }

  #keep(store: FrameStore, index: number, outcome: Outcome): Outcome {
    const entry = { outcome, used: ++this.#uses };
    ofStore(this.#frames, store).set(index, entry);
    this.#bytes += sizeOf(outcome);
    while (this.#bytes > this.#maxBytes && this.#dropOldest(entry));
    return outcome;
  }

  /** Drops the frame whose use is longest ago; `false` when only `kept` is left. */
  #dropOldest(kept: Entry): boolean {
    let oldest: { store: FrameStore; index: number; entry: Entry } | undefined;
    for (const [store, frames] of this.#frames) {
      for (const [index, entry] of frames) {
        if (entry === kept || entry.used > (oldest?.entry.used ?? Infinity)) {
          continue;
        }
        oldest = { store, index, entry };
      }
    }
    if (oldest === undefined) return false;
    const frames = this.#frames.get(oldest.store)!;
    frames.delete(oldest.index);
    if (frames.size === 0) this.#frames.delete(oldest.store);
    this.#bytes -= sizeOf(oldest.entry.outcome);
    return true;
  }
}

function ofStore<T>(
  all: Map<FrameStore, Map<number, T>>,
  store: FrameStore,
): Map<number, T> {
  let own = all.get(store);
  if (own === undefined) all.set(store, own = new Map());
  return own;
}

function sizeOf(outcome: Outcome): number {
  return outcome === "unfit" ? 0 : outcome.bytes.length + outcome.jpeg.length;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
