/**
 * The newest picture of another server, for a page that may only talk to ours.
 *
 * @module
 */

import { LONG_POLL_MS } from "./http_frames.ts";

/** A server that does not answer is given up after this, beyond what it was asked to wait. */
const PATIENCE_MS = 1000;

/** Headers of a picture that ours hands on. */
const PICTURE_HEADERS = [
  "x-frame-seq",
  "x-frame-number",
  "x-frame-time",
  "x-frame-age",
];

/** Options of {@linkcode proxyPicture}. */
export interface PictureProxyOptions {
  /** Where the picture is; `undefined` when there is none. */
  readonly target: URL | undefined;
  /** What the page asked us: its query (`after`, `wait`) goes on. */
  readonly url: URL;
  /** Aborts when we close. */
  readonly closing: AbortSignal;
  /** Larger pictures are not handed on. */
  readonly maxBytes: number;
}

/**
 * Fetches a picture from a server that a browser may not be able to reach. 204
 * when there is none: a server that is slow, hangs or has just gone is no fault
 * of the one who asks.
 */
export async function proxyPicture(
  { target, url, closing, maxBytes }: PictureProxyOptions,
): Promise<Response> {
  if (target === undefined) return noPicture();
  const asked = new URL(target);
  asked.search = url.search;
  const signal = AbortSignal.any([
    closing,
    AbortSignal.timeout(waitOf(url) + PATIENCE_MS),
  ]);
  try {
    const answer = await fetch(asked, { signal, redirect: "manual" });
    const jpeg = await readPicture(answer, maxBytes);
    if (jpeg === undefined) return noPicture();
    // The type is ours: another's page must not become a document of this origin.
    const headers = new Headers({
      "content-type": "image/jpeg",
      "cache-control": "no-store",
    });
    for (const name of PICTURE_HEADERS) {
      const value = answer.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    return new Response(jpeg, { headers });
  } catch {
    return noPicture();
  }
}

/** How long the other may wait for a frame, as the query asks. */
function waitOf(url: URL): number {
  const wait = Number(url.searchParams.get("wait") ?? LONG_POLL_MS);
  return wait >= 0 ? Math.min(wait, LONG_POLL_MS) : LONG_POLL_MS;
}

/** The whole picture, so that a server that stops half-way is no broken answer of ours. */
async function readPicture(
  answer: Response,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (answer.status !== 200 || answer.body === null) {
    await answer.body?.cancel();
    return undefined;
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const part of answer.body) {
    length += part.length;
    if (length > maxBytes) return undefined; // leaving cancels the rest
    parts.push(part);
  }
  return await new Blob(parts).bytes();
}

function noPicture(): Response {
  return new Response(null, {
    status: 204,
    headers: { "cache-control": "no-store" },
  });
}
