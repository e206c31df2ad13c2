/**
 * Where a session's frames are kept.
 *
 * @module
 */

import type {
  ServerMessage,
  SpoolEntry,
  SpoolFrame,
  SpoolIndex,
} from "../../referee/mod.ts";

/** Told of what becomes of frames. */
export interface FrameStoreListener {
  /** What was stored before these is safe: they may be sent, in this order. */
  deliver(messages: readonly ServerMessage[]): void;
  /** There is room again after `isFull`. */
  room(): void;
  /** Frames cannot be kept any more. */
  failed(error: unknown): void;
}

/** Frames of one session, in the order of their arrival. */
export interface FrameStore {
  /** What is safe. */
  readonly index: SpoolIndex;
  /** Bytes of memory that frames take now. */
  readonly memoryBytes: number;
  /** Whether whoever sends should wait for `room`. */
  readonly isFull: boolean;
  /** Keeps a frame; `reply` is delivered when it is safe. */
  append(frame: SpoolFrame, reply: ServerMessage): void;
  /** `message` is delivered when everything before it is safe. */
  follow(message: ServerMessage): void;
  /** Resolves when everything is safe, or cannot be any more. */
  flushed(): Promise<void>;
  /** Opens the frames for reading; several may read at once. */
  open(): Promise<FrameReading>;
  /** Ends writing; what is safe stays. */
  close(): Promise<void>;
}

/** Reads frames back. */
export interface FrameReading {
  /**
   * Reads a frame's bytes into `target`, whose length is the frame's.
   *
   * @throws {Error} when they are not what was stored.
   */
  read(entry: SpoolEntry, target: Uint8Array): Promise<void>;
  /** Ends reading. */
  close(): void;
}
