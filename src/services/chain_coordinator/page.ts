/**
 * The coordinator's page and its API: the whole chain at a glance.
 *
 * @module
 */

import { DEFAULT_MAX_FRAME_BYTES } from "../../chain/mod.ts";
import {
  errorResponse,
  eventStream,
  type HttpServer,
  jsonResponse,
  LONG_POLL_MS,
  mjpegResponse,
  route,
  startHttpServer,
} from "../../net/mod.ts";
import { serveAsset, servePage } from "../../web/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { type ChainCoordinator, ChainStateError } from "./coordinator.ts";

/** How often the page hears of the chain. */
const EVENT_INTERVAL_MS = 500;
/** A peer's page that does not answer is given up after this, beyond what it was asked to wait. */
const PROXY_PATIENCE_MS = 1000;
/** Larger pictures of a peer are not shown: the frames of a chain have this limit too. */
const MAX_PICTURE_BYTES = DEFAULT_MAX_FRAME_BYTES;
/** Headers of a peer's picture that ours hands on. */
const PICTURE_HEADERS = [
  "x-frame-seq",
  "x-frame-number",
  "x-frame-time",
  "x-frame-age",
];

/**
 * Serves the coordinator's page.
 *
 * @throws {ListenError} when the port cannot be had.
 */
export function serveCoordinatorPage(
  coordinator: ChainCoordinator,
  options: { hostname: string; port: number; log: Logger },
): Promise<HttpServer> {
  const { hostname, port, log } = options;
  return startHttpServer({
    hostname,
    port,
    log,
    flag: "--page-port",
    handler: route({
      "GET /": () => servePage("chain_coordinator"),
      "GET /api/chain": () => jsonResponse(coordinator.snapshot()),
      "GET /api/events": (_request, { closing }) =>
        eventStream(closing, (send) => {
          send(coordinator.snapshot());
          const timer = setInterval(
            () => send(coordinator.snapshot()),
            EVENT_INTERVAL_MS,
          );
          return () => clearInterval(timer);
        }),
      "POST /api/start": () => act(() => coordinator.start()),
      "POST /api/stop": () => act(() => coordinator.stop()),
      "GET /frame": (request, { closing }) =>
        coordinator.live.respond(request, closing),
      "GET /stream.mjpeg": (_request, { closing }) =>
        mjpegResponse(coordinator.live, closing),
      "GET /peers/:name/frame": (_request, { params, url, closing }) =>
        proxyPicture(coordinator.pageOf(params.name ?? ""), url, closing),
    }, async (_request, { url }) =>
      await serveAsset(url.pathname) ??
        errorResponse(404, `Cannot find "${url.pathname}"`)),
  });
}

async function act(action: () => void | Promise<void>): Promise<Response> {
  try {
    await action();
    return jsonResponse({ ok: true });
  } catch (error) {
    if (!(error instanceof ChainStateError)) throw error;
    return errorResponse(409, error.message);
  }
}

/**
 * Fetches a peer's newest picture: the page may only talk to us, and a peer
 * may be on a machine that the browser cannot reach. 204 when there is none: a
 * peer that is slow, hangs or has just gone is no fault of the one who asks.
 */
async function proxyPicture(
  page: string | undefined,
  url: URL,
  closing: AbortSignal,
): Promise<Response> {
  if (page === undefined) return noPicture();
  const target = new URL("/frame", page);
  target.search = url.search;
  const signal = AbortSignal.any([
    closing,
    AbortSignal.timeout(waitOf(url) + PROXY_PATIENCE_MS),
  ]);
  try {
    const answer = await fetch(target, { signal, redirect: "manual" });
    const jpeg = await readPicture(answer);
    if (jpeg === undefined) return noPicture();
    // The type is ours: a peer's page must not become a document of this origin.
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

/** How long the peer may wait for a frame, as the query asks. */
function waitOf(url: URL): number {
  const wait = Number(url.searchParams.get("wait") ?? LONG_POLL_MS);
  return wait >= 0 ? Math.min(wait, LONG_POLL_MS) : LONG_POLL_MS;
}

/** The whole picture, so that a peer that stops half-way is no broken answer of ours. */
async function readPicture(
  answer: Response,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (answer.status !== 200 || answer.body === null) {
    await answer.body?.cancel();
    return undefined;
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const part of answer.body) {
    length += part.length;
    if (length > MAX_PICTURE_BYTES) return undefined; // leaving cancels the rest
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
