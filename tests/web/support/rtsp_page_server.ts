/**
 * The RTSP server's page on our own HTTP server, with made-up figures behind it.
 *
 * @module
 */

import {
  errorResponse,
  eventStream,
  type HttpServer,
  jsonResponse,
  LiveFrames,
  route,
  type RouteHandler,
  startHttpServer,
} from "../../../src/net/mod.ts";
import { serveAsset, servePage } from "../../../src/web/mod.ts";
import { makeJpegs } from "../../support/clips.ts";
import type { MadeUpRtspServer } from "./made_up_rtsp_server.ts";

/** The real service sends each second; tests need not wait so long. */
const EVENTS_MS = 250;

/** Pictures a second of every made-up stream. */
const PICTURES_PER_SECOND = 24;

/** A served page and the hands behind it. */
export interface RtspPageServer extends AsyncDisposable {
  /** Where the page is. */
  readonly url: string;
  /** Every `DELETE`, in the order they came. */
  readonly commands: string[];
  /** Names of the streams whose pictures were asked for. */
  readonly asked: Set<string>;
  /** Sends the state as it is now, without waiting for the next tick. */
  push(): void;
  /** Time and pictures go on by themselves. */
  play(): void;
  /** Both stand still; events go on. */
  pause(): void;
  /** The server dies, without a word. */
  stop(): Promise<void>;
  /** The server is back, at the same port. */
  restart(): Promise<void>;
}

/** Serves the page. */
export async function serveRtspPage(
  model: MadeUpRtspServer,
): Promise<RtspPageServer> {
  const jpegs = await makeJpegs({ size: "640x480", frames: 48 });
  const commands: string[] = [];
  const asked = new Set<string>();
  const listeners = new Set<() => void>();
  const frames = new LiveFrames();
  let number = 0;
  let server: HttpServer;
  let playing: ReturnType<typeof setInterval> | undefined;

  function push(): void {
    for (const listener of listeners) listener();
  }

  function tick(): void {
    model.pass(1 / PICTURES_PER_SECOND);
    const bytes = jpegs[number % jpegs.length] ?? new Uint8Array();
    const handle = { bytes, retain: () => {}, release: () => {} };
    frames.publish(handle, ++number, Date.now());
  }

  const table: Record<string, RouteHandler> = {
    "GET /": () => servePage("rtsp_server"),
    "GET /api/streams": () => jsonResponse(model.report().streams),
    "GET /api/sessions": () => jsonResponse(model.report().sessions),
    "DELETE /api/sessions/:id": (_request, { params: { id = "" } }) => {
      commands.push(`DELETE ${id}`);
      if (!model.end(id)) {
        return errorResponse(404, `Cannot end "${id}": no such session`);
      }
      push();
      return jsonResponse({ ok: true });
    },
    "GET /api/events": (_request, { closing }) =>
      eventStream(closing, (send) => {
        const listener = (): void => send(model.report());
        listener();
        const timer = setInterval(listener, EVENTS_MS);
        listeners.add(listener);
        return () => {
          clearInterval(timer);
          listeners.delete(listener);
        };
      }),
    "GET /streams/:name/frame": (request, info) => {
      const { name = "" } = info.params;
      asked.add(name);
      const { state } = model.find(name);
      return state === "ready" || state === "idle"
        ? frames.respond(request, info)
        : new Response(null, { status: 204 });
    },
  };

  async function start(port: number): Promise<void> {
    server = await startHttpServer({
      hostname: "127.0.0.1",
      port,
      drainMs: 100,
      handler: route(
        table,
        async (_request, info) =>
          await serveAsset(info.url.pathname) ??
            errorResponse(404, `Cannot find "${info.url.pathname}"`),
      ),
    });
  }

  await start(0);
  const { url, port } = server!;
  return {
    url,
    commands,
    asked,
    push,
    play: () => {
      playing ??= setInterval(tick, 1000 / PICTURES_PER_SECOND);
    },
    pause: () => {
      clearInterval(playing);
      playing = undefined;
    },
    stop: () => server.close(),
    restart: () => start(port),
    [Symbol.asyncDispose]: async () => {
      clearInterval(playing);
      frames.close();
      await server.close();
    },
  };
}
