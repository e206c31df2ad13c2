/**
 * Films that RTP cannot carry as they are: encoded once into a file of ours
 * that all viewers share. The first can watch while the rest is on its way.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import {
  type FrameSource,
  openSource,
  type SourceSpec,
} from "../../media/mod.ts";
import { RFC2435_MAX_SIZE } from "../../jpeg/mod.ts";
import { FrameStore } from "./frame_store.ts";
import { packFrame, UnfitFrameError } from "./packed_frame.ts";

/** Where the pictures come from and how they are made. */
export interface SourceOptions {
  readonly spec: SourceSpec;
  readonly fps: number | undefined;
  readonly quality: number | undefined;
  readonly ffmpeg: string | undefined;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Largest converted film; beyond it ends: two hours of full HD would fill the
 * disk of a small machine.
 */
export const MAX_CONVERTED_BYTES = 8 * 1024 ** 3;

/** How an unfit frame's stream is opened anew; `undefined` when that would not help. */
export function remedyFor(
  error: UnfitFrameError,
  size: { width: number; height: number },
): { recode: true; size?: { width: number; height: number } } | undefined {
  if (error.reason === "damaged") return undefined;
  return error.reason === "too-large"
    ? { recode: true, size: fitSize(size) }
    : { recode: true };
}

/** The largest even size of the same shape that RFC 2435 can say. */
export function fitSize(
  { width, height }: { width: number; height: number },
): { width: number; height: number } {
  const factor = RFC2435_MAX_SIZE / Math.max(width, height);
  const even = (side: number): number =>
    Math.min(RFC2435_MAX_SIZE, Math.max(2, Math.round(side * factor / 2) * 2));
  return { width: even(width), height: even(height) };
}

/** A film that is being converted. */
export interface Conversion {
  readonly store: FrameStore;
  readonly fps: number;
  readonly width: number;
  readonly height: number;
  /** Frames it will have, as far as that is known. */
  readonly expected: number | undefined;
  /** Settles when it is complete; never rejects. */
  readonly finished: Promise<void>;
}

/**
 * Begins a conversion; resolves with its first frame.
 *
 * @throws {MediaError} when the film cannot be read.
 * @throws {MissingProgramError} when there is no ffmpeg.
 */
export async function convertFilm(options: SourceOptions): Promise<Conversion> {
  const { spec, log } = options;
  let { source, frames, first } = await openFirst(spec, options);
  try {
    packFrame(first);
  } catch (error) {
    await source[Symbol.asyncDispose]();
    if (!(error instanceof UnfitFrameError)) throw error;
    const remedy = remedyFor(error, source);
    if (remedy === undefined) throw error;
    log.info(`"${source.label}" is encoded anew: ${error.message}`);
    ({ source, frames, first } = await openFirst(spec, {
      ...options,
      ...remedy,
    }));
  }
  const store = await openTempStore();
  await store.append(first);
  return {
    store,
    fps: source.fps,
    width: source.width,
    height: source.height,
    expected: source.totalFrames,
    finished: fill(store, source, frames, options),
  };
}

async function openFirst(
  spec: SourceSpec,
  options: Omit<SourceOptions, "spec"> & {
    recode?: boolean;
    size?: { width: number; height: number };
  },
): Promise<{
  source: FrameSource;
  frames: AsyncIterator<{ bytes: Uint8Array }>;
  first: Uint8Array;
}> {
  const source = await openSource(spec, options);
  try {
    const frames = source.frames()[Symbol.asyncIterator]();
    const { value, done } = await frames.next();
    if (done) {
      throw new Error(`Cannot read "${source.label}": it has no picture`);
    }
    return { source, frames, first: value.bytes };
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

async function fill(
  store: FrameStore,
  source: FrameSource,
  frames: AsyncIterator<{ bytes: Uint8Array }>,
  { signal, log }: SourceOptions,
): Promise<void> {
  let bytes = 0;
  try {
    for (;;) {
      const { value, done } = await frames.next();
      if (done || signal.aborted) break;
      bytes += value.bytes.length;
      if (bytes > MAX_CONVERTED_BYTES) {
        log.warn(
          `"${source.label}" ends after ${store.count} frames: more than ${MAX_CONVERTED_BYTES} bytes are not kept`,
        );
        break;
      }
      await store.append(value.bytes);
    }
  } catch (error) {
    if (!signal.aborted) {
      log.warn(
        `"${source.label}" ends after ${store.count} frames: ${
          error instanceof Error ? error.message : error
        }`,
      );
    }
  }
  store.finish();
  await source[Symbol.asyncDispose]();
}

/** A file that goes with its store; without a name where the system has such: nothing is left even after a crash. */
async function openTempStore(): Promise<FrameStore> {
  const path = await Deno.makeTempFile({ prefix: "streamtool-rtsp-" });
  const file = await Deno.open(path, { read: true, write: true });
  if (Deno.build.os === "windows") {
    return new FrameStore(file, [], false, () => Deno.remove(path));
  }
  await Deno.remove(path);
  return new FrameStore(file, [], false);
}
