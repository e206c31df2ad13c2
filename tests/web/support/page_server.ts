/**
 * The two chain pages on our own HTTP server, with a made-up chain behind them.
 *
 * @module
 */

import { startHttpServer } from "../../../src/net/http.ts";
import type { HttpServer } from "../../../src/net/http.ts";
import { eventStream } from "../../../src/net/http_events.ts";
import { LiveFrames } from "../../../src/net/http_frames.ts";
import { errorResponse, jsonResponse } from "../../../src/net/http_reply.ts";
import { route } from "../../../src/net/http_route.ts";
import type { RouteHandler } from "../../../src/net/http_route.ts";
import { serveAsset, servePage } from "../../../src/web/mod.ts";
import { makeJpegs } from "../../support/clips.ts";
import type { MadeUpChain } from "./made_up_chain.ts";

/** How often the real services send events. */
const EVENTS_MS = 500;

/** A served page and the hands behind it. */
export interface PageServer extends AsyncDisposable {
  /** Where the page is. */
  readonly url: string;
  /** `POST /api/start` and the like, in the order they came. */
  readonly commands: string[];
  /** Sends the state as it is now, without waiting for the next tick. */
  push(): void;
  /** Shows the next picture everywhere, numbered as the chain's newest frame. */
  publish(): void;
  /** Plays on by itself, 30 frames a second. */
  play(): void;
  /** Holds the pictures still; events go on. */
  pause(): void;
  /** The server dies, without a word. */
  stop(): Promise<void>;
  /** The server is back, at the same port. */
  restart(): Promise<void>;
}

/**
 * Serves the coordinator's page, or a peer's when `peer` names one.
 */
export async function servePages(
  chain: MadeUpChain,
  peer?: string,
): Promise<PageServer> {
  const jpegs = await makeJpegs({ size: "640x360", frames: 60 });
  const commands: string[] = [];
  const listeners = new Set<() => void>();
  let frames = new LiveFrames();
  let server: HttpServer;
  let playing: ReturnType<typeof setInterval> | undefined;

  function state(): unknown {
    return peer === undefined
      ? chain.snapshot()
      : chain.report(chain.peer(peer));
  }

  function push(): void {
    for (const listener of listeners) listener();
  }

  function publish(): void {
    const bytes = jpegs[Math.max(0, chain.frame) % jpegs.length] ??
      new Uint8Array();
    const handle = { bytes, retain: () => {}, release: () => {} };
    frames.publish(handle, chain.frame, Date.now());
  }

  function command(then: () => void): RouteHandler {
    return (request, { url }) => {
      commands.push(`${request.method} ${url.pathname}`);
      then();
      push();
      return new Response(null, { status: 204 });
    };
  }

  const table: Record<string, RouteHandler> = {
    "GET /": () =>
      servePage(peer === undefined ? "chain_coordinator" : "chain_peer"),
    [peer === undefined ? "GET /api/chain" : "GET /api/peer"]: () =>
      jsonResponse(state()),
    "GET /api/events": (_request, { closing }) =>
      eventStream(closing, (send) => {
        const listener = (): void => send(state());
        listener();
        const timer = setInterval(listener, EVENTS_MS);
        listeners.add(listener);
        return () => {
          clearInterval(timer);
          listeners.delete(listener);
        };
      }),
    "GET /frame": (request, info) => frames.respond(request, info),
    "GET /peers/:name/frame": (request, info) => frames.respond(request, info),
    "GET /snapshot.jpg": () => {
      const newest = frames.newest();
      return newest === undefined
        ? errorResponse(404, "Cannot take a snapshot: no frame has arrived yet")
        : new Response(newest.bytes, {
          headers: {
            "content-type": "image/jpeg",
            "x-frame-number": String(newest.number),
          },
        });
    },
    "POST /api/start": command(() => chain.playTo(0)),
    "POST /api/stop": command(() => chain.state = "ended"),
  };

  async function start(port: number): Promise<void> {
    frames = new LiveFrames();
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
    push,
    publish,
    play: () => {
      playing ??= setInterval(() => {
        if (chain.state !== "playing") return;
        chain.frame++;
        publish();
      }, 1000 / 30);
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
