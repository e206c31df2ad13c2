/**
 * What every page server has: the page, its state as JSON and as events, its
 * health and figures, and the files that pages load.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import {
  errorResponse,
  eventStream,
  type HttpServer,
  jsonResponse,
  type Metric,
  metricsResponse,
  route,
  type RouteHandler,
  startHttpServer,
} from "../../net/mod.ts";
import { type PageName, serveAsset, servePage } from "../../web/mod.ts";

/** How often a page hears of its server, unless it says otherwise. */
const EVENT_INTERVAL_MS = 500;

/** Options of {@linkcode startPageServer}. */
export interface PageServerOptions {
  /** Address to listen at. */
  readonly hostname: string;
  /** TCP port, 0 for a free one. */
  readonly port: number;
  readonly log: Logger;
  /** The page at `/`. */
  readonly page: PageName;
  /** The name of its state: JSON at `/api/NAME`. */
  readonly name: string;
  /** Its state now; also what the page hears again and again at `/api/events`. */
  readonly report: () => unknown;
  /** Milliseconds between two of them [500]. */
  readonly eventIntervalMs?: number;
  /** Told when somebody begins to hear of it; what it gives back is called when they stop. */
  readonly onWatch?: () => () => void;
  /** Figures for `/metrics`. */
  readonly metrics: () => readonly Metric[];
  /** What else there is, as {@linkcode route} takes it. */
  readonly routes?: Readonly<Record<string, RouteHandler>>;
}

/**
 * Serves a page at the port that `--page-port` chose.
 *
 * @throws {ListenError} when the port cannot be had.
 */
export function startPageServer(
  options: PageServerOptions,
): Promise<HttpServer> {
  const { hostname, port, log, page, name, report } = options;
  const interval = options.eventIntervalMs ?? EVENT_INTERVAL_MS;
  const since = performance.now();
  return startHttpServer({
    hostname,
    port,
    log,
    flag: "--page-port",
    handler: route({
      "GET /": () => servePage(page),
      [`GET /api/${name}`]: () => jsonResponse(report()),
      "GET /api/events": (_request, { closing }) =>
        eventStream(closing, (send) => {
          const unwatch = options.onWatch?.();
          send(report());
          const timer = setInterval(() => send(report()), interval);
          return () => {
            clearInterval(timer);
            unwatch?.();
          };
        }),
      "GET /health": () =>
        jsonResponse({
          status: "ok",
          seconds: Math.floor((performance.now() - since) / 1000),
        }),
      "GET /metrics": () => metricsResponse(options.metrics()),
      ...options.routes,
    }, async (_request, { url }) =>
      await serveAsset(url.pathname) ??
        errorResponse(404, `Cannot find "${url.pathname}"`)),
  });
}
