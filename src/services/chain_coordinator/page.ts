/**
 * The coordinator's page and its API: the whole chain at a glance.
 *
 * @module
 */

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
/** A peer's page that does not answer is given up after this, beyond the long poll. */
const PROXY_TIMEOUT_MS = LONG_POLL_MS + 1000;
/** Headers of a peer's picture that ours hands on. */
const PICTURE_HEADERS = [
  "content-type",
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
 * may be on a machine that the browser cannot reach.
 */
async function proxyPicture(
  page: string | undefined,
  url: URL,
  closing: AbortSignal,
): Promise<Response> {
  if (page === undefined) {
    return errorResponse(404, "Cannot show the picture: the peer has no page");
  }
  const target = new URL("/frame", page);
  target.search = url.search;
  const signal = AbortSignal.any([
    closing,
    AbortSignal.timeout(PROXY_TIMEOUT_MS),
  ]);
  try {
    const answer = await fetch(target, { signal });
    const headers = new Headers({ "cache-control": "no-store" });
    for (const name of PICTURE_HEADERS) {
      const value = answer.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    return new Response(answer.body, { status: answer.status, headers });
  } catch {
    return errorResponse(
      502,
      "Cannot show the picture: the peer does not answer",
    );
  }
}
