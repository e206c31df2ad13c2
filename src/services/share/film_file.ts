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
    [Symbol.dispose]: () => file.close(),
  };
}

/** A file that is written, in any order. */
export interface FilmOutput extends ChunkStore {
  /** All is written: gives the file its name. */
  finish(): Promise<void>;
  /** Gives up and removes what was written. */
  discard(): Promise<void>;
}

/** Writes to `path`, under a name with `.part` until it is whole. */
export async function createOutput(path: string): Promise<FilmOutput> {
  const part = `${path}.part`;
  const file = await Deno.open(part, {
    create: true,
    truncate: true,
    read: true,
    write: true,
  });
  let turn: Promise<void> = Promise.resolve();
  async function writeAt(chunk: number, bytes: Bytes): Promise<void> {
    await file.seek(chunk * CHUNK_BYTES, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      at += await file.write(bytes.subarray(at));
    }
  }
  return {
    put(chunk, bytes) {
      turn = turn.then(() => writeAt(chunk, bytes));
      return turn;
    },
    get: () => undefined, // nobody plays from it
    async finish() {
      await turn;
      file.close();
      await Deno.rename(part, path);
    },
    async discard() {
      await turn.catch(() => {});
      file.close();
      await Deno.remove(part).catch(() => {});
    },
  };
}

/** Keeps chunks until they are written in order. */
export class ChunkQueue implements ChunkStore {
  readonly #chunks = new Map<number, Bytes>();

  /** Keeps a chunk. */
  put(chunk: number, bytes: Bytes): void {
    this.#chunks.set(chunk, bytes);
  }

  /** Gives a chunk and forgets it: it is read once. */
  get(chunk: number): Bytes | undefined {
    const bytes = this.#chunks.get(chunk);
    this.#chunks.delete(chunk);
    return bytes;
  }
}
