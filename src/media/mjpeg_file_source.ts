/**
 * MJPEG files in the three containers: their frames as they are, without any
 * other program.
 *
 * @module
 */

import { describeMjpegWarning } from "../jpeg/mod.ts";
import type { Logger } from "../log/mod.ts";
import { MediaError } from "./errors.ts";
import { BaseSource, READ_AHEAD_FRAMES } from "./frame_source.ts";
import { readJpegs } from "./jpeg_stream.ts";
import { openFile, readSpan } from "./mjpeg_index.ts";
import type { MjpegFileIndex } from "./mjpeg_index.ts";

/** Such a file has no frame rate of its own: the rate of the course project that the containers come from. */
export const DEFAULT_MJPEG_FPS = 24;

/** How a MJPEG file is played. */
export interface MjpegFileOptions {
  /** Frames a second; {@linkcode DEFAULT_MJPEG_FPS} by default. */
  readonly fps?: number | undefined;
  /** Whether it starts over at its end. */
  readonly loop?: boolean | undefined;
  /** Seconds to skip at the start. */
  readonly start?: number | undefined;
  /** Seconds to play. */
  readonly duration?: number | undefined;
  /** Told what is wrong with the file. */
  readonly log: Logger;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** The frames of a MJPEG file, byte for byte. */
export class MjpegFileSource extends BaseSource {
  readonly #index: MjpegFileIndex;
  readonly #loop: boolean;
  readonly #firstFrame: number;
  readonly #log: Logger;

  /** Plays the file that `index` is of. */
  constructor(index: MjpegFileIndex, options: MjpegFileOptions) {
    const fps = options.fps ?? DEFAULT_MJPEG_FPS;
    const first = Math.floor((options.start ?? 0) * fps);
    const isEndless = options.loop === true || !index.complete;
    super({
      label: index.path,
      live: false,
      fps,
      width: index.width,
      height: index.height,
      totalFrames: isEndless
        ? undefined
        : Math.max(0, index.spans.length - first),
      duration: options.duration,
      readAhead: READ_AHEAD_FRAMES,
      signal: options.signal,
    });
    this.#index = index;
    this.#loop = options.loop ?? false;
    this.#firstFrame = first;
    this.#log = options.log;
  }

  /** The file's frames, again and again with `loop`. */
  protected override async *produce(
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const { path, complete } = this.#index;
    let first = this.#firstFrame;
    do {
      using file = await openFile(path);
      let count = 0;
      const jpegs = complete
        ? this.#indexed(file, first)
        : this.#scanned(file, first);
      for await (const jpeg of jpegs) {
        if (signal.aborted) return;
        count++;
        yield jpeg;
      }
      // nothing after the start position: looping would spin
      if (count === 0) return;
      first = 0;
    } while (this.#loop && !signal.aborted);
  }

  async *#indexed(
    file: Deno.FsFile,
    first: number,
  ): AsyncGenerator<Uint8Array> {
    const { path, spans } = this.#index;
    for (let i = first; i < spans.length; i++) {
      const span = spans[i];
      const jpeg = span && await readSpan(file, span);
      if (jpeg === undefined) {
        throw new MediaError(
          "unreadable",
          `Cannot read ${
            JSON.stringify(path)
          }: it became shorter while it was read`,
        );
      }
      yield jpeg;
    }
  }

  async *#scanned(
    file: Deno.FsFile,
    first: number,
  ): AsyncGenerator<Uint8Array> {
    const { path, container } = this.#index;
    let number = 0;
    const chunks = readChunks(file);
    const jpegs = readJpegs(chunks, container, (reader) => {
      for (const warning of reader.takeWarnings()) {
        this.#log.warn(`"${path}": ${describeMjpegWarning(warning)}`);
      }
    });
    for await (const jpeg of jpegs) {
      if (number++ >= first) yield jpeg;
    }
  }
}

/** Bytes read at a time: a few frames. */
const CHUNK = 256 * 1024;

async function* readChunks(file: Deno.FsFile): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(CHUNK);
  for (;;) {
    const count = await file.read(chunk);
    if (count === null) return;
    yield chunk.subarray(0, count);
  }
}
