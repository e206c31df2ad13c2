/**
 * A MJPEG stream on standard input.
 *
 * @module
 */

import {
  describeMjpegWarning,
  DETECT_BYTES,
  detectContainer,
  MjpegError,
  parseJpeg,
} from "../jpeg/mod.ts";
import type { MjpegFraming } from "../jpeg/mod.ts";
import type { Logger } from "../log/mod.ts";
import { MediaError } from "./errors.ts";
import { BaseSource, READ_AHEAD_FRAMES } from "./frame_source.ts";
import { readJpegs } from "./jpeg_stream.ts";
import { DEFAULT_MJPEG_FPS } from "./mjpeg_file_source.ts";

/** How the stream is read. */
export interface StdinOptions {
  /** The stream's bytes. */
  readonly input: ReadableStream<Uint8Array>;
  /** Frames a second; {@linkcode DEFAULT_MJPEG_FPS} by default. */
  readonly fps?: number | undefined;
  /** Seconds to play. */
  readonly duration?: number | undefined;
  /** Told what is wrong with the stream. */
  readonly log: Logger;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** Name of standard input in messages. */
const LABEL = "standard input";

/**
 * JPEGs from a pipe, in one of the three file containers or as multipart. What
 * writes into the pipe waits for us, so nothing is dropped. It can be read once.
 */
export class StdinSource extends BaseSource {
  readonly #jpegs: AsyncGenerator<Uint8Array<ArrayBuffer>>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #first: Uint8Array | undefined;

  private constructor(
    options: StdinOptions,
    first: Uint8Array,
    jpegs: AsyncGenerator<Uint8Array<ArrayBuffer>>,
    reader: ReadableStreamDefaultReader<Uint8Array>,
  ) {
    const { width, height } = parseJpeg(first);
    super({
      label: LABEL,
      live: false,
      fps: options.fps ?? DEFAULT_MJPEG_FPS,
      width,
      height,
      totalFrames: undefined,
      duration: options.duration,
      readAhead: READ_AHEAD_FRAMES,
      signal: options.signal,
    });
    this.#first = first;
    this.#jpegs = jpegs;
    this.#reader = reader;
  }

  /**
   * Waits for the first frame.
   *
   * @throws {MediaError} when what comes is no MJPEG stream.
   */
  static async open(options: StdinOptions): Promise<StdinSource> {
    const { input, log, signal } = options;
    const reader = input.getReader();
    const onAbort = (): void => void reader.cancel().catch(() => {});
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const head = await readHead(reader);
      const framing = detectFraming(head);
      if (framing === undefined) {
        throw unreadable("it is no MJPEG stream; give a video by its name");
      }
      const jpegs = readJpegs(chunks(head, reader), framing, (mjpeg) => {
        for (const warning of mjpeg.takeWarnings()) {
          log.warn(`${LABEL}: ${describeMjpegWarning(warning)}`);
        }
      });
      const { value } = await jpegs.next();
      if (!(value instanceof Uint8Array)) {
        throw unreadable("it ended before the first whole frame");
      }
      return new StdinSource(options, value, jpegs, reader);
    } catch (error) {
      signal?.throwIfAborted();
      await reader.cancel().catch(() => {}); // the pipe may be broken already
      if (error instanceof SyntaxError) throw unreadable(error.message);
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** The stream from its first frame on. */
  protected override async *produce(
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const onAbort = (): void => void this.#reader.cancel().catch(() => {});
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    try {
      if (this.#first !== undefined) {
        const first = this.#first;
        this.#first = undefined;
        yield first;
      }
      yield* this.#jpegs;
    } catch (error) {
      if (error instanceof MjpegError) throw unreadable(error.message);
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Lets go of standard input. */
  protected override async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {}); // it may be broken already
    await this.#jpegs.return(undefined);
  }
}

function unreadable(why: string): MediaError {
  return new MediaError("unreadable", `Cannot read ${LABEL}: ${why}`);
}

function detectFraming(head: Uint8Array): MjpegFraming | undefined {
  const isMultipart = head[0] === 0x2d && head[1] === 0x2d;
  return isMultipart ? "multipart" : detectContainer(head);
}

/** The first bytes, at least as many as it takes to tell the container. */
async function readHead(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<Uint8Array> {
  let head = new Uint8Array(0);
  while (head.length < DETECT_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    const longer = new Uint8Array(head.length + value.length);
    longer.set(head);
    longer.set(value, head.length);
    head = longer;
  }
  return head;
}

async function* chunks(
  head: Uint8Array,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield head;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
