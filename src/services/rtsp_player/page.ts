/**
 * The player's page: the window of the design document.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import {
  errorResponse,
  type HttpServer,
  jsonResponse,
  mjpegResponse,
} from "../../net/mod.ts";
import { startPageServer } from "../page/mod.ts";
import { metricsOf } from "./metrics.ts";
import { frameFileName } from "../../media/mod.ts";
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
  const after = async (act: () => void | Promise<void>): Promise<Response> => {
    await act();
    return jsonResponse(player.report());
  };
  return startPageServer({
    ...options,
    page: "rtsp_player",
    name: "player",
    report: () => player.report(),
    eventIntervalMs: EVENT_INTERVAL_MS,
    onWatch: () => player.watch(),
    metrics: () => metricsOf(player.report()),
    routes: {
      "POST /api/setup": () => after(() => player.setup()),
      "POST /api/play": async (request) => {
        const from = await readPosition(request);
        return from instanceof Response
          ? from
          : await after(() => player.play(from));
      },
      "POST /api/pause": () => after(() => player.pause()),
      "POST /api/stop": () => after(() => player.stop()),
      "GET /frame": (request, info) => player.live.respond(request, info),
      "GET /stream.mjpeg": (_request, { closing }) =>
        mjpegResponse(player.live, closing),
      "GET /snapshot.jpg": () => snapshot(player),
    },
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
