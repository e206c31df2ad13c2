/**
 * The peer's page: the window that the documents speak of.
 *
 * @module
 */

import { captionedSnapshot } from "../../media/mod.ts";
import {
  errorResponse,
  type HttpServer,
  mjpegResponse,
} from "../../net/mod.ts";
import { startPageServer } from "../page/mod.ts";
import { peerMetrics } from "../chain/peer_metrics.ts";
import type { Logger } from "../../log/mod.ts";
import type { ChainPeer } from "./peer.ts";

/**
 * Serves a peer's page.
 *
 * @throws {ListenError} when the port cannot be had.
 */
export function servePeerPage(
  peer: ChainPeer,
  options: { hostname: string; port: number; log: Logger },
): Promise<HttpServer> {
  return startPageServer({
    ...options,
    page: "chain_peer",
    name: "peer",
    report: () => peer.report(),
    metrics: () => peerMetrics([peer.report()]),
    routes: {
      "GET /frame": (request, info) => peer.live.respond(request, info),
      "GET /stream.mjpeg": (_request, { closing }) =>
        mjpegResponse(peer.live, closing),
      "GET /snapshot.jpg": () => snapshot(peer),
    },
  });
}

async function snapshot(peer: ChainPeer): Promise<Response> {
  const newest = peer.live.newest();
  if (newest === undefined) {
    return errorResponse(404, "Cannot take a snapshot: no picture has arrived");
  }
  const { name } = peer;
  const { number, time, bytes } = newest;
  const jpeg = await captionedSnapshot(bytes, [
    `peer ${name}  frame ${number}`,
    new Date(time).toISOString(),
  ]);
  return new Response(jpeg as Uint8Array<ArrayBuffer>, {
    headers: {
      "content-type": "image/jpeg",
      "cache-control": "no-store",
      "x-frame-number": String(number),
      "content-disposition":
        `attachment; filename="peer_${name}_frame_${number}.jpg"`,
    },
  });
}
