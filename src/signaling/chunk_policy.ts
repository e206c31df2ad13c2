/**
 * Who may be asked for what, when not every source has the whole film.
 *
 * @module
 */

import type { Bytes } from "./chunk.ts";

/** Chunks that are neither there nor under way, nearest to the playhead first. */
export interface OpenChunks {
  /** The first that passes, of the next `limit` chunks from the first open one on. */
  find(limit: number, test: (chunk: number) => boolean): number | undefined;
}

/** Decides for a `ChunkScheduler` whose sources have parts of a film. */
export interface ChunkPolicy {
  /** There is a source. */
  added(source: string): void;
  /** A source is gone. */
  removed(source: string): void;
  /** Whether a source may be asked for a chunk that is needed now. */
  may(source: string, chunk: number, now: number): boolean;
  /** What a source is asked for ahead of the playhead. */
  ahead(source: string, open: OpenChunks, now: number): number | undefined;
  /** A chunk of so many bytes came whole from a source, so long after it was asked for. */
  landed(source: string, bytes: number, tookMs: number): void;
  /** A chunk is there. */
  accepted(chunk: number): void;
  /** A chunk was thrown away. */
  forgotten(chunk: number): void;
  /** A source says that it cannot give a chunk. */
  denied(source: string, chunk: number): void;
  /** A source says something that the receiver does not know. */
  heard(source: string, frame: Bytes): void;
  /** A small message went to a source at `sent` of our clock and was there at `arrived` of its, ms. */
  measured(source: string, sent: number, arrived: number): void;
  /** A source was left because what it gave is wrong. */
  left(source: string): void;
  /** When the answers change by time alone. */
  nextTimeoutAt(now: number): number | undefined;
}
