/**
 * What the signal server answers over HTTP beside Socket.IO.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import {
  errorResponse,
  jsonResponse,
  metricsResponse,
  originAllowed,
} from "../../net/mod.ts";
import { serveAsset, serveModule, servePage } from "../../web/mod.ts";
import { metricsOf } from "./metrics.ts";
import { sendResponse } from "./node_http.ts";
import { parseRange, type RangeRelay } from "./range_relay.ts";
import type { SignalReport } from "./server.ts";

/** What the routes ask the server. */
export interface RouteParts {
  /** Figures. */
  report(): SignalReport;
  /** A room for `GET /api/room/:id`. */
  room(id: string): Promise<object | undefined>;
  /** The relay over HTTP. */
  readonly ranges: RangeRelay;
  /** Asks the member with the room's film; `undefined` when the asker is no member, `false` when there is no film. */
  askRange(
    roomId: string,
    token: string,
    request: {
      id: string;
      what: "film" | "hashes";
      start: number;
      end: number;
    },
  ): { readonly total: number; send(): void } | undefined | false;
  /** A text nobody can guess. */
  secret(): string;
}

/** The worker may answer for the whole page, not only for its own folder. */
const WORKER_PATH = "/pages/signal_worker.js";

/** Answers one request. */
export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  parts: RouteParts,
): Promise<void> {
  const url = URL.parse(request.url ?? "/", "http://localhost");
  if (url === null) {
    await sendResponse(
      request,
      errorResponse(400, "Cannot read the URL"),
      response,
    );
    return;
  }
  const path = url.pathname;
  const answerTo = /^\/relay\/answer\/([\w-]+)$/.exec(path)?.[1];
  if (request.method === "POST" && answerTo !== undefined) {
    const { origin, host } = request.headers;
    if (originAllowed(origin ?? null, host ?? "")) {
      parts.ranges.answer(answerTo, request, response);
      return;
    }
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    request.resume();
    await sendResponse(
      request,
      errorResponse(405, `Cannot answer ${request.method}`, {
        allow: "GET, HEAD",
      }),
      response,
    );
    return;
  }
  const relay = /^\/relay\/(film|hashes)\/([\w-]{1,64})$/.exec(path);
  if (relay !== null) {
    await relayRange(
      request,
      response,
      url,
      relay[1] as "film" | "hashes",
      relay[2] ?? "",
      parts,
    );
    return;
  }
  await sendResponse(request, await respond(path, parts), response);
}

async function respond(path: string, parts: RouteParts): Promise<Response> {
  switch (path) {
    case "/":
      return await servePage("signal_room");
    case "/health": {
      const { rooms, users, seconds } = parts.report();
      return jsonResponse({
        status: "ok",
        rooms,
        users,
        uptime: seconds,
        timestamp: new Date().toISOString(),
      });
    }
    case "/metrics":
      return metricsResponse(metricsOf(parts.report()));
    case WORKER_PATH: {
      const worker = await serveAsset(path);
      worker?.headers.set("service-worker-allowed", "/");
      if (worker !== undefined) return worker;
    }
  }
  const room = /^\/api\/room\/([^/]+)$/.exec(path)?.[1];
  if (room !== undefined) {
    const view = await parts.room(room);
    return view === undefined
      ? errorResponse(404, "Room not found")
      : jsonResponse(view);
  }
  return await serveAsset(path) ?? await serveModule(path) ??
    errorResponse(404, `Cannot find "${path}"`);
}

async function relayRange(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  what: "film" | "hashes",
  roomId: string,
  parts: RouteParts,
): Promise<void> {
  const page = /^\d{1,9}$/.exec(url.searchParams.get("page") ?? "")?.[0];
  const range = what === "film"
    ? parseRange(request.headers.range)
    : page === undefined
    ? undefined
    : { start: Number(page), end: Number(page) };
  if (range === undefined) {
    await sendResponse(
      request,
      errorResponse(416, "Cannot relay: a range with both ends is needed"),
      response,
    );
    return;
  }
  const id = parts.secret();
  const asked = parts.askRange(
    roomId,
    url.searchParams.get("token") ?? "",
    { id, what, ...range },
  );
  if (asked === undefined || asked === false) {
    await sendResponse(
      request,
      asked === undefined
        ? errorResponse(403, "Cannot relay: only members of the room may ask")
        : errorResponse(404, "Cannot relay: the room has no film now"),
      response,
    );
    return;
  }
  if (
    parts.ranges.ask(request, response, { what, ...range }, asked.total, id)
  ) asked.send();
}
