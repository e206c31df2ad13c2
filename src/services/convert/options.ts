/**
 * What a conversion can be told.
 *
 * @module
 */

import type { MjpegContainer } from "../../jpeg/mod.ts";
import type { SourceSpec } from "../../media/mod.ts";

/** Where the movie goes: a file, or whatever takes bytes. */
export type ConvertOutput =
  | { readonly kind: "file"; readonly path: string }
  | {
    readonly kind: "stream";
    readonly write: (bytes: Uint8Array) => Promise<void>;
  };

/** How far a conversion is. */
export interface ConvertProgress {
  /** Frames written. */
  readonly frames: number;
  /** Frames that will come, where that is known. */
  readonly totalFrames: number | undefined;
  /** Bytes written, prefixes included. */
  readonly bytes: number;
}

/** Options of {@linkcode convertVideo}. */
export interface ConvertOptions {
  /** What to convert. */
  readonly source: SourceSpec;
  /** Where to. */
  readonly output: ConvertOutput;
  /** What is around the frames. */
  readonly container: MjpegContainer;
  /** Frames a second; the source's when `undefined`. */
  readonly fps: number | undefined;
  /** Picture size; the source's when `undefined`. */
  readonly size:
    | { readonly width: number; readonly height: number }
    | undefined;
  /** Quality, 1 to 100, of what must be encoded. */
  readonly quality: number;
  /** Largest frame in bytes; the container's own limit holds besides. */
  readonly maxFrameBytes: number;
  /** Seconds to skip at the start. */
  readonly start: number | undefined;
  /** Seconds to convert. */
  readonly duration: number | undefined;
  /** Path of ffmpeg, when the user gave one. */
  readonly ffmpeg: string | undefined;
  /** Told after each frame. */
  readonly onProgress: (progress: ConvertProgress) => void;
}

/** What a conversion has made. */
export interface ConvertResult {
  /** Frames in the movie. */
  readonly frames: number;
  /** Bytes of the movie. */
  readonly bytes: number;
  /** Frames that had to be encoded coarser to fit. */
  readonly shrunk: number;
  /** The coarsest quality among them, 1 to 99; `null` when there are none. */
  readonly lowestQuality: number | null;
  /** Bytes of the largest frame. */
  readonly largestFrame: number;
  /** Frames a second that the movie is to be played at: the file does not say. */
  readonly fps: number;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Seconds the movie lasts. */
  readonly seconds: number;
}
