/**
 * What the server answers over HTTP.
 *
 * @module
 */

import {
  errorResponse,
  eventStream,
  type HttpHandler,
  jsonResponse,
  type Metric,
  metricsResponse,
  mjpegResponse,
  route,
  type RouteInfo,
} from "../../net/mod.ts";
import { LIMITS, MIB } from "../../referee/mod.ts";
import { bringsToken } from "./access.ts";
import { serveAsset, servePage } from "../../web/mod.ts";
import type { AnalyzeUploads } from "./analyze_upload.ts";
import { PictureDecoders } from "./decoded_pictures.ts";
import { fileResponse, readPart } from "./file_response.ts";
import { reportOf, type ServerFacts } from "./report.ts";
import { type FinishedRecording, FRAMES_FILE } from "./result_catalog.ts";
import type { RefereeServer } from "./server.ts";

/** How often a page hears of the server. */
const EVENT_INTERVAL_MS = 500;

/** Paths that need no token: they tell nothing of anybody. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/health"]);

/** The routes of a server. */
export function refereeRoutes(
  server: RefereeServer,
  uploads: AnalyzeUploads,
  facts: ServerFacts,
): HttpHandler {
  const { catalog, options } = server.core;
  const { token } = options;
  const decoders = new PictureDecoders();

  const guarded = route({
    "GET /health": () => jsonResponse(health(server)),
    "GET /streaming/stats": () =>
      jsonResponse(server.table.stats(server.now())),
    "GET /metrics": () => metricsResponse(metrics(server, facts)),
    "POST /analyze": (request, info) => uploads.handle(request, info),
    "GET /sessions/:id/preview.mjpeg": (_request, { params, closing }) => {
      const run = server.core.runById(params.id ?? "");
      return run === undefined
        ? noSession(params.id)
        : mjpegResponse(run.live, closing);
    },
    "GET /sessions/:id/frame": (request, info) => {
      const run = server.core.runById(info.params.id ?? "");
      // A page asks until it hears that the session is over: no error for its console.
      return run === undefined
        ? new Response(null, {
          status: 204,
          headers: { "cache-control": "no-store" },
        })
        : run.live.respond(request, info);
    },
    "GET /results": () => jsonResponse(catalog.list()),
    "GET /results/:id": async (_request, { params }) => {
      const found = catalog.find(params.id ?? "");
      const result = found && await catalog.result(found);
      return result === undefined ? noResult(params.id) : jsonResponse(result);
    },
    "GET /results/:id/files/:file": (request, { params }) => {
      const found = catalog.find(params.id ?? "");
      const { file = "" } = params;
      const path = found && catalog.filePath(found, file);
      return path === undefined
        ? noResult(params.id)
        : fileResponse(request, path, file);
    },
    "GET /results/:id/frames/:index": (_request, { params }) => {
      const found = catalog.find(params.id ?? "");
      return found === undefined
        ? noResult(params.id)
        : picture(server, found, Number(params.index), decoders);
    },
    "GET /api/referee": () => jsonResponse(reportOf(server, facts)),
    "GET /api/events": (_request, { closing }) =>
      eventStream(closing, (send) => {
        send(reportOf(server, facts));
        const timer = setInterval(
          () => send(reportOf(server, facts)),
          EVENT_INTERVAL_MS,
        );
        return () => clearInterval(timer);
      }),
    "GET /": () => servePage("referee"),
  }, page);

  return (request, info) => {
    const url = new URL(request.url);
    if (
      token !== undefined && !OPEN_PATHS.has(url.pathname) &&
      !isPagePath(url.pathname) && !bringsToken(request.headers, url, token)
    ) {
      return errorResponse(
        401,
        "Cannot answer: the token is missing or wrong. Bring it as Authorization: Bearer, or as ?token=",
        { "www-authenticate": "Bearer" },
      );
    }
    return guarded(request, info);
  };
}

/** The page and what it is made of hold no data. */
function isPagePath(path: string): boolean {
  return path === "/" || /^\/(?:static|pages)\//.test(path);
}

async function page(_request: Request, { url }: RouteInfo): Promise<Response> {
  return await serveAsset(url.pathname) ?? errorResponse(
    404,
    `Cannot find "${url.pathname}": there is no such page`,
  );
}

function noSession(id = ""): Response {
  return errorResponse(404, `Cannot show session "${id}": there is none`);
}

function noResult(id = ""): Response {
  return errorResponse(404, `Cannot find the result of "${id}": there is none`);
}

/** `/health`, as the documents have it, and our limits. */
function health(server: RefereeServer): Record<string, unknown> {
  const { analyzer, limits, spill } = server.core.options;
  const loaded = analyzer?.modelLoaded ?? true;
  return {
    status: loaded ? "ok" : "model_not_loaded",
    model_path: analyzer?.modelPath ?? null,
    model_loaded: loaded,
    analysis: analyzer === undefined ? "signal only" : "video",
    spill,
    limits,
    limit_variables: Object.fromEntries(
      Object.entries(LIMITS).map(([name, { env }]) => [name, env]),
    ),
  };
}

function metrics(
  server: RefereeServer,
  { connections }: ServerFacts,
): Metric[] {
  const { table, queue, catalog, counters, options } = server.core;
  const gauge = (name: string, help: string, value: number): Metric => ({
    name: `referee_${name}`,
    help,
    type: "gauge",
    value,
  });
  const { max_streaming_memory_mb, max_streaming_sessions } = options.limits;
  return [
    gauge("sessions", "Sessions that are alive", table.size),
    gauge("sessions_max", "Most sessions at once", max_streaming_sessions),
    gauge(
      "sessions_parked",
      "Sessions that wait for their client",
      server.parkedSessions,
    ),
    gauge("memory_bytes", "Memory that frames take", table.memoryBytes),
    gauge(
      "memory_max_bytes",
      "Most memory for frames",
      max_streaming_memory_mb * MIB,
    ),
    gauge("connections", "Connections that are open", connections()),
    gauge(
      "queue_length",
      "Recordings that wait for their result",
      queue.length,
    ),
    gauge("recordings", "Finished recordings on disk", catalog.list().length),
    ...counters.metrics(),
  ];
}

/** One picture of a finished recording: its own bytes where it is a picture of its own in the video. */
async function picture(
  server: RefereeServer,
  found: FinishedRecording,
  index: number,
  decoders: PictureDecoders,
): Promise<Response> {
  const { catalog } = server.core;
  const path = catalog.filePath(found, FRAMES_FILE) ?? "";
  const frames = JSON.parse(await Deno.readTextFile(path));
  const time = frames.times[index];
  const offset = frames.offsets?.[index];
  const length = frames.lengths?.[index];
  const video = catalog.filePath(found, String(frames.video));
  if (typeof time !== "number" || video === undefined) {
    return errorResponse(404, `Cannot show picture ${index}: there is none`);
  }
  const isOwn = typeof offset === "number" && typeof length === "number";
  const bytes = isOwn
    ? await readPart(video, offset, length)
    : await decoders.decode(
      await server.core.ffmpeg(),
      video,
      time - frames.times[0],
    );
  if (bytes === undefined) {
    return errorResponse(
      503,
      `Cannot show picture ${index}: it cannot be decoded, or too many are asked for`,
    );
  }
  return new Response(bytes, {
    headers: {
      "content-type": isOwn && /^m?png$/.test(frames.codec)
        ? "image/png"
        : "image/jpeg",
      "cache-control": "no-store",
      "x-frame-number": String(frames.numbers[index]),
      "x-frame-time": String(time),
    },
  });
}
