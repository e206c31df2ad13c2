/**
 * The coordinator's page and its API: the whole chain at a glance.
 *
 * @module
 */

import { DEFAULT_MAX_FRAME_BYTES } from "../../chain/mod.ts";
import {
  errorResponse,
  type HttpServer,
  jsonResponse,
  mjpegResponse,
  proxyPicture,
} from "../../net/mod.ts";
import { startPageServer } from "../page/mod.ts";
import { peerMetrics } from "../chain/peer_metrics.ts";
import type { Logger } from "../../log/mod.ts";
import { type ChainCoordinator, ChainStateError } from "./coordinator.ts";

/** Larger pictures of a peer are not shown: the frames of a chain have this limit too. */
const MAX_PICTURE_BYTES = DEFAULT_MAX_FRAME_BYTES;
/**
 * Serves the coordinator's page.
 *
 * @throws {ListenError} when the port cannot be had.
 */
export function serveCoordinatorPage(
  coordinator: ChainCoordinator,
  options: { hostname: string; port: number; log: Logger },
): Promise<HttpServer> {
  return startPageServer({
    ...options,
    page: "chain_coordinator",
    name: "chain",
    report: () => coordinator.snapshot(),
    metrics: () =>
      peerMetrics(
        coordinator.snapshot().peers.flatMap(({ report }) =>
          report === null ? [] : [report]
        ),
      ),
    routes: {
      "POST /api/start": () => act(() => coordinator.start()),
      "POST /api/stop": () => act(() => coordinator.stop()),
      "GET /frame": (request, info) => coordinator.live.respond(request, info),
      "GET /stream.mjpeg": (_request, { closing }) =>
        mjpegResponse(coordinator.live, closing),
      "GET /peers/:name/frame": (_request, { params, url, closing }) =>
        proxyPicture({
          target: frameOf(coordinator.pageOf(params.name ?? "")),
          url,
          closing,
          maxBytes: MAX_PICTURE_BYTES,
        }),
    },
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

/** Where a peer's page has its newest picture. */
function frameOf(page: string | undefined): URL | undefined {
  return page === undefined ? undefined : new URL("/frame", page);
}
