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
 * Bytes of frames in memory, of all files: a minute of the course project's
 * film, and small beside the process itself.
 */
export const MAX_CACHED_BYTES = 24 * 1024 * 1024;

/** What a frame that cannot be sent is kept as. */
type Outcome = PackedFrame | "unfit";

/** The frames used last, of all files. */
export class FrameCache {
  readonly #log: Logger;
  readonly #maxBytes: number;
  /** In the order of their use. */
  readonly #frames = new Map<string, Outcome>();
  readonly #loading = new Map<string, Promise<Outcome>>();
  readonly #ids = new WeakMap<FrameStore, number>();
  #stores = 0;
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
    const key = this.#key(store, index);
    const frame = this.#frames.get(key);
    if (frame === undefined) return undefined;
    this.#frames.delete(key);
    this.#frames.set(key, frame);
    return frame;
  }

  /** Reads and packetises a frame unless it is at hand; "unfit" when that cannot be done. */
  load(store: FrameStore, index: number): Promise<Outcome> {
    const known = this.get(store, index);
    if (known !== undefined) return Promise.resolve(known);
    const key = this.#key(store, index);
    let loading = this.#loading.get(key);
    if (loading === undefined) {
      loading = this.#read(store, index)
        .then((outcome) => this.#keep(key, outcome))
        .finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    return loading;
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

  #keep(key: string, outcome: Outcome): Outcome {
    this.#frames.set(key, outcome);
    this.#bytes += sizeOf(outcome);
    for (const [oldest, frame] of this.#frames) {
      if (this.#bytes <= this.#maxBytes || oldest === key) break;
      this.#frames.delete(oldest);
      this.#bytes -= sizeOf(frame);
    }
    return outcome;
  }

  #key(store: FrameStore, index: number): string {
    let id = this.#ids.get(store);
    if (id === undefined) this.#ids.set(store, id = this.#stores++);
    return `${id}:${index}`;
  }
}

function sizeOf(outcome: Outcome): number {
  return outcome === "unfit" ? 0 : outcome.bytes.length + outcome.jpeg.length;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
