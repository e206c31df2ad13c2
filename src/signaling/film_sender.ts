/**
 * Gives a film to whoever asks: seals chunks, signs hashes, and lets no
 * transport hold more than it can send soon.
 *
 * @module
 */

import { encodeBlocks } from "./block.ts";
import {
  encodeChannelMessage,
  parseChannelMessage,
} from "./channel_message.ts";
import type { ChannelMessage, ChannelSender } from "./channel_message.ts";
import { type Bytes, CHUNK_BYTES } from "./chunk.ts";
import { SignalProtocolError } from "./error.ts";
import type { FilmManifest } from "./manifest.ts";
import { type HostIdentity, sha256 } from "./identity.ts";
import { encodeHashPage, HASHES_PER_PAGE } from "./hash_page.ts";
import { NONCE_BYTES, sealChunk } from "./seal.ts";
import { TokenBucket } from "./token_bucket.ts";
import {
  type FilmTransport,
  type Frame,
  HIGH_WATER_BYTES,
  type PartyClock,
} from "./transport.ts";

/** Requests of one member that wait: twice the widest window. */
const MAX_QUEUED_REQUESTS = 64;
/** Sealed chunks that are kept for the next member that asks: 4 MiB. */
const MAX_SEALED_CHUNKS = 64;
/** Pages of hashes that are kept: those of 4 GiB, 2 MiB of memory. */
const MAX_PAGES = 1024;

/** An uplink that many share. */
export interface SharedUplink {
  /** Sends to this transport: 0, and it is counted, or ms to wait before asking again. */
  take(transport: FilmTransport, bytes: number, now: number): number;
}

/** What a sender is made of. */
export interface FilmSenderParts {
  /** The film. */
  readonly manifest: FilmManifest;
  /** Who signs; who did not make the film hands on signed pages instead. */
  readonly identity?: HostIdentity;
  /** Gives signed pages to be handed on, as soon as they are there. */
  readonly hashPage?: (page: number) => Promise<Bytes>;
  /** Who is sent how much when, in place of a fixed limit. */
  readonly uplink?: SharedUplink;
  /** Seals chunks. */
  readonly key: CryptoKey;
  /** Gives a chunk of the file. */
  readonly read: (chunk: number) => Promise<Bytes>;
  /** Random bytes. */
  readonly random: (length: number) => Bytes;
  /** Time. */
  readonly clock: PartyClock;
  /** Who it speaks for. */
  readonly from: ChannelSender;
  /** Upload at most, bytes a second; without limit when left out. */
  readonly bytesPerSecond?: number;
  /** A transport is served from now on: what it has to know first. */
  readonly onAttach?: (transport: FilmTransport) => void;
  /** More connections are asked for by whoever is at this transport. */
  readonly onConnections?: (transport: FilmTransport, count: number) => void;
}

/** A film that can be asked for. */
export class FilmSender {
  readonly #parts: FilmSenderParts;
  readonly #filmId: Bytes;
  readonly #sealed = new Map<number, Promise<Bytes>>();
  readonly #pages = new Map<number, Promise<Bytes>>();
  readonly #transports = new Set<FilmTransport>();
  readonly #cap: TokenBucket | undefined;
  /** Bytes of frames sent. */
  sentBytes = 0;
  /** Chunks sent. */
  sentChunks = 0;

  /** A sender without anybody to send to. */
  constructor(parts: FilmSenderParts) {
    this.#parts = parts;
    this.#filmId = Uint8Array.fromHex(parts.manifest.filmId);
    const rate = parts.bytesPerSecond;
    this.#cap = rate === undefined
      ? undefined
      : new TokenBucket(Math.max(2 * CHUNK_BYTES, rate / 8), rate);
  }

  /** The film. */
  get manifest(): FilmManifest {
    return this.#parts.manifest;
  }

  /** Transports that are served now. */
  get open(): number {
    return this.#transports.size;
  }

  /** The transports that are served now. */
  get transports(): Iterable<FilmTransport> {
    return this.#transports;
  }

  /** Serves whoever is at the other end. */
  attach(transport: FilmTransport): void {
    const queue: number[] = [];
    let wake: (() => void) | undefined;
    let open = true;
    this.#transports.add(transport);
    transport.listen({
      frame: (frame) => {
        const chunk = this.#hear(transport, frame);
        if (chunk === undefined) return;
        if (queue.length >= MAX_QUEUED_REQUESTS) {
          this.#say(transport, { type: "chunk-missing", chunk });
          return;
        }
        queue.push(chunk);
        // Sealed while those before it are sent; what fails is seen when its turn comes.
        this.sealed(chunk).catch(() => {});
        wake?.();
      },
      closed: () => {
        open = false;
        this.#transports.delete(transport);
        wake?.();
      },
    });
    this.#say(transport, { type: "stream-start", data: this.manifest });
    this.#parts.onAttach?.(transport);
    const serve = async (): Promise<void> => {
      while (open) {
        const chunk = queue.shift();
        if (chunk === undefined) {
          await new Promise<void>((resolve) => wake = resolve);
          wake = undefined;
        } else await this.#sendChunk(transport, chunk);
      }
    };
    serve().catch(() => transport.close());
  }

  /** Tells all that it is over, and closes their transports. */
  close(): void {
    for (const transport of [...this.#transports]) {
      this.#say(transport, { type: "stream-end" });
      transport.close();
    }
  }

  /** A sealed chunk, also for the relay over HTTP, which cannot take deflated ones. */
  sealed(chunk: number, deflate = true): Promise<Bytes> {
    return deflate
      ? kept(
        this.#sealed,
        chunk,
        MAX_SEALED_CHUNKS,
        () => this.#seal(chunk, true),
      )
      : this.#seal(chunk, false);
  }

  /** A signed page of hashes, as a frame. */
  hashPage(page: number): Promise<Bytes> {
    return kept(this.#pages, page, MAX_PAGES, () => this.#makePage(page));
  }

  #hear(transport: FilmTransport, frame: Frame): number | undefined {
    if (typeof frame !== "string") return undefined;
    try {
      const message = parseChannelMessage(frame);
      switch (message?.type) {
        case "chunk-request":
          if (message.chunk < this.manifest.totalChunks) return message.chunk;
          break;
        case "hash-request":
          this.#sendPage(transport, message.page);
          break;
        case "connections":
          this.#parts.onConnections?.(transport, message.count);
          break;
        case "ping":
          this.#say(transport, { type: "pong", sent: message.sent });
      }
    } catch (error) {
      if (!(error instanceof SignalProtocolError)) throw error;
      transport.close(); // who speaks nonsense gets nothing
    }
    return undefined;
  }

  async #sendChunk(transport: FilmTransport, chunk: number): Promise<void> {
    let sealed: Bytes;
    try {
      sealed = await this.sealed(chunk);
    } catch {
      // The file is gone or was cut: whoever asks must know.
      this.#say(transport, { type: "chunk-missing", chunk });
      return;
    }
    // A data channel is quickest with small messages, a WebSocket with large ones.
    const whole = transport.kind !== "rtc";
    for (const frame of encodeBlocks(chunk, sealed, whole)) {
      for (;;) {
        const wait = this.#wait(transport, frame.length);
        if (wait === 0) break;
        await new Promise<void>((resolve) =>
          this.#parts.clock.after(wait, resolve)
        );
      }
      if (transport.bufferedAmount > HIGH_WATER_BYTES) {
        await transport.drained();
      }
      transport.send(frame);
      this.sentBytes += frame.length;
    }
    this.sentChunks++;
  }

  #wait(transport: FilmTransport, bytes: number): number {
    const { clock, uplink } = this.#parts;
    const now = clock.now();
    if (uplink !== undefined) return uplink.take(transport, bytes, now);
    if (this.#cap === undefined || this.#cap.take(bytes, now)) return 0;
    return this.#cap.waitFor(bytes, now);
  }

  #sendPage(transport: FilmTransport, page: number): void {
    if (page * HASHES_PER_PAGE >= this.manifest.totalChunks) return;
    this.hashPage(page).then(
      (frame) => transport.send(frame),
      () => transport.close(),
    );
  }

  async #seal(chunk: number, deflate: boolean): Promise<Bytes> {
    const { key, read, random } = this.#parts;
    return await sealChunk(
      key,
      { filmId: this.#filmId, chunk },
      await read(chunk),
      random(NONCE_BYTES),
      deflate,
    );
  }

  async #makePage(page: number): Promise<Bytes> {
    const { manifest, read, identity, hashPage } = this.#parts;
    if (identity === undefined) {
      if (hashPage !== undefined) return await hashPage(page);
      throw new Error("Cannot give hashes: nobody signs them");
    }
    const first = page * HASHES_PER_PAGE;
    const count = Math.min(HASHES_PER_PAGE, manifest.totalChunks - first);
    const hashes = new Uint8Array(count * 32);
    for (let index = 0; index < count; index++) {
      hashes.set(await sha256(await read(first + index)), index * 32);
    }
    return await encodeHashPage(manifest.filmId, { page, hashes }, identity);
  }

  #say(transport: FilmTransport, message: ChannelMessage): void {
    const { from, clock } = this.#parts;
    transport.send(encodeChannelMessage(message, from, clock.now()));
  }
}

/** From the map, or made and kept there; the oldest goes when there are too many. */
function kept(
  map: Map<number, Promise<Bytes>>,
  key: number,
  most: number,
  make: () => Promise<Bytes>,
): Promise<Bytes> {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
    value.catch(() => map.delete(key)); // perhaps it works next time
    if (map.size > most) map.delete(map.keys().next().value ?? key);
  }
  return value;
}
