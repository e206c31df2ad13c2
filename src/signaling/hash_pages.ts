/**
 * The signed hashes that a receiver needs: asked of every source, because any
 * of them may be the quickest, and checked once.
 *
 * @module
 */

import type { Bytes } from "./chunk.ts";
import { type HashPage, verifyHashPage } from "./hash_page.ts";
import type { FilmManifest } from "./manifest.ts";

interface Wanted {
  readonly promise: Promise<HashPage>;
  readonly resolve: (page: HashPage) => void;
  /** Sources that were asked. */
  readonly asked: Set<string>;
  /** Whether it is there. */
  there: boolean;
}

/** What they are made of. */
export interface HashPagesParts {
  /** The film, verified. */
  readonly manifest: FilmManifest;
  /** The host's key, from `verifyManifest`. */
  readonly pageKey: CryptoKey;
  /** Asks a source for a page. */
  readonly ask: (source: string, page: number) => void;
}

/** Pages of a film. */
export class HashPages {
  readonly #parts: HashPagesParts;
  readonly #pages = new Map<number, Wanted>();
  readonly #sources = new Set<string>();
  readonly #frames = new Map<number, Bytes>();

  /** None yet. */
  constructor(parts: HashPagesParts) {
    this.#parts = parts;
  }

  /** A source can be asked: for what is missing it is. */
  addSource(id: string): void {
    this.#sources.add(id);
    for (const [page, wanted] of this.#pages) {
      if (!wanted.there) this.#ask(page, wanted, id);
    }
  }

  /** A source is gone. */
  removeSource(id: string): void {
    this.#sources.delete(id);
    for (const { asked } of this.#pages.values()) asked.delete(id);
  }

  /** A page, asked for when it is not there. */
  get(page: number): Promise<HashPage> {
    let wanted = this.#pages.get(page);
    if (wanted === undefined) {
      const { promise, resolve } = Promise.withResolvers<HashPage>();
      wanted = { promise, resolve, asked: new Set(), there: false };
      this.#pages.set(page, wanted);
    }
    if (!wanted.there) {
      for (const id of this.#sources) this.#ask(page, wanted, id);
    }
    return wanted.promise;
  }

  /**
   * A page has come.
   *
   * @throws {SignalProtocolError} when it is malformed or forged.
   */
  async take(frame: Bytes): Promise<void> {
    const { manifest, pageKey } = this.#parts;
    const page = await verifyHashPage(manifest, pageKey, frame);
    const wanted = this.#pages.get(page.page);
    if (wanted === undefined) return;
    wanted.there = true;
    wanted.resolve(page);
    this.#frames.set(page.page, frame);
  }

  /** A page that is there as the host has signed it, to be handed on. */
  frameOf(page: number): Bytes | undefined {
    return this.#frames.get(page);
  }

  #ask(page: number, { asked }: Wanted, source: string): void {
    if (asked.has(source)) return;
    asked.add(source);
    this.#parts.ask(source, page);
  }
}
