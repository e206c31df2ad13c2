/**
 * Takes a film from its sources: asks for chunks, puts them together, opens and
 * checks them, and hands out only what the host has signed.
 *
 * @module
 */

import { Arrivals } from "./arrivals.ts";
import { BlockAssembler, isBlock, readBlock } from "./block.ts";
import {
  type ChannelMessage,
  type ChannelSender,
  encodeChannelMessage,
  parseChannelMessage,
} from "./channel_message.ts";
import type { Bytes } from "./chunk.ts";
import type { ChunkPolicy } from "./chunk_policy.ts";
import { ChunkScheduler, type SourceFigures } from "./chunk_scheduler.ts";
import { SignalProtocolError } from "./error.ts";
import { isHashPage, matchesHash, pageOf } from "./hash_page.ts";
import { HashPages } from "./hash_pages.ts";
import type { FilmManifest } from "./manifest.ts";
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
  /** Who is asked for what, when not every source has the whole film. */
  readonly policy?: ChunkPolicy;
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

/** A film on its way. */
export class FilmReceiver {
  readonly #parts: FilmReceiverParts;
  readonly #filmId: Bytes;
  readonly #scheduler: ChunkScheduler;
  readonly #sources = new Map<string, Attached>();
  readonly #pages: HashPages;
  readonly #arrivals = new Arrivals();
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
      parts.policy,
    );
    this.#pages = new HashPages({
      ...parts,
      ask: (id, page) => this.#say(id, { type: "hash-request", page }),
    });
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

  /** A page of hashes as the host has signed it, when it is there. */
  async pageFrame(page: number): Promise<Bytes> {
    await this.#pages.get(page);
    return this.#pages.frameOf(page)!;
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
    this.#pages.addSource(id);
    this.#ping(id, attached);
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
        await this.#arrivals.wait(chunk, signal);
      } finally {
        release();
      }
    }
  }

  /** A chunk was thrown away by the store. */
  forget(chunk: number): void {
    this.#scheduler.forget(chunk);
  }

  /** A source is asked for nothing more, and closed when it has given what it was asked for. */
  retire(id: string): void {
    this.#scheduler.retire(id);
    this.#closeIfDone(id);
  }

  /** A source is asked for nothing while it is held. */
  hold(id: string, held: boolean): void {
    this.#scheduler.hold(id, held);
    this.#pump();
  }

  /** A source is closed at once; it is asked for nothing more. */
  detach(id: string): void {
    this.#sources.get(id)?.transport.close();
    this.#detach(id);
  }

  /** Asks a source's member for so many connections. */
  askForConnections(sourceId: string, count: number): void {
    this.#say(sourceId, { type: "connections", count });
  }

  /** Ends it, and all its transports. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#complete.reject(new Error("Cannot receive the film: it is closed"));
    this.#cancelTimer();
    for (const id of [...this.#sources.keys()]) this.detach(id);
    this.#arrivals.end();
  }

  #now(): number {
    return this.#parts.clock.now();
  }

  #detach(id: string): void {
    const source = this.#sources.get(id);
    if (source === undefined) return;
    source.stopPing();
    this.#sources.delete(id);
    this.#scheduler.removeSource(id);
    this.#pages.removeSource(id);
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
      this.#closeIfDone(source);
    }
    for (const { source, chunk } of this.#scheduler.next(now)) {
      void this.#pages.get(pageOf(chunk));
      this.#say(source, { type: "chunk-request", chunk });
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
        this.#closeIfDone(id);
      } else if (isHashPage(frame)) {
        this.#pages.take(frame).catch((error) => this.#blame(id, error));
      } else if (this.#parts.policy !== undefined) {
        this.#parts.policy.heard(id, frame);
        this.#pump();
      }
    } catch (error) {
      this.#blame(id, error);
    }
  }

  /** Who says what the protocol does not have is left; any other error is ours. */
  #blame(id: string, error: unknown): void {
    if (!(error instanceof SignalProtocolError)) throw error;
    this.#leave(id, error.message);
  }

  #hearMessage(id: string, source: Attached, text: string): void {
    const message = parseChannelMessage(text);
    switch (message?.type) {
      case "chunk-missing":
        this.#scheduler.missing(id, message.chunk, this.#now());
        this.#pump();
        this.#closeIfDone(id);
        break;
      case "pong":
        source.roundTripMs = Math.max(0, this.#now() - message.sent);
        if (message.at !== undefined) {
          this.#parts.policy?.measured(id, message.sent, message.at);
        }
        break;
      case "ping":
        this.#say(id, { type: "pong", sent: message.sent });
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
      const page = await this.#pages.get(pageOf(chunk));
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
      this.#arrivals.arrived(chunk);
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

  #leave(id: string, reason: string): void {
    const source = this.#sources.get(id);
    if (source === undefined) return;
    this.#parts.policy?.left(id);
    this.#parts.onProblem?.(id, reason, true);
    this.detach(id);
  }

  #closeIfDone(id: string): void {
    if (this.#scheduler.isDone(id)) this.detach(id);
  }

  #ping(id: string, source: Attached): void {
    this.#say(id, { type: "ping", sent: this.#now() });
    source.stopPing = this.#parts.clock.after(
      PING_MS,
      () => this.#ping(id, source),
    );
  }

  #say(id: string, message: ChannelMessage): void {
    const { from } = this.#parts;
    this.#sources.get(id)?.transport.send(
      encodeChannelMessage(message, from, this.#now()),
    );
  }
}
