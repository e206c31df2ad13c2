/**
 * An ffmpeg inside our own compiled binary.
 *
 * A file that `deno compile --include`s is mapped into every process, 124 MB
 * of it. So the packager appends ffmpeg to the base runtime before it compiles,
 * where it costs nothing until it is read, and includes only this index:
 *
 * ```text
 * binary:  [ runtime | ffmpeg | what deno compile appends ]
 *                    ^ offset, size, sha256
 * embedded_ffmpeg.json (beside this module):
 *   {"version":"7.0.0","offset":93412352,"size":124365160,"sha256":"<64 hex digits>"}
 * ```
 *
 * On first use the bytes are copied to the user's cache and checked.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { MediaError } from "./errors.ts";
import { cacheFolder, ffmpegFileName } from "./ffmpeg_package.ts";
import { installProgram, writeAll } from "./install_file.ts";

/** Largest program that is copied out: the static builds have 80 to 130 MB. */
export const MAX_EMBEDDED_SIZE = 512 * 1024 * 1024;

/** Bytes copied at a time. */
const COPY_CHUNK = 1024 * 1024;

/** Where in the binary ffmpeg is. */
export interface EmbeddedIndex {
  /** ffmpeg's version, part of its folder's name in the cache. */
  readonly version: string;
  /** First byte in the binary. */
  readonly offset: number;
  /** Number of bytes. */
  readonly size: number;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads an index.
 *
 * @throws {MediaError} when it is not one.
 */
export function parseEmbeddedIndex(text: string): EmbeddedIndex {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const index = (value ?? {}) as Partial<Record<keyof EmbeddedIndex, unknown>>;
  const { version, offset, size, sha256 } = index;
  if (
    typeof version !== "string" || !/^[0-9A-Za-z.-]{1,40}$/.test(version) ||
    !Number.isSafeInteger(offset) || (offset as number) < 0 ||
    !Number.isSafeInteger(size) || (size as number) < 1 ||
    (size as number) > MAX_EMBEDDED_SIZE ||
    typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)
  ) {
    throw new MediaError(
      "unsupported",
      "Cannot use the ffmpeg inside this binary: its index is damaged",
    );
  }
  return { version, offset: offset as number, size: size as number, sha256 };
}

/**
 * The path of the ffmpeg that the running binary carries, copied out when that
 * has not been done; `undefined` when it carries none or there is no cache.
 *
 * @throws {MediaError} when what it carries is damaged.
 */
export async function embeddedFfmpeg(): Promise<string | undefined> {
  if (!Deno.build.standalone) return undefined;
  let text: string;
  try {
    text = await Deno.readTextFile(
      new URL("./embedded_ffmpeg.json", import.meta.url),
    );
  } catch {
    return undefined; // a binary without ffmpeg
  }
  const cache = cacheFolder();
  if (cache === undefined) return undefined;
  return await extractEmbedded(
    Deno.execPath(),
    parseEmbeddedIndex(text),
    cache,
  );
}

/**
 * Copies the program at `index` in the file `executable` into a folder of its
 * own under `cache` and returns its path; does nothing when it is there.
 *
 * @throws {MediaError} when the bytes are not the ones the index names.
 */
export async function extractEmbedded(
  executable: string,
  index: EmbeddedIndex,
  cache: string,
): Promise<string> {
  const folder = `ffmpeg-${index.version}-${index.sha256.slice(0, 16)}`;
  const path = join(cache, folder, ffmpegFileName());
  const there = await Deno.stat(path).catch(() => undefined);
  // it got its name after it was checked
  if (there?.isFile && there.size === index.size) return path;
  const hash = createHash("sha256");
  await installProgram(path, async (file) => {
    using source = await Deno.open(executable);
    await source.seek(index.offset, Deno.SeekMode.Start);
    const chunk = new Uint8Array(COPY_CHUNK);
    let left = index.size;
    while (left > 0) {
      const count = await source.read(
        chunk.subarray(0, Math.min(left, COPY_CHUNK)),
      );
      if (count === null) break;
      hash.update(chunk.subarray(0, count));
      await writeAll(file, chunk.subarray(0, count));
      left -= count;
    }
  }, () => {
    if (hash.digest("hex") === index.sha256) return Promise.resolve();
    throw new MediaError(
      "unsupported",
      "Cannot use the ffmpeg inside this binary: its checksum is wrong",
    );
  });
  return path;
}
