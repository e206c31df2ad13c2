/**
 * An HTTP server for pages and APIs on this machine: `Deno.serve` with a
 * guarded front door, limits, and an end that is bounded in time.
 *
 * It knows no page and no protocol above HTTP: a handler takes a standard
 * `Request` and gives a standard `Response`.
 *
 * Do not read `request.signal` in a handler: Deno aborts it after a *successful*
 * answer too, and says so on standard error. A response's stream is cancelled
 * when the client goes; what only waits must be bounded in time.
 *
 * @module
 */

import type { Logger } from "../log/mod.ts";
import { hostAllowed, originAllowed } from "./http_guard.ts";
import { errorResponse, finishResponse } from "./http_reply.ts";
import { listenOrExplain } from "./listen_error.ts";
import { formatHostPort } from "./resolve.ts";

/**
 * Requests at once, streams and long polls included. A browser opens at most 6
 * connections to a host, so this is some forty open pages; nginx's precedent
 * (`worker_connections 512`) is of the same size.
 */
export const MAX_ACTIVE_REQUESTS = 256;

/** How long `close` waits for answers under way: the command line promises 5 s in all. */
export const DRAIN_MS = 2000;

/** What the handler learns beside the request. */
export interface HttpRequestInfo {
  /** The client's address, for logs. */
  readonly remoteAddress: string;
  /** Aborted when the server closes: end long polls and streams then. */
  readonly closing: AbortSignal;
  /** Resolves when the whole answer has left this process, or its client has gone. */
  readonly answered?: Promise<void>;
}

/** Answers one request. */
export type HttpHandler = (
  request: Request,
  info: HttpRequestInfo,
) => Response | Promise<Response>;

/** Options of {@linkcode startHttpServer}. */
export interface HttpServerOptions {
  /** Address or name to listen at; 127.0.0.1 unless the user asked for more. */
  readonly hostname: string;
  /** TCP port, 0 for a free one. */
  readonly port: number;
  /** Answers the requests that passed the guards. */
  readonly handler: HttpHandler;
  /** Names besides addresses, `localhost` and `hostname` that the server goes by. */
  readonly allowedHosts?: readonly string[];
  /** The flag that chooses the port, for the error message; `--page-port` when absent. */
  readonly flag?: string;
  /** Hears of handlers that failed. */
  readonly log?: Logger;
  /** Closes the server when aborted. */
  readonly signal?: AbortSignal;
  /** How long `close` waits for answers under way, in milliseconds. */
  readonly drainMs?: number;
}

/** A server that listens. */
export interface HttpServer {
  /** To open in a browser: `http://127.0.0.1:8090/`. */
  readonly url: string;
  /** The port it listens at, never 0. */
  readonly port: number;
  /**
   * Stops taking requests, aborts `closing`, waits for answers under way at most
   * the drain time, then cuts what is left. May be called again.
   */
  close(): Promise<void>;
}

/**
 * Listens and answers.
 *
 * A page of another origin gets nothing: a foreign `Host` is refused with 403 (DNS
 * rebinding), and so is a POST, PUT, PATCH or DELETE whose `Origin` is not the `Host`.
 * Every answer carries `securityHeaders`; an `ETag` that the client has becomes 304; a handler
 * that throws becomes 500 and a line in the log.
 *
 * @throws {ListenError} when the port is taken or the address is not ours, with the remedy.
 */
// deno-lint-ignore require-await -- so that a taken port rejects and never throws
export async function startHttpServer(
  options: HttpServerOptions,
): Promise<HttpServer> {
  const closing = new AbortController();
  const cutting = new AbortController();
  /** The host that was allowed last. */
  const known = { host: undefined as string | undefined };
  let active = 0;
  let drained: (() => void) | undefined;

  function finishOne(): void {
    active--;
    if (active === 0) drained?.();
  }

  async function answer(
    request: Request,
    remote: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Promise<Response> {
    if (closing.signal.aborted) {
      return errorResponse(503, "Cannot answer: the server is closing", {
        connection: "close",
      });
    }
    if (active >= MAX_ACTIVE_REQUESTS) {
      return errorResponse(
        503,
        `Cannot answer: ${MAX_ACTIVE_REQUESTS} requests are under way. Close some pages and try again`,
        { "retry-after": "1" },
      );
    }
    active++;
    const answered = remote.completed.then(finishOne, finishOne);
    const refusal = refuse(request, options, known);
    if (refusal !== undefined) return refusal;
    try {
      return await options.handler(request, {
        remoteAddress: remote.remoteAddr.hostname,
        closing: closing.signal,
        answered,
      });
    } catch (error) {
      options.log?.error(
        `Cannot answer ${request.method} "${
          new URL(request.url).pathname
        }": ${error}`,
      );
      return errorResponse(500, "Cannot answer: the server has a fault");
    }
  }

  const { hostname, port, flag = "--page-port" } = options;
  const server = listenOrExplain(hostname, port, flag, () =>
    Deno.serve(
      { hostname, port, signal: cutting.signal, onListen: () => {} },
      async (request, remote) =>
        finishResponse(request, await answer(request, remote)),
    ));

  async function drainAndCut(): Promise<void> {
    options.signal?.removeEventListener("abort", close);
    closing.abort();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, options.drainMs ?? DRAIN_MS);
    const idle = Promise.withResolvers<void>();
    drained = idle.resolve;
    if (active > 0) await Promise.race([idle.promise, late.promise]);
    // Deno cuts or lets finish, never the one after the other, and an answer
    // that is complete for us may still be in its buffers.
    if (active > 0) {
      cutting.abort();
      await server.finished;
    } else await Promise.race([server.shutdown(), late.promise]);
    clearTimeout(timer);
  }

  let closed: Promise<void> | undefined;
  function close(): Promise<void> {
    return closed ??= drainAndCut();
  }
  options.signal?.addEventListener("abort", close);
  if (options.signal?.aborted) close();

  return {
    url: urlOf(hostname, server.addr.port),
    port: server.addr.port,
    close,
  };
}

/** The refusal of a request from a foreign page, if it is one. */
function refuse(
  request: Request,
  options: HttpServerOptions,
  known: { host: string | undefined },
): Response | undefined {
  // HTTP/1.0 may come without a Host: no browser does that.
  const host = request.headers.get("host") ?? new URL(request.url).host;
  if (host === known.host) {
    // A page that shows every frame asks thirty times a second.
  } else if (hostAllowed(host, options.hostname, options.allowedHosts)) {
    known.host = host;
  } else {
    return errorResponse(
      403,
      `Cannot answer for host "${host}": this server goes by its address and by "localhost"`,
    );
  }
  const safe = ["GET", "HEAD", "OPTIONS"].includes(request.method);
  const origin = request.headers.get("origin");
  if (!safe && !originAllowed(origin, host)) {
    return errorResponse(
      403,
      `Cannot accept ${request.method} from "${origin}": only this server's own pages may`,
    );
  }
  return undefined;
}

/** What to type into a browser: all interfaces (all zeros) are reached at the loopback one. */
function urlOf(hostname: string, port: number): string {
  const loopback = hostname.includes(":") ? "::1" : "127.0.0.1";
  const host = /^[0.:]+$/.test(hostname) ? loopback : hostname;
  return `http://${formatHostPort(host, port)}/`;
}
