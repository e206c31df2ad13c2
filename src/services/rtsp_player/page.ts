/**
 * The player's page: the window of the design document.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import {
  errorResponse,
  eventStream,
  jsonResponse,
  mjpegResponse,
  route,
  startHttpServer,
} from "../../net/mod.ts";
import type { HttpServer } from "../../net/mod.ts";
import { frameFileName } from "../../media/mod.ts";
import { serveAsset, servePage } from "../../web/mod.ts";
import type { RtspPlayer } from "./player.ts";

/** How often the page hears of the player: its frame number and bitrate shall look alive. */
const EVENT_INTERVAL_MS = 250;

/** Bytes of a request's body; a seek is a number in JSON. */
const MAX_BODY_BYTES = 1024;

/**
 * Serves a player's page.
 *
 * @throws {ListenError} when the port cannot be had.
 */
export function servePlayerPage(
  player: RtspPlayer,
  options: { hostname: string; port: number; log: Logger },
): Promise<HttpServer> {
  const { hostname, port, log } = options;
  const after = async (act: () => void | Promise<void>): Promise<Response> => {
    await act();
    return jsonResponse(player.report());
  };
  return startHttpServer({
    hostname,
    port,
    log,
    flag: "--page-port",
    handler: route({
      "GET /": () => servePage("rtsp_player"),
      "GET /api/player": () => jsonResponse(player.report()),
      "GET /api/events": (_request, { closing }) =>
        eventStream(closing, (send) => {
          const unwatch = player.watch();
          send(player.report());
          const timer = setInterval(
            () => send(player.report()),
            EVENT_INTERVAL_MS,
          );
          return () => {
            clearInterval(timer);
            unwatch();
          };
        }),
      "POST /api/setup": () => after(() => player.setup()),
      "POST /api/play": async (request) => {
        const from = await readPosition(request);
        return from instanceof Response
          ? from
          : await after(() => player.play(from));
      },
      "POST /api/pause": () => after(() => player.pause()),
      "POST /api/stop": () => after(() => player.stop()),
      "GET /frame": (request, { closing }) =>
        player.live.respond(request, closing),
      "GET /stream.mjpeg": (_request, { closing }) =>
        mjpegResponse(player.live, closing),
      "GET /snapshot.jpg": () => snapshot(player),
    }, async (_request, { url }) =>
      await serveAsset(url.pathname) ??
        errorResponse(404, `Cannot find "${url.pathname}"`)),
  });
}

/** `{"from": 12.5}`, or nothing at all. */
async function readPosition(
  request: Request,
): Promise<number | undefined | Response> {
  const length = Number(request.headers.get("content-length") ?? 0);
  if (length > MAX_BODY_BYTES) {
    await request.body?.cancel();
    return errorResponse(413, `Cannot seek: ${length} bytes are no position`);
  }
  const text = await request.text();
  if (text === "") return undefined;
  try {
    const { from } = JSON.parse(text) as { from?: unknown };
    if (from === undefined) return undefined;
    if (typeof from === "number" && from >= 0 && from < Infinity) return from;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return errorResponse(
    400,
    'Cannot seek: the body is {"from": SECONDS}, seconds from 0',
  );
}

/** The newest picture as it came. */
function snapshot(player: RtspPlayer): Response {
  const newest = player.live.newest();
  if (newest === undefined) {
    return errorResponse(404, "Cannot take a snapshot: no picture has arrived");
  }
  return new Response(newest.bytes, {
    headers: {
      "content-type": "image/jpeg",
      "cache-control": "no-store",
      "x-frame-number": String(newest.number),
      "content-disposition": `attachment; filename="${
        frameFileName(newest.number)
      }"`,
    },
  });
}
