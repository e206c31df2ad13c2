/**
 * The file of a conversion: whole under its name, or not there.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { MediaError } from "../../media/mod.ts";
import type { ConvertOutput } from "./options.ts";

/** Small writes are put together up to this: a few frames of the course project. */
const WRITE_BUFFER_BYTES = 256 * 1024;

/** Takes the bytes of a movie. */
export interface MovieOutput extends AsyncDisposable {
  /** Writes at the end; the bytes may be reused when it resolves. */
  write(bytes: Uint8Array): Promise<void>;
  /** Everything was written: the file gets its name. */
  finish(): Promise<void>;
}

/**
 * Opens a file beside its final name, or passes bytes on.
 *
 * @throws {MediaError} `write_failed` when there can be no file.
 */
export async function openMovieOutput(
  output: ConvertOutput,
): Promise<MovieOutput> {
  if (output.kind === "stream") {
    return {
      write: output.write,
      finish: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const { path } = output;
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${crypto.randomUUID().slice(0, 8)}.part`,
  );
  try {
    const there = await Deno.stat(path).catch(() => undefined);
    if (there?.isDirectory) {
      throw new Deno.errors.IsADirectory("it is a folder");
    }
    const file = await Deno.open(temporary, { write: true, createNew: true });
    return new MovieFile(path, temporary, file);
  } catch (cause) {
    throw cannotWrite(path, cause);
  }
}

class MovieFile implements MovieOutput {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: Deno.FsFile;
  readonly #buffer = new Uint8Array(WRITE_BUFFER_BYTES);
  #filled = 0;
  #done = false;

  constructor(path: string, temporary: string, file: Deno.FsFile) {
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#filled + bytes.length > this.#buffer.length) await this.#flush();
    if (bytes.length > this.#buffer.length) {
      await this.#writeOut(bytes);
    } else {
      this.#buffer.set(bytes, this.#filled);
      this.#filled += bytes.length;
    }
  }

  async finish(): Promise<void> {
    await this.#flush();
    this.#close();
    try {
      await Deno.rename(this.#temporary, this.#path);
    } catch (cause) {
      await Deno.remove(this.#temporary).catch(() => {});
      throw cannotWrite(this.#path, cause);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#done) return;
    this.#close();
    await Deno.remove(this.#temporary).catch(() => {}); // somebody else may have
  }

  async #flush(): Promise<void> {
    await this.#writeOut(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  async #writeOut(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.#file.write(bytes.subarray(at));
      }
    } catch (cause) {
      throw cannotWrite(this.#path, cause);
    }
  }

  #close(): void {
    this.#done = true;
    this.#file.close();
  }
}

function cannotWrite(path: string, cause: unknown): MediaError {
  const { code, message } = cause as { code?: string; message: string };
  const why = code === "ENOSPC" || code === "EDQUOT"
    ? "the disk is full"
    : cause instanceof Deno.errors.NotFound
    ? "its folder is not there"
    : cause instanceof Deno.errors.PermissionDenied
    ? "writing is not permitted"
    : message;
  return new MediaError(
    "write_failed",
    `Cannot write ${JSON.stringify(path)}: ${why}`,
    { cause },
  );
}
