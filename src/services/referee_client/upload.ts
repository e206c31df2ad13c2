/**
 * Sends a whole video with its signal to `/analyze`.
 *
 * @module
 */

import { basename } from "node:path";
import type { RefereeResult } from "../../referee/mod.ts";
import type { RefereeSendOptions } from "./options.ts";
import { RefereeSendError } from "./stream_sender.ts";

/** Bytes read at a time. */
const CHUNK_BYTES = 256 * 1024;

/** Longest answer that is read. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * Uploads the file at `path`; the server's answer is the result.
 *
 * @throws {RefereeSendError} with the server's reason.
 * @throws the signal's reason when it aborts.
 */
export async function uploadRecording(
  path: string,
  signalFile: { readonly bytes: Uint8Array; readonly name: string },
  options: RefereeSendOptions,
  signal: AbortSignal,
): Promise<RefereeResult> {
  const { server, token, ca, swapSides, onProgress } = options;
  const boundary = `streamtool-${crypto.randomUUID()}`;
  const encoder = new TextEncoder();
  const { size } = await Deno.stat(path);
  const head = encoder.encode(
    fieldOf(boundary, "save_overlay", "true") +
      (swapSides ? fieldOf(boundary, "swap_sides", "true") : "") +
      fileHead(boundary, "signal", signalFile.name),
  );
  const between = encoder.encode(
    `\r\n${fileHead(boundary, "video", basename(path))}`,
  );
  const tail = encoder.encode(`\r\n--${boundary}--\r\n`);
  using client = ca === undefined
    ? undefined
    : Deno.createHttpClient({ caCerts: [ca] });
  let answer: Response;
  try {
    answer = await fetch(server.analyze, {
      method: "POST",
      signal,
      headers: {
        "content-type": `multipart/form-data; boundary=${boundary}`,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: bodyOf(
        path,
        [head, signalFile.bytes, between],
        tail,
        (bytes) => onProgress({ phase: "upload", bytes, totalBytes: size }),
      ),
      ...(client === undefined ? {} : { client }),
    } as RequestInit);
  } catch (error) {
    signal.throwIfAborted();
    throw new RefereeSendError(
      `Cannot upload to ${server.analyze.host}: ${
        error instanceof Error ? error.message : String(error)
      }`,
      { cause: error },
    );
  }
  const text = await readText(answer);
  if (!answer.ok) {
    throw new RefereeSendError(
      `Cannot upload the phrase: the server answers ${answer.status}, ${
        reasonIn(text)
      }`,
    );
  }
  return JSON.parse(text) as RefereeResult;
}

function fieldOf(boundary: string, name: string, value: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}

function fileHead(boundary: string, name: string, filename: string): string {
  const safe = filename.replace(/["\r\n\\]/g, "_");
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${safe}"\r\n` +
    "Content-Type: application/octet-stream\r\n\r\n";
}

/** The parts before the file, the file as it is read, the end. */
function bodyOf(
  path: string,
  before: readonly Uint8Array[],
  tail: Uint8Array,
  sent: (bytes: number) => void,
): ReadableStream<Uint8Array> {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield* before;
    using file = await Deno.open(path);
    let total = 0;
    for (;;) {
      const buffer = new Uint8Array(CHUNK_BYTES);
      const count = await file.read(buffer);
      if (count === null) break;
      yield buffer.subarray(0, count);
      total += count;
      sent(total);
    }
    yield tail;
  }
  return ReadableStream.from(pieces());
}

async function readText(answer: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of answer.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > MAX_ANSWER_BYTES) {
      throw new RefereeSendError(
        `Cannot read the server's answer: it is longer than ${MAX_ANSWER_BYTES} bytes`,
      );
    }
  }
  return text;
}

/** What a server says in `detail`, whatever it is. */
function reasonIn(text: string): string {
  try {
    const { detail, error } = JSON.parse(text);
    const reason = detail ?? error;
    return typeof reason === "string" ? reason : JSON.stringify(reason);
  } catch {
    return text.slice(0, 200);
  }
}
