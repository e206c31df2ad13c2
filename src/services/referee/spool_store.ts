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
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];
  #offset: number;
  #batch = new Batch();
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
    const crc = size > CHUNK_BYTES / 2
      ? this.#addPieces(frame)
      : this.#addToChunk(frame, size);
    const { kind, number, timestamp, width, height, bytes } = frame;
    this.#batch.entries.push({
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
    this.#batch.bytes += size;
    this.#waiting += size;
    this.#batch.replies.push(reply);
    this.#start();
  }

  /** `message` comes after everything before it. */
  follow(message: ServerMessage): void {
    if (!this.#isWriting) this.#listener.deliver([message]);
    else this.#batch.replies.push(message);
  }

  /** A large frame is written from where it is. */
  #addPieces(frame: SpoolFrame): number {
    this.#batch.seal();
    const header = new Uint8Array(SPOOL_HEADER_BYTES);
    const crc = writeSpoolHeader(frame, header, 0);
    this.#batch.pieces.push(header, frame.bytes);
    return crc;
  }

  #addToChunk(frame: SpoolFrame, size: number): number {
    const batch = this.#batch;
    if (
      batch.chunk === undefined || batch.chunkBytes + size > CHUNK_BYTES
    ) {
      batch.seal();
      batch.chunk = this.#spare.pop() ?? new Uint8Array(CHUNK_BYTES);
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
    while (this.#batch.entries.length + this.#batch.replies.length > 0) {
      const batch = this.#batch;
      this.#batch = new Batch();
      batch.seal();
      try {
        for (const piece of batch.pieces) await this.#write(piece);
      } catch (error) {
        this.#failed = true;
        this.#batch = new Batch();
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

  /** Two buffers are kept, one to gather and one to write; more were for a burst. */
  #recycle({ chunks }: Batch): void {
    for (const chunk of chunks) {
      if (this.#spare.length < 2) this.#spare.push(chunk);
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
