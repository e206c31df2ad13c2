/**
 * Frames in an append-only file: written before they are acknowledged, so that
 * no acknowledged frame is lost when the program is killed.
 *
 * While one batch is being written the next one gathers, so a sender that does
 * not wait for its acks costs one write for many frames.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import {
  type ServerMessage,
  SPOOL_HEADER_BYTES,
  type SpoolEntry,
  type SpoolFrame,
  SpoolIndex,
  SpoolScanner,
  writeSpoolHeader,
} from "../../referee/mod.ts";
import type {
  FrameReading,
  FrameStore,
  FrameStoreListener,
} from "./frame_store.ts";

/** Frames up to half of this are gathered in buffers of this size. */
const CHUNK_BYTES = 1024 * 1024;

/** Bytes that may wait for the disk before the sender has to: half a second of 1080p at 30 frames/s. */
export const SPOOL_WINDOW_BYTES = 4 * 1024 * 1024;

/** Bytes read at a time when a spool is scanned. */
const SCAN_BYTES = 1024 * 1024;

/** Buffers that are kept to be used again, of all spools: more than two busy sessions write at a time. */
const MAX_SPARE_CHUNKS = 12;

/** Buffers that nobody uses now: making new ones costs more than filling them. */
const spareChunks: Uint8Array<ArrayBuffer>[] = [];

/** What is written with one turn. */
class Batch {
  readonly pieces: Uint8Array[] = [];
  readonly entries: SpoolEntry[] = [];
  readonly replies: ServerMessage[] = [];
  bytes = 0;
  /** Buffers of ours among the pieces. */
  readonly chunks: Uint8Array<ArrayBuffer>[] = [];
  /** The last piece while it has room. */
  chunk: Uint8Array<ArrayBuffer> | undefined;
  chunkBytes = 0;

  /** The chunk gets no more. */
  seal(): void {
    if (this.chunk !== undefined) {
      this.pieces.push(this.chunk.subarray(0, this.chunkBytes));
      this.chunks.push(this.chunk);
    }
    this.chunk = undefined;
    this.chunkBytes = 0;
  }
}

/** A spool that is written. */
export class SpoolStore implements FrameStore {
  /** What is in the file. */
  readonly index: SpoolIndex;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #listener: FrameStoreListener;
  #offset: number;
  /** What is not written yet, in order; the last one gathers. */
  #queue: Batch[] = [];
  #waiting = 0;
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();
  #failed = false;
  #closed = false;

  private constructor(
    path: string,
    file: Deno.FsFile,
    listener: FrameStoreListener,
    index: SpoolIndex,
    offset: number,
  ) {
    this.#path = path;
    this.#file = file;
    this.#listener = listener;
    this.index = index;
    this.#offset = offset;
  }

  /**
   * Makes a new spool.
   *
   * @throws {Deno.errors.AlreadyExists} when there is one.
   */
  static async create(
    path: string,
    listener: FrameStoreListener,
  ): Promise<SpoolStore> {
    const file = await Deno.open(path, { write: true, createNew: true });
    return new SpoolStore(path, file, listener, new SpoolIndex(), 0);
  }

  /** Goes on with a spool that was left: what is torn at its end is cut off. */
  static async resume(
    path: string,
    listener: FrameStoreListener,
  ): Promise<SpoolStore> {
    const file = await Deno.open(path, { read: true, write: true });
    try {
      const scanner = new SpoolScanner();
      const index = new SpoolIndex();
      const buffer = new Uint8Array(SCAN_BYTES);
      for (;;) {
        const count = await file.read(buffer);
        if (count === null || scanner.damaged) break;
        scanner.push(buffer.subarray(0, count));
        for (let one = scanner.next(); one; one = scanner.next()) {
          index.push(one);
        }
      }
      await file.truncate(scanner.soundBytes);
      await file.seek(scanner.soundBytes, Deno.SeekMode.Start);
      return new SpoolStore(path, file, listener, index, scanner.soundBytes);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Bytes of memory that frames take now. */
  get memoryBytes(): number {
    return this.#waiting;
  }

  /** Whether whoever sends should wait. */
  get isFull(): boolean {
    return this.#waiting >= SPOOL_WINDOW_BYTES;
  }

  /** Keeps a frame. */
  append(frame: SpoolFrame, reply: ServerMessage): void {
    if (this.#failed || this.#closed) return;
    const size = SPOOL_HEADER_BYTES + frame.bytes.length;
    const batch = this.#gathering();
    const crc = size > CHUNK_BYTES / 2
      ? this.#addPiece(batch, frame, size)
      : this.#addToChunk(batch, frame, size);
    const { kind, number, timestamp, width, height, bytes } = frame;
    batch.entries.push({
      kind,
      number,
      timestamp,
      width,
      height,
      offset: this.#offset + SPOOL_HEADER_BYTES,
      length: bytes.length,
      crc,
    });
    this.#offset += size;
    batch.bytes += size;
    this.#waiting += size;
    batch.replies.push(reply);
    this.#start();
  }

  /** `message` comes after everything before it. */
  follow(message: ServerMessage): void {
    if (!this.#isWriting) this.#listener.deliver([message]);
    else this.#gathering().replies.push(message);
  }

  /** The batch that takes what comes; a full one is acknowledged by itself, so that the sender goes on. */
  #gathering(): Batch {
    const last = this.#queue.at(-1);
    if (last !== undefined && last.bytes < CHUNK_BYTES) return last;
    const batch = new Batch();
    this.#queue.push(batch);
    return batch;
  }

  /** A large frame has a buffer of its own. */
  #addPiece(batch: Batch, frame: SpoolFrame, size: number): number {
    batch.seal();
    const piece = new Uint8Array(size);
    const crc = writeSpoolHeader(frame, piece, 0);
    piece.set(frame.bytes, SPOOL_HEADER_BYTES);
    batch.pieces.push(piece);
    return crc;
  }

  #addToChunk(batch: Batch, frame: SpoolFrame, size: number): number {
    if (
      batch.chunk === undefined || batch.chunkBytes + size > CHUNK_BYTES
    ) {
      batch.seal();
      batch.chunk = spareChunks.pop() ?? new Uint8Array(CHUNK_BYTES);
    }
    const crc = writeSpoolHeader(frame, batch.chunk, batch.chunkBytes);
    batch.chunk.set(frame.bytes, batch.chunkBytes + SPOOL_HEADER_BYTES);
    batch.chunkBytes += size;
    return crc;
  }

  #start(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#written = this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    for (
      let batch = this.#queue.shift();
      batch !== undefined;
      batch = this.#queue.shift()
    ) {
      batch.seal();
      try {
        for (const piece of batch.pieces) await this.#write(piece);
      } catch (error) {
        this.#failed = true;
        this.#queue = [];
        this.#waiting = 0;
        this.#isWriting = false;
        this.#listener.failed(error);
        return;
      }
      this.#recycle(batch);
      for (const entry of batch.entries) this.index.push(entry);
      const wasFull = this.isFull;
      this.#waiting -= batch.bytes;
      this.#listener.deliver(batch.replies);
      if (wasFull && !this.isFull) this.#listener.room();
    }
    this.#isWriting = false;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await this.#file.write(bytes.subarray(at));
    }
  }

  #recycle({ chunks }: Batch): void {
    for (const chunk of chunks) {
      if (spareChunks.length < MAX_SPARE_CHUNKS) spareChunks.push(chunk);
    }
  }

  /** Resolves when everything is in the file. */
  async flushed(): Promise<void> {
    while (this.#isWriting) await this.#written;
  }

  /** Opens the file for reading. */
  async open(): Promise<FrameReading> {
    return readSpool(await Deno.open(this.#path));
  }

  /** Ends writing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.flushed();
    this.#file.close();
  }
}

function readSpool(file: Deno.FsFile): FrameReading {
  let position = -1;
  return {
    async read(entry, target): Promise<void> {
      if (position !== entry.offset) {
        await file.seek(entry.offset, Deno.SeekMode.Start);
      }
      position = -1;
      for (let at = 0; at < target.length;) {
        const count = await file.read(target.subarray(at));
        if (count === null) break;
        at += count;
      }
      position = entry.offset + target.length;
      if (crc32(target) !== entry.crc) {
        throw new Error(
          `Cannot read frame ${entry.number} from the spool: its checksum is wrong`,
        );
      }
    },
    close: () => file.close(),
  };
}
