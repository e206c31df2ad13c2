/**
 * A film on disk: chunks out of it, chunks into it.
 *
 * @module
 */

import { basename, extname } from "node:path";
import {
  type Bytes,
  CHUNK_BYTES,
  chunkLength,
  type ChunkStore,
} from "../../signaling/mod.ts";

const MIME_TYPES: Readonly<Record<string, string>> = {
  ".mp4": "video/mp4",
  ".m4v": "video/mp4",
  ".mov": "video/quicktime",
  ".webm": "video/webm",
  ".mkv": "video/x-matroska",
  ".ogv": "video/ogg",
  ".avi": "video/x-msvideo",
  ".ts": "video/mp2t",
};

/** A file that is read. */
export interface FilmFile extends Disposable {
  /** Its name without folders. */
  readonly fileName: string;
  /** Bytes. */
  readonly fileSize: number;
  /** By its ending. */
  readonly mimeType: string;
  /** A chunk; rejects when the file has become shorter. */
  read(chunk: number): Promise<Bytes>;
}

/**
 * Opens a film.
 *
 * @throws {Error} when it is missing, empty or a folder.
 */
export async function openFilm(path: string): Promise<FilmFile> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot share "${path}": there is no such file`);
  }
  const { size, isFile } = await file.stat();
  if (!isFile || size === 0) {
    file.close();
    throw new Error(
      `Cannot share "${path}": it is ${isFile ? "empty" : "no file"}`,
    );
  }
  const extension = extname(path).toLowerCase();
  let closed = false;
  // A seek and its reads belong together.
  let turn: Promise<unknown> = Promise.resolve();
  async function readAt(chunk: number): Promise<Bytes> {
    const bytes = new Uint8Array(chunkLength(size, chunk));
    await file.seek(chunk * CHUNK_BYTES, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      const count = await file.read(bytes.subarray(at));
      if (count === null) {
        throw new Error(`Cannot read "${path}": it has become shorter`);
      }
      at += count;
    }
    return bytes;
  }
  return {
    fileName: basename(path),
    fileSize: size,
    mimeType: MIME_TYPES[extension] ?? "application/octet-stream",
    read(chunk) {
      const bytes = turn.then(() => readAt(chunk));
      turn = bytes.catch(() => {});
      return bytes;
    },
    [Symbol.dispose]() {
      if (!closed) file.close();
      closed = true;
    },
  };
}

/** A file that is written, in any order. */
export interface FilmOutput extends ChunkStore {
  /** All is written: gives the file its name. It can be read until it is closed. */
  finish(): Promise<void>;
  /** Closes it, and removes what was written when that is not all. */
  close(): Promise<void>;
}

/** Writes to `path`, under a name with `.part` until it is whole. */
export async function createOutput(path: string): Promise<FilmOutput> {
  const part = `${path}.part`;
  let file = await Deno.open(part, {
    create: true,
    truncate: true,
    read: true,
    write: true,
  });
  let finished = false;
  // A seek and what follows it belong together.
  let turn: Promise<unknown> = Promise.resolve();
  async function writeAt(chunk: number, bytes: Bytes): Promise<void> {
    await file.seek(chunk * CHUNK_BYTES, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      at += await file.write(bytes.subarray(at));
    }
  }
  async function readAt(chunk: number): Promise<Bytes> {
    const bytes = new Uint8Array(CHUNK_BYTES);
    await file.seek(chunk * CHUNK_BYTES, Deno.SeekMode.Start);
    let at = 0;
    while (at < bytes.length) {
      const count = await file.read(bytes.subarray(at));
      if (count === null) break; // the last chunk is shorter
      at += count;
    }
    return bytes.subarray(0, at);
  }
  return {
    put(chunk, bytes) {
      const written = turn.then(() => writeAt(chunk, bytes));
      turn = written;
      return written;
    },
    get(chunk) {
      const bytes = turn.then(() => readAt(chunk));
      turn = bytes.catch(() => {});
      return bytes;
    },
    async finish() {
      await turn;
      file.close();
      await Deno.rename(part, path);
      file = await Deno.open(path);
      finished = true;
    },
    async close() {
      await turn.catch(() => {});
      file.close();
      if (!finished) await Deno.remove(part).catch(() => {});
    },
  };
}
