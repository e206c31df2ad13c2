/**
 * Frames as numbered JPEG files in one folder.
 *
 * @module
 */

import { join } from "node:path";
import type { Logger } from "../log/mod.ts";
import { DiskPace } from "./disk_pace.ts";
import { MediaError } from "./errors.ts";

/** Frames that wait to be written: two seconds of video while a disk wakes up. */
export const MAX_QUEUED_FRAMES = 64;

/** Bytes that wait to be written. */
export const MAX_QUEUED_BYTES = 32 * 1024 * 1024;

/** Files of ours: nothing else in the folder is ever touched. */
const FRAME_NAME = /^frame_\d{6,16}\.jpg$/;

/** How frames are kept. */
export interface FrameFolderOptions {
  /** Only the newest so many files are kept; all by default. */
  readonly keep?: number | undefined;
  /** Told once when saving fails. */
  readonly log: Logger;
  /** What the disk has shown of itself; nothing yet by default. */
  readonly pace?: DiskPace;
}

/** What has happened to the frames given to a folder. */
export interface FrameFolderStats {
  /** Written. */
  readonly saved: number;
  /** Not written because the disk is full, permission is denied, or the like. */
  readonly failed: number;
  /** Not written because too many were waiting. */
  readonly dropped: number;
}

type Task =
  | {
    readonly kind: "save";
    readonly number: number;
    readonly bytes: Uint8Array;
    readonly done: () => void;
  }
  | { readonly kind: "clear" };

const NONE: readonly number[] = [];

/** Name of a frame's file. */
export function frameFileName(frameNumber: number): string {
  return `frame_${String(frameNumber).padStart(6, "0")}.jpg`;
}

/**
 * Saves frames as `frame_%06d.jpg` under one folder: at once while the disk
 * is quick, else in the background, so that the stream never waits for the
 * disk; and it goes on when that is full.
 */
export class FrameFolder implements AsyncDisposable {
  readonly #folder: string;
  readonly #keep: number;
  readonly #log: Logger;
  readonly #pace: DiskPace;
  #tasks: Task[] = [];
  #queuedBytes = 0;
  #kept: number[] = [];
  #working: Promise<void> = Promise.resolve();
  #isWorking = false;
  #saved = 0;
  #failed = 0;
  #dropped = 0;
  #isReported = false;

  private constructor(folder: string, options: FrameFolderOptions) {
    this.#folder = folder;
    this.#keep = options.keep ?? Infinity;
    this.#log = options.log;
    this.#pace = options.pace ?? new DiskPace();
  }

  /**
   * Creates the folder where it is not there yet.
   *
   * @throws {MediaError} when it cannot be created.
   */
  static async open(
    folder: string,
    options: FrameFolderOptions,
  ): Promise<FrameFolder> {
    try {
      await Deno.mkdir(folder, { recursive: true });
    } catch (cause) {
      throw new MediaError(
        "write_failed",
        `Cannot save frames in ${JSON.stringify(folder)}: ${explain(cause)}`,
        { cause },
      );
    }
    return new FrameFolder(folder, options);
  }

  /** What has happened so far. */
  get stats(): FrameFolderStats {
    return {
      saved: this.#saved,
      failed: this.#failed,
      dropped: this.#dropped,
    };
  }

  /**
   * A new stream begins: the numbered files of the one before, which would mix
   * with it, are removed before its first frame is written.
   */
  startStream(): void {
    this.#add({ kind: "clear" });
  }

  /**
   * Writes or queues a frame, which must not be changed before `done` is
   * called: when it was written, or could not be; that may be during this call.
   * `false` when too many wait already; it is then not saved and `done` never
   * called.
   *
   * @throws {RangeError} when `frameNumber` is no whole number from 0.
   */
  save(
    frameNumber: number,
    bytes: Uint8Array,
    done: () => void = () => {},
  ): boolean {
    if (!Number.isSafeInteger(frameNumber) || frameNumber < 0) {
      throw new RangeError(`Cannot save frame ${frameNumber}: it is no number`);
    }
    if (!this.#isWorking && this.#pace.isQuick) {
      this.#writeNow(frameNumber, bytes);
      done();
      return true;
    }
    if (
      this.#tasks.length >= MAX_QUEUED_FRAMES ||
      this.#queuedBytes + bytes.length > MAX_QUEUED_BYTES
    ) {
      this.#dropped++;
      this.#report("the disk is too slow");
      return false;
    }
    this.#queuedBytes += bytes.length;
    this.#add({ kind: "save", number: frameNumber, bytes, done });
    return true;
  }

  /** Writes what is queued, then says what was lost. */
  async close(): Promise<FrameFolderStats> {
    await this.#working;
    const lost = this.#failed + this.#dropped;
    if (lost > 0) {
      this.#log.warn(
        `${lost} of ${
          lost + this.#saved
        } frames were not saved in "${this.#folder}"`,
      );
    }
    return this.stats;
  }

  /** Same as {@linkcode FrameFolder.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #add(task: Task): void {
    this.#tasks.push(task);
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#working = this.#work();
  }

  async #work(): Promise<void> {
    for (let task = this.#tasks.shift(); task; task = this.#tasks.shift()) {
      if (task.kind === "clear") {
        await this.#clear();
      } else {
        const { length } = task.bytes;
        await this.#write(task.number, task.bytes);
        this.#queuedBytes -= length;
        task.done();
      }
    }
    this.#isWorking = false;
  }

  async #write(frameNumber: number, bytes: Uint8Array): Promise<void> {
    const path = this.#path(frameNumber);
    const begun = performance.now();
    try {
      await Deno.writeFile(path, bytes);
    } catch (error) {
      this.#fail(error);
      // half a picture is worse than none
      await Deno.remove(path).catch(() => {});
      return;
    } finally {
      this.#pace.note(performance.now() - begun);
    }
    for (const old of this.#superseded(frameNumber)) {
      await Deno.remove(this.#path(old)).catch(() => {}); // the user may have
    }
  }

  /** As `#write`, while the caller waits: see {@linkcode DiskPace}. */
  #writeNow(frameNumber: number, bytes: Uint8Array): void {
    const path = this.#path(frameNumber);
    const begun = performance.now();
    try {
      // Files that are made and removed all the time are dear: some file
      // systems step over what was removed in the last minute, one by one.
      if (this.#kept.length === this.#keep) this.#renameOldest(path);
      Deno.writeFileSync(path, bytes);
    } catch (error) {
      this.#fail(error);
      removeIfThere(path);
      return;
    } finally {
      this.#pace.note(performance.now() - begun);
    }
    for (const old of this.#superseded(frameNumber)) {
      removeIfThere(this.#path(old));
    }
  }

  /** The oldest file's place on the disk becomes the new one's. */
  #renameOldest(path: string): void {
    const oldest = this.#kept.shift() ?? 0;
    try {
      Deno.renameSync(this.#path(oldest), path);
    } catch {
      // Not there any more: the new one is made.
    }
  }

  /** A frame was written: the numbers of those that are not to be kept any more. */
  #superseded(frameNumber: number): readonly number[] {
    this.#saved++;
    if (this.#keep === Infinity) return NONE;
    if (this.#kept.at(-1) !== frameNumber) this.#kept.push(frameNumber);
    return this.#kept.splice(0, Math.max(0, this.#kept.length - this.#keep));
  }

  #fail(error: unknown): void {
    this.#failed++;
    this.#report(explain(error));
  }

  async #clear(): Promise<void> {
    this.#kept = [];
    try {
      for await (const entry of Deno.readDir(this.#folder)) {
        if (entry.isFile && FRAME_NAME.test(entry.name)) {
          await Deno.remove(join(this.#folder, entry.name));
        }
      }
    } catch (error) {
      this.#report(explain(error));
    }
  }

  #path(frameNumber: number): string {
    return join(this.#folder, frameFileName(frameNumber));
  }

  #report(why: string): void {
    if (this.#isReported) return;
    this.#isReported = true;
    this.#log.error(
      `Cannot save frames in "${this.#folder}": ${why}. The stream goes on; free space or name another folder, and start again`,
    );
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // The user may have, or it could not be made.
  }
}

function explain(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "writing is not permitted";
    case "ENOENT":
      return "the folder is gone";
    case "EEXIST":
    case "ENOTDIR":
      return "it is no folder";
    default:
      return message;
  }
}
