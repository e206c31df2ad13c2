/**
 * A file as an HTTP response, whole or a range of it (RFC 9110, section 14), so
 * that a player can seek.
 *
 * @module
 */

import { extname } from "node:path";
import { errorResponse } from "../../net/mod.ts";

/** Bytes read at a time. */
const CHUNK_BYTES = 256 * 1024;

/** What may be shown in a browser; everything else is a download. */
const TYPES: Readonly<Record<string, string>> = {
  ".mkv": "video/x-matroska",
  ".mp4": "video/mp4",
  ".webm": "video/webm",
  ".json": "application/json; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".jpg": "image/jpeg",
};

/** Answers with the file at `path`, called `name`; 404 when it is not there. */
export async function fileResponse(
  request: Request,
  path: string,
  name: string,
): Promise<Response> {
  const size = await regularSize(path);
  if (size === undefined) {
    return errorResponse(404, `Cannot find "${name}": there is no such file`);
  }
  const range = readRange(request.headers.get("range"), size);
  if (range === "none") {
    return errorResponse(416, `Cannot give that range of "${name}"`, {
      "content-range": `bytes */${size}`,
    });
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  return new Response(fileStream(path, first, last + 1), {
    status: range === undefined ? 200 : 206,
    headers: {
      "content-type": TYPES[extname(name)] ?? "application/octet-stream",
      "content-length": String(last + 1 - first),
      "accept-ranges": "bytes",
      "cache-control": "no-store",
      "content-disposition": `inline; filename="${name}"`,
      ...(range === undefined
        ? {}
        : { "content-range": `bytes ${first}-${last}/${size}` }),
    },
  });
}

async function regularSize(path: string): Promise<number | undefined> {
  try {
    const info = await Deno.lstat(path);
    return info.isFile ? info.size : undefined;
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory
    ) return undefined;
    throw error;
  }
}

/** One range of bytes; `undefined` for all of it, "none" when there is nothing in it. */
function readRange(
  header: string | null,
  size: number,
): { first: number; last: number } | "none" | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "");
  if (match === null || match[1] === "" && match[2] === "") return undefined;
  const [, from = "", to = ""] = match;
  const first = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === "" || to === ""
    ? size - 1
    : Math.min(Number(to), size - 1);
  return first > last ? "none" : { first, last };
}

/** The bytes `from` (inclusive) to `to` of a file, read as they are asked for. */
function fileStream(
  path: string,
  from: number,
  to: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let file: Deno.FsFile | undefined;
  let at = from;
  function close(): void {
    file?.close();
    file = undefined;
  }
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller): Promise<void> {
      if (file === undefined) {
        file = await Deno.open(path);
        await file.seek(from, Deno.SeekMode.Start);
      }
      const buffer = new Uint8Array(Math.min(CHUNK_BYTES, to - at));
      const count = buffer.length === 0 ? null : await file.read(buffer);
      if (count === null) {
        close();
        controller.close();
        return;
      }
      at += count;
      controller.enqueue(buffer.subarray(0, count));
    },
    cancel: close,
  }, { highWaterMark: 0 });
}

/** Reads `length` bytes of a file at `offset`. */
export async function readPart(
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(path);
  await file.seek(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await file.read(bytes.subarray(at));
    if (count === null) {
      throw new Error("Cannot read a picture: the file is cut off");
    }
    at += count;
  }
  return bytes;
}
