/**
 * The server's page and API.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import { errorResponse, type HttpServer, jsonResponse } from "../../net/mod.ts";
import { startPageServer } from "../page/mod.ts";
import { metricsOf } from "./metrics.ts";
import { isRefusal, type Refusal } from "./playback.ts";
import type { RtspServer } from "./server.ts";

/** How often the page hears of the server. */
const EVENT_INTERVAL_MS = 1000;

/**
 * Serves the page.
 *
 * @throws {ListenError} when the port cannot be had.
 */
export function serveRtspPage(
  server: RtspServer,
  options: { hostname: string; port: number; log: Logger },
): Promise<HttpServer> {
  return startPageServer({
    ...options,
    page: "rtsp_server",
    name: "server",
    report: () => server.report(),
    eventIntervalMs: EVENT_INTERVAL_MS,
    metrics: () => metricsOf(server.report()),
    routes: {
      "GET /api/streams": () => jsonResponse(server.report().streams),
      "GET /api/sessions": () => jsonResponse(server.report().sessions),
      "DELETE /api/sessions/:id": (_request, { params }) =>
        server.endSession(params.id ?? "")
          ? jsonResponse({ ok: true })
          : errorResponse(404, `Cannot end "${params.id}": no such session`),
      "GET /streams/:name/frame": async (request, info) =>
        picture(
          await server.preview(info.params.name ?? "")?.respond(request, info),
          204, // the page asks again; an error would fill its console
        ),
      "GET /streams/:name/stream.mjpeg": async (_request, info) =>
        picture(
          await server.preview(info.params.name ?? "")?.stream(
            info.closing,
          ),
          503,
        ),
    },
  });
}

/** The picture, or what says that the stream has none now. */
function picture(
  outcome: Response | Refusal | undefined,
  absent: 204 | 503,
): Response {
  if (outcome === undefined) {
    return errorResponse(404, "Cannot show the picture: no such stream");
  }
  if (outcome instanceof Response || !isRefusal(outcome)) return outcome;
  return absent === 204
    ? new Response(null, {
      status: absent,
      headers: { "cache-control": "no-store" },
    })
    : errorResponse(absent, `Cannot show the picture: ${outcome.reason}`);
}
