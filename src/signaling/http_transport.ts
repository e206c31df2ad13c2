/**
 * The range relay as a transport: a request for a chunk becomes an HTTP
 * request, its answer becomes blocks.
 *
 * @module
 */

import { encodeBlocks } from "./block.ts";
import { parseChannelMessage } from "./channel_message.ts";
import {
  type Bytes,
  chunkLength,
  SEAL_OVERHEAD,
  SEALED_CHUNK_BYTES,
} from "./chunk.ts";
import type { FilmManifest } from "./manifest.ts";
import { type FilmTransport, FrameInbox } from "./transport.ts";

/** Failures one after another after which the path is given up. */
const MAX_FAILURES = 3;

/** Asks the server: a range of the sealed film, or a page of hashes. */
export type HttpFetch = (
  request:
    | { readonly what: "film"; readonly start: number; readonly end: number }
    | { readonly what: "hashes"; readonly page: number },
) => Promise<Bytes>;

/** First and last byte of a chunk in the sealed film. */
export function sealedRange(
  { fileSize }: Pick<FilmManifest, "fileSize">,
  chunk: number,
): { start: number; end: number } {
  const start = chunk * SEALED_CHUNK_BYTES;
  return {
    start,
    end: start + chunkLength(fileSize, chunk) + SEAL_OVERHEAD - 1,
  };
}

/** A transport for a receiver; nothing but requests for chunks and hashes goes through it. */
export function httpTransport(
  manifest: FilmManifest,
  fetchBytes: HttpFetch,
): FilmTransport {
  const inbox = new FrameInbox();
  let failures = 0;

  async function answer(text: string): Promise<void> {
    const message = parseChannelMessage(text);
    try {
      if (message?.type === "hash-request") {
        inbox.push(await fetchBytes({ what: "hashes", page: message.page }));
      } else if (message?.type === "chunk-request") {
        const { chunk } = message;
        const range = sealedRange(manifest, chunk);
        const sealed = await fetchBytes({ what: "film", ...range });
        for (const frame of encodeBlocks(chunk, sealed, true)) {
          inbox.push(frame);
        }
      }
      failures = 0;
    } catch {
      if (++failures >= MAX_FAILURES) inbox.close();
      else if (message?.type === "chunk-request") {
        const data = { chunk: message.chunk };
        inbox.push(JSON.stringify({ type: "chunk-missing", data }));
      }
    }
  }

  return {
    kind: "http",
    bufferedAmount: 0,
    send(frame) {
      if (typeof frame === "string" && !inbox.closed) void answer(frame);
    },
    drained: () => Promise.resolve(),
    listen: (events) => inbox.listen(events),
    close: () => inbox.close(),
  };
}
