/**
 * Takes a film from its sources: asks for chunks, puts them together, opens and
 * checks them, and hands out only what the host has signed.
 *
 * @module
 */

import { BlockAssembler, isBlock, readBlock } from "./block.ts";
import {
  type ChannelSender,
  encodeChannelMessage,
  parseChannelMessage,
} from "./channel_message.ts";
import type { Bytes } from "./chunk.ts";
import { ChunkScheduler, type SourceFigures } from "./chunk_scheduler.ts";
import { SignalProtocolError } from "./error.ts";
import {
  type FilmManifest,
  type HashPage,
  isHashPage,
  matchesHash,
  pageOf,
  verifyHashPage,
} from "./manifest.ts";
import { openChunk } from "./seal.ts";
import type {
  FilmTransport,
  Frame,
  PartyClock,
  TransportKind,
} from "./transport.ts";

/** How often a source's round trip is measured, ms. */
const PING_MS = 2000;

/** Where chunks are kept. */
export interface ChunkStore {
  /** Keeps a chunk. */
  put(chunk: number, bytes: Bytes): void | Promise<void>;
  /** A chunk that was kept. */
  get(chunk: number): Bytes | undefined | Promise<Bytes | undefined>;
}

/** What a receiver is made of. */
export interface FilmReceiverParts {
  /** The film, verified. */
  readonly manifest: FilmManifest;
  /** The host's key, from `verifyManifest`. */
  readonly pageKey: CryptoKey;
  /** Opens chunks. */
  readonly key: CryptoKey;
  /** Who asks. */
  readonly from: ChannelSender;
  /** Time. */
  readonly clock: PartyClock;
  /** Where chunks go. */
  readonly store: ChunkStore;
  /** Download at most, bytes a second. */
  readonly bytesPerSecond?: number;
  /** A chunk is there. */
  readonly onChunk?: (chunk: number, bytes: Bytes) => void;
  /** A source did wrong; when `left` it is not asked any more. */
  readonly onProblem?: (source: string, reason: string, left: boolean) => void;
  /** A source is gone. */
  readonly onSourceClosed?: (source: string) => void;
}

/** A source, for people. */
export interface ReceiverSource extends SourceFigures {
  /** What carries it. */
  readonly kind: TransportKind;
  /** Round trip of a small message, ms. */
  readonly roundTripMs: number | undefined;
}

interface Attached {
  readonly transport: FilmTransport;
  readonly assembler: BlockAssembler;
  roundTripMs: number | undefined;
  stopPing: () => void;
}

interface Wanted {
  readonly promise: Promise<HashPage>;
  readonly resolve: (page: HashPage) => void;
  /** Sources that were asked. */
  readonly asked: Set<string>;
}

/** A film on its way. */
export class FilmReceiver {
  readonly #parts: FilmReceiverParts;
  readonly #filmId: Bytes;
  readonly #scheduler: ChunkScheduler;
  readonly #sources = new Map<string, Attached>();
  readonly #pages = new Map<number, Wanted>();
  readonly #waiting = new Map<number, Set<() => void>>();
  readonly #complete = Promise.withResolvers<void>();
  #cancelTimer: () => void = () => {};
  #closed = false;
  /** Bytes of frames that came. */
  receivedBytes = 0;
  /** Chunks refused because they were not what the host signed. */
  refusedChunks = 0;

  /** A receiver without sources. */
  constructor(parts: FilmReceiverParts) {
    this.#parts = parts;
    this.#filmId = Uint8Array.fromHex(parts.manifest.filmId);
    this.#scheduler = new ChunkScheduler(
      parts.manifest.totalChunks,
      parts.bytesPerSecond,
    );
    if (parts.manifest.totalChunks === 0) this.#complete.resolve();
    // Who plays and never asks for the whole film does not listen to it.
    this.#complete.promise.catch(() => {});
  }

  /** The film. */
  get manifest(): FilmManifest {
    return this.#parts.manifest;
  }

  /** Resolves when every chunk is there; rejects when it is closed before. */
  get complete(): Promise<void> {
    return this.#complete.promise;
  }

  /** Chunks that are there. */
  get count(): number {
    return this.#scheduler.count;
  }

  /** Whether a chunk is there. */
  has(chunk: number): boolean {
    return this.#scheduler.has(chunk);
  }

  /** Chunks that are there without a gap from this one on. */
  runFrom(chunk: number): number {
    return this.#scheduler.runFrom(chunk);
  }

  /** The sources and how they are doing. */
  sources(): ReceiverSource[] {
    return this.#scheduler.figures().flatMap((figures) => {
      const attached = this.#sources.get(figures.id);
      return attached === undefined ? [] : [{
        ...figures,
        kind: attached.transport.kind,
        roundTripMs: attached.roundTripMs,
      }];
    });
  }

  /** Takes chunks from this transport too. */
  attach(id: string, transport: FilmTransport): void {
    if (this.#closed) {
      transport.close();
      return;
    }
    const attached: Attached = {
      transport,
      assembler: new BlockAssembler(),
      roundTripMs: undefined,
      stopPing: () => {},
    };
    this.#sources.set(id, attached);
    this.#scheduler.addSource(id, this.#now());
    transport.listen({
      frame: (frame) => this.#hear(id, attached, frame),
      closed: () => this.#detach(id),
    });
    // Pages that nobody has given yet are asked of this one too.
    for (const [page, wanted] of this.#pages) this.#askPage(page, wanted, id);
    this.#ping(attached);
    this.#pump();
  }

  /** The film is played from this chunk; `ahead` chunks are wanted. */
  setPlayhead(chunk: number, ahead: number): void {
    this.#scheduler.setPlayhead(chunk, ahead);
    this.#pump();
  }

  /** A chunk, before all else that is wanted. Rejects when the receiver closes or `signal` aborts. */
  async read(chunk: number, signal?: AbortSignal): Promise<Bytes> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#closed) throw new Error("Cannot read the film: it is closed");
      if (this.#scheduler.has(chunk)) {
        const bytes = await this.#parts.store.get(chunk);
        if (bytes !== undefined) return bytes;
        this.#scheduler.forget(chunk);
      }
      const release = this.#scheduler.demand(chunk, chunk);
      try {
        this.#pump();
        await this.#arrival(chunk, signal);
      } finally {
        release();
      }
    }
  }

  /** A chunk was thrown away by the store. */
  forget(chunk: number): void {
    this.#scheduler.forget(chunk);
  }

  /** Asks a source's member for so many connections. */
  askForConnections(sourceId: string, count: number): void {
    const source = this.#sources.get(sourceId);
    if (source !== undefined) {
      this.#say(source.transport, { type: "connections", count });
    }
  }

  /** Ends it, and all its transports. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#complete.reject(new Error("Cannot receive the film: it is closed"));
    this.#cancelTimer();
    for (const [id, { transport }] of [...this.#sources]) {
      transport.close();
      this.#detach(id);
    }
    for (const waiters of this.#waiting.values()) {
      for (const wake of waiters) wake();
    }
    this.#waiting.clear();
  }

  #now(): number {
    return this.#parts.clock.now();
  }

  async #arrival(chunk: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiters = this.#waiting.get(chunk) ?? new Set();
    this.#waiting.set(chunk, waiters);
    waiters.add(resolve);
    signal?.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    waiters.delete(resolve);
    if (waiters.size === 0) this.#waiting.delete(chunk);
  }

  #detach(id: string): void {
    const source = this.#sources.get(id);
    if (source === undefined) return;
    source.stopPing();
    this.#sources.delete(id);
    this.#scheduler.removeSource(id);
    for (const { asked } of this.#pages.values()) asked.delete(id);
    this.#parts.onSourceClosed?.(id);
    this.#pump();
  }

  /** Asks for what is to be asked for, and comes back when time alone changes that. */
  #pump(): void {
    if (this.#closed) return;
    this.#cancelTimer();
    const now = this.#now();
    for (const { source, chunk } of this.#scheduler.expire(now)) {
      this.#sources.get(source)?.assembler.forget(chunk);
    }
    for (const { source, chunk } of this.#scheduler.next(now)) {
      const attached = this.#sources.get(source);
      if (attached === undefined) continue;
      this.#page(pageOf(chunk));
      this.#say(attached.transport, { type: "chunk-request", chunk });
    }
    const next = this.#scheduler.nextTimeoutAt(now);
    this.#cancelTimer = next === undefined
      ? () => {}
      : this.#parts.clock.after(Math.max(1, next - now), () => this.#pump());
  }

  #hear(id: string, source: Attached, frame: Frame): void {
    const now = this.#now();
    this.receivedBytes += frame.length;
    this.#scheduler.activity(id, now);
    try {
      if (typeof frame === "string") this.#hearMessage(id, source, frame);
      else if (isBlock(frame)) {
        const block = readBlock(frame);
        if (!this.#scheduler.wasAsked(id, block.chunk)) return;
        const sealed = source.assembler.push(block);
        if (sealed === undefined) return;
        this.#scheduler.landed(id, block.chunk, sealed.length, now);
        this.#check(id, block.chunk, sealed);
        this.#pump();
      } else if (isHashPage(frame)) this.#takePage(id, frame);
    } catch (error) {
      if (!(error instanceof SignalProtocolError)) throw error;
      this.#leave(id, error.message);
    }
  }

  #hearMessage(id: string, source: Attached, text: string): void {
    const message = parseChannelMessage(text);
    switch (message?.type) {
      case "chunk-missing":
        this.#scheduler.missing(id, message.chunk, this.#now());
        this.#pump();
        break;
      case "pong":
        source.roundTripMs = Math.max(0, this.#now() - message.sent);
        break;
      case "ping":
        this.#say(source.transport, { type: "pong", sent: message.sent });
        break;
      case "stream-end":
        source.transport.close();
    }
  }

  async #check(id: string, chunk: number, sealed: Bytes): Promise<void> {
    const { key, store, onChunk } = this.#parts;
    try {
      const plain = await openChunk(
        key,
        { filmId: this.#filmId, chunk },
        sealed,
      );
      const page = await this.#page(pageOf(chunk));
      if (!await matchesHash(page, chunk, plain)) {
        throw new SignalProtocolError(
          "bad-seal",
          `Cannot take chunk ${chunk}: it is not what the host signed`,
        );
      }
      if (this.#closed) return;
      await store.put(chunk, plain);
      this.#scheduler.accepted(chunk);
      onChunk?.(chunk, plain);
      const waiters = this.#waiting.get(chunk);
      if (waiters !== undefined) { for (const wake of [...waiters]) wake(); }
      if (this.#scheduler.count === this.manifest.totalChunks) {
        this.#complete.resolve();
      }
    } catch (error) {
      if (!(error instanceof SignalProtocolError)) {
        this.#complete.reject(error); // the store failed: a full disk
        return;
      }
      this.refusedChunks++;
      const leave = this.#scheduler.rejected(id, chunk);
      if (leave) this.#leave(id, error.message);
      else this.#parts.onProblem?.(id, error.message, false);
    }
    this.#pump();
  }

  #page(page: number): Promise<HashPage> {
    let wanted = this.#pages.get(page);
    if (wanted === undefined) {
      const { promise, resolve } = Promise.withResolvers<HashPage>();
      wanted = { promise, resolve, asked: new Set() };
      this.#pages.set(page, wanted);
    }
    if (wanted.asked.size === 0) {
      for (const id of this.#sources.keys()) this.#askPage(page, wanted, id);
    }
    return wanted.promise;
  }

  #askPage(page: number, wanted: Wanted, id: string): void {
    const source = this.#sources.get(id);
    if (source === undefined || wanted.asked.has(id)) return;
    wanted.asked.add(id);
    this.#say(source.transport, { type: "hash-request", page });
  }

  async #takePage(id: string, frame: Bytes): Promise<void> {
    const { manifest, pageKey } = this.#parts;
    try {
      const page = await verifyHashPage(manifest, pageKey, frame);
      this.#pages.get(page.page)?.resolve(page);
    } catch (error) {
      if (!(error instanceof SignalProtocolError)) throw error;
      this.#leave(id, error.message);
    }
  }

  #leave(id: string, reason: string): void {
    const source = this.#sources.get(id);
    if (source === undefined) return;
    this.#parts.onProblem?.(id, reason, true);
    source.transport.close();
    this.#detach(id);
  }

  #ping(source: Attached): void {
    this.#say(source.transport, { type: "ping", sent: this.#now() });
    source.stopPing = this.#parts.clock.after(
      PING_MS,
      () => this.#ping(source),
    );
  }

  #say(
    transport: FilmTransport,
    message: Parameters<typeof encodeChannelMessage>[0],
  ): void {
    transport.send(
      encodeChannelMessage(message, this.#parts.from, this.#now()),
    );
  }
}
