/**
 * Frames in memory, for servers that may not write any to disk.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import {
  type ServerMessage,
  type SpoolFrame,
  SpoolIndex,
} from "../../referee/mod.ts";
import type {
  FrameReading,
  FrameStore,
  FrameStoreListener,
} from "./frame_store.ts";

/** Holds every frame until it is closed. */
export class MemoryStore implements FrameStore {
  /** What is held; the offset is the frame's place. */
  readonly index = new SpoolIndex();
  readonly #listener: FrameStoreListener;
  #frames: Uint8Array[] = [];
  #bytes = 0;

  /** An empty store. */
  constructor(listener: FrameStoreListener) {
    this.#listener = listener;
  }

  /** Bytes of all frames. */
  get memoryBytes(): number {
    return this.#bytes;
  }

  /** Never: whoever asks for room is refused before. */
  get isFull(): boolean {
    return false;
  }

  /** Keeps a frame. */
  append(frame: SpoolFrame, reply: ServerMessage): void {
    const { bytes, ...facts } = frame;
    this.index.push({
      ...facts,
      offset: this.#frames.length,
      length: bytes.length,
      crc: crc32(bytes),
    });
    // The socket's bytes are its own.
    this.#frames.push(new Uint8Array(bytes));
    this.#bytes += bytes.length;
    this.#listener.deliver([reply]);
  }

  /** Everything before it is safe already. */
  follow(message: ServerMessage): void {
    this.#listener.deliver([message]);
  }

  /** At once. */
  flushed(): Promise<void> {
    return Promise.resolve();
  }

  /** Gives the frames back. */
  open(): Promise<FrameReading> {
    return Promise.resolve({
      read: (entry, target) => {
        const bytes = this.#frames[entry.offset];
        if (bytes === undefined) {
          return Promise.reject(
            new Error(`Cannot read frame ${entry.number}: it was given up`),
          );
        }
        target.set(bytes);
        return Promise.resolve();
      },
      close: () => {},
    });
  }

  /** Forgets all frames. */
  close(): Promise<void> {
    this.#frames = [];
    this.#bytes = 0;
    return Promise.resolve();
  }
}
