/**
 * What a member with the film gives to the relay over HTTP.
 *
 * @module
 */

import { type Bytes, SEALED_CHUNK_BYTES } from "./chunk.ts";
import type { FilmSender } from "./film_sender.ts";
import { sealedRange } from "./http_transport.ts";

/** A page of hashes, or whole sealed chunks from byte `start` to `end`; `undefined` for anything else. */
export async function rangeAnswer(
  sender: FilmSender,
  what: unknown,
  start: number,
  end: number,
): Promise<Bytes | undefined> {
  if (what === "hashes") return await sender.hashPage(start);
  const { manifest } = sender;
  const parts: Bytes[] = [];
  let chunk = Math.floor(start / SEALED_CHUNK_BYTES);
  for (let at = start; at <= end; chunk++) {
    const range = sealedRange(manifest, chunk);
    // Whole chunks only: what else somebody asks for is no request of ours.
    if (
      range.start !== at || range.end > end || chunk >= manifest.totalChunks
    ) return undefined;
    parts.push(await sender.sealed(chunk, false));
    at = range.end + 1;
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
