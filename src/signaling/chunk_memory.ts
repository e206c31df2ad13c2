/**
 * Chunks in memory, as many as there is room for: what lies behind the play
 * position goes first, then what is farthest ahead.
 *
 * @module
 */

import type { Bytes } from "./chunk.ts";
import type { ChunkStore } from "./film_receiver.ts";

/** Chunks that a page keeps: 512 MiB, what a phone can spare. */
export const MEMORY_CHUNKS = 8192;

/** A store with room for so many chunks. */
export class ChunkMemory implements ChunkStore {
  readonly #most: number;
  readonly #chunks = new Map<number, Bytes>();
  readonly #forgotten: (chunk: number) => void;
  /** The chunk that is played; what is before it is thrown away first. */
  playhead = 0;

  /** Keeps at most `most` chunks; `forgotten` hears which were thrown away. */
  constructor(most: number, forgotten: (chunk: number) => void) {
    this.#most = most;
    this.#forgotten = forgotten;
  }

  /** Chunks that are kept. */
  get size(): number {
    return this.#chunks.size;
  }

  /** Keeps a chunk, and throws away another one when there is no room. */
  put(chunk: number, bytes: Bytes): void {
    this.#chunks.set(chunk, bytes);
    if (this.#chunks.size <= this.#most) return;
    let victim = chunk;
    let worst = -Infinity;
    for (const kept of this.#chunks.keys()) {
      // The index of a film is in its first chunk, which is asked for again and again.
      if (kept === chunk || kept === 0) continue;
      const ahead = kept - this.playhead;
      const cost = ahead < 0 ? 1e9 - ahead : ahead;
      if (cost > worst) {
        worst = cost;
        victim = kept;
      }
    }
    this.#chunks.delete(victim);
    this.#forgotten(victim);
  }

  /** A chunk that is kept. */
  get(chunk: number): Bytes | undefined {
    return this.#chunks.get(chunk);
  }
}
