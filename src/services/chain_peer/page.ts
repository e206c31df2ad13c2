/**
 * The peer's page: the window that the documents speak of.
 *
 * @module
 */

import { captionedSnapshot } from "../../media/mod.ts";
import {
  errorResponse,
  eventStream,
  type HttpServer,
  jsonResponse,
  mjpegResponse,
  route,
  startHttpServer,
} from "../../net/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { serveAsset, servePage } from "../../web/mod.ts";
import type { ChainPeer } from "./peer.ts";

/** How often the page hears of the peer. */
const EVENT_INTERVAL_MS = 500;

/**
 * Serves a peer's page.
 *
 * @throws {ListenError} when the port cannot be had.
 */
export function servePeerPage(
  peer: ChainPeer,
  options: { hostname: string; port: number; log: Logger },
): Promise<HttpServer> {
  const { hostname, port, log } = options;
  return startHttpServer({
    hostname,
    port,
    log,
    flag: "--page-port",
    handler: route({
      "GET /": () => servePage("chain_peer"),
      "GET /api/peer": () => jsonResponse(peer.report()),
      "GET /api/events": (_request, { closing }) =>
        eventStream(closing, (send) => {
          send(peer.report());
          const timer = setInterval(
            () => send(peer.report()),
            EVENT_INTERVAL_MS,
          );
          return () => clearInterval(timer);
        }),
      "GET /frame": (request, { closing }) =>
        peer.live.respond(request, closing),
      "GET /stream.mjpeg": (_request, { closing }) =>
        mjpegResponse(peer.live, closing),
      "GET /snapshot.jpg": () => snapshot(peer),
    }, async (_request, { url }) =>
      await serveAsset(url.pathname) ??
        errorResponse(404, `Cannot find "${url.pathname}"`)),
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
