/**
 * Looks at the frames of a session while they still arrive, so that little is
 * left to do after the last one.
 *
 * It takes JPEGs that come in the order of their numbers. At the first frame
 * that is something else it gives up, and the video is looked at afterwards.
 *
 * @module
 */

import { type FfmpegProcess, spawnFfmpeg } from "../../media/mod.ts";
import type { ArrivingFrame } from "../../referee/mod.ts";
import { SceneObserver } from "../../vision/mod.ts";
import { lowerProcess } from "../referee/low_priority.ts";
import { grayOutput, readPictures } from "./picture_reader.ts";
import type { PictureSize } from "./picture_size.ts";

/** Sessions that are looked at while they arrive; more would need the machine that takes their frames. */
export const MAX_LIVE = 2;

let live = 0;

/** One session that is looked at while it arrives. */
export class LiveTracker {
  readonly #size: PictureSize;
  readonly #observer: SceneObserver;
  readonly #process: FfmpegProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<number>;
  readonly #lowered: Promise<boolean>;
  readonly #numbers: number[] = [];
  #failed = false;
  #open = true;

  private constructor(ffmpeg: string, size: PictureSize, stride: number) {
    live++;
    let index = 0;
    this.#size = size;
    this.#observer = new SceneObserver(size.width, size.height);
    this.#process = spawnFfmpeg(ffmpeg, [
      ...["-probesize", "32", "-analyzeduration", "0", "-threads", "1"],
      // A multipart stream says how long each JPEG is; ffmpeg need not guess.
      ...["-lowres", String(size.lowres), "-f", "mpjpeg", "-i", "pipe:0"],
      ...grayOutput(size),
    ], { stdin: "piped", stdout: "piped", swift: true });
    this.#lowered = lowerProcess(this.#process.pid);
    this.#writer = this.#process.stdin.getWriter();
    this.#writer.closed.catch(() => {}); // told by the write
    this.#reading = readPictures(
      this.#process,
      size.width * size.height,
      (pixels) => {
        if (index++ % stride === 0) {
          this.#observer.push({ ...this.#size, pixels });
        }
      },
    );
    this.#reading.catch(() => this.#failed = true);
  }

  /** Begins to look at every `stride`th frame; `undefined` when enough sessions are looked at already. */
  static start(
    ffmpeg: string,
    size: PictureSize,
    stride: number,
  ): LiveTracker | undefined {
    return live >= MAX_LIVE ? undefined : new LiveTracker(ffmpeg, size, stride);
  }

  /** The next frame; `false` when it cannot be looked at, and none after it. */
  async frame({ kind, number, bytes }: ArrivingFrame): Promise<boolean> {
    const last = this.#numbers.at(-1);
    if (
      this.#failed || kind !== "jpeg" || last !== undefined && number <= last
    ) return false;
    this.#numbers.push(number);
    const head = new TextEncoder().encode(
      `--frame\r\nContent-type: image/jpeg\r\nContent-length: ${bytes.length}\r\n\r\n`,
    );
    const part = new Uint8Array(head.length + bytes.length + 2);
    part.set(head);
    part.set(bytes, head.length);
    part.set([13, 10], head.length + bytes.length);
    try {
      await this.#writer.write(part);
      return true;
    } catch {
      return false;
    }
  }

  /** What was observed, when it was exactly the frames of `numbers`. */
  async finish(
    numbers: ArrayLike<number>,
  ): Promise<SceneObserver | undefined> {
    const same = numbers.length === this.#numbers.length &&
      this.#numbers.every((number, i) => number === numbers[i]);
    if (!same || this.#failed) {
      await this.close();
      return undefined;
    }
    try {
      await this.#writer.close();
      const count = await this.#reading;
      return count === numbers.length ? this.#observer : undefined;
    } catch {
      return undefined;
    } finally {
      await this.close();
    }
  }

  /** Ends the decoder. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    live--;
    // A stream that is locked is not closed by the process itself.
    this.#writer.abort().catch(() => {});
    await this.#process.stop();
    await this.#reading.catch(() => {});
    await this.#lowered;
  }
}
