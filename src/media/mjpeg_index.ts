/**
 * Where the frames of a MJPEG file are.
 *
 * @module
 */

import type { Logger } from "../log/mod.ts";
import {
  describeMjpegWarning,
  DETECT_BYTES,
  detectContainer,
  JpegError,
  MjpegError,
  MjpegIndexer,
  parseJpeg,
} from "../jpeg/mod.ts";
import type { FrameSpan, MjpegContainer } from "../jpeg/mod.ts";
import { MediaError } from "./errors.ts";

/**
 * Bytes that are read for an index before it is left incomplete: plain
 * concatenated JPEGs have no lengths, and looking at 256 MiB of them takes
 * about 0.2 s.
 */
export const MAX_INDEXED_BYTES = 256 * 1024 * 1024;

/** Frames in an index: 4 hours at 30 frames/s, 12 MB of memory. */
export const MAX_INDEXED_FRAMES = 432_000;

/** Bytes read at a time where everything must be looked at. */
const SCAN_CHUNK = 1024 * 1024;

/** Bytes read at a time where most can be skipped: a prefix and what lies around it. */
const PREFIX_CHUNK = 64;

/** A MJPEG file and where its frames are; several readings may share one. */
export interface MjpegFileIndex {
  /** The file. */
  readonly path: string;
  /** Which of the three containers it is. */
  readonly container: MjpegContainer;
  /** The frames in order. */
  readonly spans: readonly FrameSpan[];
  /** Whether `spans` has every frame of the file. */
  readonly complete: boolean;
  /** Width of the first frame in pixels. */
  readonly width: number;
  /** Height of the first frame in pixels. */
  readonly height: number;
}

/**
 * Indexes the file at `path`; `undefined` when it is in none of the three
 * MJPEG containers. What is wrong at its end is logged, and the index then ends
 * before it.
 *
 * @throws {MediaError} when the file cannot be read, or has no sound frame.
 */
export async function indexMjpegFile(
  path: string,
  options: {
    readonly log: Logger;
    readonly signal?: AbortSignal | undefined;
    readonly maxBytes?: number;
  },
): Promise<MjpegFileIndex | undefined> {
  const { log, signal, maxBytes = MAX_INDEXED_BYTES } = options;
  using file = await openFile(path);
  const head = new Uint8Array(DETECT_BYTES);
  const headLength = await readFully(file, head);
  const container = detectContainer(head.subarray(0, headLength));
  if (container === undefined) return undefined;
  await file.seek(0, Deno.SeekMode.Start);
  const indexer = new MjpegIndexer(container);
  const { size } = await file.stat();
  const spans: FrameSpan[] = [];
  const chunk = new Uint8Array(
    container === "raw" ? SCAN_CHUNK : PREFIX_CHUNK,
  );
  let bytesRead = 0;
  let complete = false;
  try {
    while (
      spans.length === 0 ||
      (bytesRead < maxBytes && spans.length < MAX_INDEXED_FRAMES)
    ) {
      signal?.throwIfAborted();
      const skippable = Math.min(indexer.skippable, size - indexer.offset);
      if (skippable > chunk.length) {
        await file.seek(skippable, Deno.SeekMode.Current);
        const span = indexer.skip(skippable);
        if (span !== undefined) spans.push(span);
        continue;
      }
      const count = await file.read(chunk);
      if (count === null) {
        complete = true;
        break;
      }
      bytesRead += count;
      spans.push(...indexer.push(chunk.subarray(0, count)));
    }
    if (complete) indexer.end();
  } catch (error) {
    if (!(error instanceof MjpegError)) throw error;
    // what comes before the fault can be played
    log.warn(`"${path}" is damaged: ${error.message}`);
    complete = true;
  }
  for (const warning of indexer.takeWarnings()) {
    log.warn(`"${path}": ${describeMjpegWarning(warning)}`);
  }
  const first = spans[0];
  if (first === undefined) {
    throw new MediaError(
      "unreadable",
      `Cannot read ${JSON.stringify(path)}: it has no whole frame`,
    );
  }
  const { width, height } = describeFrame(path, await readSpan(file, first));
  return { path, container, spans, complete, width, height };
}

/** Reads the frame at `span`; `undefined` when the file has become shorter. */
export async function readSpan(
  file: Deno.FsFile,
  span: FrameSpan,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = new Uint8Array(span.length);
  await file.seek(span.offset, Deno.SeekMode.Start);
  return await readFully(file, bytes) === bytes.length ? bytes : undefined;
}

/**
 * Opens a file for reading.
 *
 * @throws {MediaError} that says in words why it cannot be.
 */
export async function openFile(path: string): Promise<Deno.FsFile> {
  let why: string;
  try {
    const file = await Deno.open(path);
    const info = await file.stat();
    if (info.isFile && info.size > 0) return file;
    file.close();
    why = info.isDirectory
      ? "it is a folder"
      : info.isFile
      ? "it is empty"
      : 'it is no file; give "-" and pipe it in';
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new MediaError(
        "not_found",
        `Cannot read ${JSON.stringify(path)}: there is no such file`,
      );
    }
    why = error instanceof Deno.errors.PermissionDenied
      ? "permission is denied"
      : (error as Error).message;
  }
  throw new MediaError(
    "unreadable",
    `Cannot read ${JSON.stringify(path)}: ${why}`,
  );
}

async function readFully(
  file: Deno.FsFile,
  bytes: Uint8Array,
): Promise<number> {
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  return length;
}

function describeFrame(
  path: string,
  jpeg: Uint8Array | undefined,
): { width: number; height: number } {
  try {
    return parseJpeg(jpeg ?? new Uint8Array(0));
  } catch (error) {
    if (!(error instanceof JpegError)) throw error;
    throw new MediaError(
      "unreadable",
      `Cannot read ${JSON.stringify(path)}: its first frame is damaged`,
      { cause: error },
    );
  }
}
