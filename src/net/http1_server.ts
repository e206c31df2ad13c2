/**
 * HTTP and WebSockets on one port, plain or with TLS: a handler takes a standard
 * `Request` and gives a standard `Response`, as with `startHttpServer`, and a
 * WebSocket can hold its sender back.
 *
 * It reads HTTP itself. `Deno.serve` gives WebSockets without back-pressure,
 * and `node:http` under Deno does not hold a TLS client back (2.9.6: 300 MB of an
 * unread upload in memory), holds no upload back and takes no TLS WebSocket at all (2.7.1).
 *
 * @module
 */

import type { Logger } from "../log/mod.ts";
import type { HttpHandler } from "./http.ts";
import { hostAllowed, originAllowed } from "./http_guard.ts";
import { errorResponse, finishResponse } from "./http_reply.ts";
import { Http1Connection } from "./http1_connection.ts";
import type { RequestHead } from "./http1_head.ts";
import { listenOrExplain } from "./listen_error.ts";
import { formatHostPort } from "./resolve.ts";
import { closeQuietly, writeAll } from "./tcp.ts";
import { WebSocketPeer } from "./websocket.ts";
import { openingAnswer } from "./websocket_handshake.ts";

/** How long `close` waits for answers under way. */
const DRAIN_MS = 1000;

/** Between two looks whether all answers are given. */
const LOOK_MS = 10;

/** A WebSocket's request. */
export interface UpgradeInfo {
  /** The request's target, whole. */
  readonly url: URL;
  /** The request's header fields. */
  readonly headers: Headers;
  /** The client's address. */
  readonly remoteAddress: string;
}

/** Options of {@linkcode startHttp1Server}. */
export interface Http1ServerOptions {
  /** Address or name to listen at; 127.0.0.1 unless the user asked for more. */
  readonly hostname: string;
  /** TCP port, 0 for a free one. */
  readonly port: number;
  /** The flag that chooses the port, for the error message. */
  readonly flag: string;
  /** Certificate and key as PEM, for `https` and `wss`. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Connections beyond this many are closed at once. */
  readonly maxConnections: number;
  /** Names besides addresses, `localhost` and `hostname` that the server goes by; `any` where a token guards it. */
  readonly allowedHosts: readonly string[] | "any";
  /** Answers requests. */
  readonly handler: HttpHandler;
  /** Refuses a WebSocket with a response, or takes it (`undefined`). */
  readonly refuseUpgrade: (info: UpgradeInfo) => Response | undefined;
  /** A WebSocket is open; call its `listen`. */
  readonly connected: (peer: WebSocketPeer, info: UpgradeInfo) => void;
  /** Longest WebSocket message, in bytes. */
  readonly maxMessageBytes: number;
  /** Hears of handlers that failed. */
  readonly log: Logger;
}

/** A server that listens. */
export interface Http1Server {
  /** To open in a browser. */
  readonly url: string;
  /** The port it listens at, never 0. */
  readonly port: number;
  /** Connections that are open. */
  readonly connections: number;
  /** Takes no more connections; those that are open stay. */
  stopAccepting(): void;
  /** Ends everything: answers under way get a moment, then all is cut. */
  close(): Promise<void>;
}

/**
 * Listens and answers.
 *
 * @throws {ListenError} when the port cannot be had or the certificate is of no use.
 */
export function startHttp1Server(options: Http1ServerOptions): Http1Server {
  return new RunningServer(options);
}

class RunningServer implements Http1Server {
  readonly url: string;
  readonly port: number;
  readonly #options: Http1ServerOptions;
  readonly #closing = new AbortController();
  readonly #connections = new Map<Deno.Conn, Http1Connection>();
  readonly #peers = new Map<Deno.Conn, WebSocketPeer>();
  readonly #listener: Deno.Listener;
  readonly #accepting: Promise<void>;
  readonly #running = new Set<Promise<void>>();

  constructor(options: Http1ServerOptions) {
    this.#options = options;
    const { hostname, port, flag, tls } = options;
    this.#listener = listenOrExplain<Deno.Listener>(
      hostname,
      port,
      flag,
      () =>
        tls === undefined
          ? Deno.listen({ hostname, port })
          : Deno.listenTls({ hostname, port, ...tls }),
    );
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    const loopback = hostname.includes(":") ? "::1" : "127.0.0.1";
    const host = /^[0.:]+$/.test(hostname) ? loopback : hostname;
    this.url = `${this.#scheme}://${formatHostPort(host, this.port)}/`;
    this.#accepting = this.#acceptAll();
  }

  get connections(): number {
    return this.#connections.size;
  }

  get #scheme(): string {
    return this.#options.tls === undefined ? "http" : "https";
  }

  async #acceptAll(): Promise<void> {
    for (;;) {
      try {
        const conn = await this.#listener.accept();
        if (this.#connections.size >= this.#options.maxConnections) {
          closeQuietly(conn);
          continue;
        }
        const running = this.#serve(conn);
        this.#running.add(running);
        running.finally(() => this.#running.delete(running));
      } catch (error) {
        if (
          error instanceof Deno.errors.BadResource ||
          error instanceof Deno.errors.Interrupted
        ) return;
        // Too many open files, a broken handshake: the next one may be luckier.
        this.#options.log.debug(`Cannot accept a connection: ${error}`);
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    }
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    const { hostname: remoteAddress } = conn.remoteAddr as Deno.NetAddr;
    const connection = new Http1Connection(conn, {
      answer: (head, body) => this.#answer(head, body, remoteAddress),
      upgrade: (head, rest) => this.#upgrade(conn, head, rest, remoteAddress),
    });
    this.#connections.set(conn, connection);
    (conn as Partial<Deno.TcpConn>).setNoDelay?.call(conn, true);
    await connection.run();
    await this.#peers.get(conn)?.finished;
    closeQuietly(conn);
    this.#peers.delete(conn);
    this.#connections.delete(conn);
  }

  #urlOf({ headers, target }: RequestHead): URL | undefined {
    const host = headers.get("host") ?? "127.0.0.1";
    const text = `${this.#scheme}://${host}${target}`;
    return /[/@?#\\\s]/.test(host) || !URL.canParse(text)
      ? undefined
      : new URL(text);
  }

  async #answer(
    head: RequestHead,
    body: ReadableStream | null,
    remoteAddress: string,
  ): Promise<Response> {
    const request = this.#requestOf(head, body);
    if (request === undefined) {
      return errorResponse(400, "Cannot answer: the request makes no sense");
    }
    return finishResponse(
      request,
      this.#refuse(request) ?? await this.#respond(request, remoteAddress),
    );
  }

  #requestOf(
    head: RequestHead,
    body: ReadableStream | null,
  ): Request | undefined {
    const url = this.#urlOf(head);
    const { method } = head;
    const bodyless = method === "GET" || method === "HEAD";
    if (url === undefined || bodyless && body !== null) return undefined;
    try {
      return new Request(url, { method, body, headers: [...head.headers] });
    } catch (error) {
      if (error instanceof TypeError) return undefined; // method TRACE
      throw error;
    }
  }

  async #respond(request: Request, remoteAddress: string): Promise<Response> {
    try {
      return await this.#options.handler(request, {
        remoteAddress,
        closing: this.#closing.signal,
      });
    } catch (error) {
      const { pathname } = new URL(request.url);
      this.#options.log.error(
        `Cannot answer ${request.method} "${pathname}": ${error}`,
      );
      return errorResponse(500, "Cannot answer: the server has a fault");
    }
  }

  /** The refusal of a request from a foreign page, if it is one. */
  #refuse(request: Request): Response | undefined {
    const { allowedHosts, hostname } = this.#options;
    if (allowedHosts === "any") return undefined;
    const { host } = new URL(request.url);
    if (!hostAllowed(host, hostname, allowedHosts)) {
      return errorResponse(
        403,
        `Cannot answer for host "${host}": this server goes by its address and by "localhost". Pass --allow-host to let it go by another name`,
      );
    }
    const safe = ["GET", "HEAD", "OPTIONS"].includes(request.method);
    const origin = request.headers.get("origin");
    return safe || originAllowed(origin, host) ? undefined : errorResponse(
      403,
      `Cannot accept ${request.method} from "${origin}": only this server's own pages may`,
    );
  }

  async #upgrade(
    conn: Deno.Conn,
    head: RequestHead,
    rest: Uint8Array<ArrayBuffer>,
    remoteAddress: string,
  ): Promise<Response | undefined> {
    const url = this.#urlOf(head);
    if (url === undefined) {
      return errorResponse(400, "Cannot connect: the request makes no sense");
    }
    const info = {
      url,
      headers: new Headers([...head.headers]),
      remoteAddress,
    };
    const refusal = this.#closing.signal.aborted
      ? errorResponse(503, "Cannot connect: the server is closing")
      : this.#refuseOrigin(info) ?? this.#options.refuseUpgrade(info);
    if (refusal !== undefined) return refusal;
    const answer = openingAnswer(head.headers);
    if (answer === undefined) {
      return errorResponse(
        400,
        "Cannot connect: the request is no handshake of a WebSocket, version 13",
        { "sec-websocket-version": "13" },
      );
    }
    await writeAll(conn, new TextEncoder().encode(answer));
    const peer = new WebSocketPeer({
      conn,
      head: rest,
      remoteAddress,
      role: "server",
      maxMessageBytes: this.#options.maxMessageBytes,
    });
    this.#peers.set(conn, peer);
    this.#options.connected(peer, info);
    return undefined;
  }

  /** A browser always names the page's origin; programs name none. */
  #refuseOrigin({ url, headers }: UpgradeInfo): Response | undefined {
    const { allowedHosts, hostname } = this.#options;
    const origin = headers.get("origin");
    if (allowedHosts === "any" || origin === null) return undefined;
    return hostAllowed(url.host, hostname, allowedHosts) &&
        originAllowed(origin, url.host)
      ? undefined
      : errorResponse(
        403,
        `Cannot connect from "${origin}": only this server's own pages may`,
      );
  }

  /** WebSockets that were closed already may say so until then. */
  async #sayGoodbye(deadline: number): Promise<void> {
    const closing = [...this.#peers.values()].filter(({ isOpen }) => !isOpen);
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, deadline - performance.now());
    await Promise.race([
      Promise.all(closing.map(({ finished }) => finished)),
      late.promise,
    ]);
    clearTimeout(timer);
  }

  stopAccepting(): void {
    closeQuietly(this.#listener);
  }

  async close(): Promise<void> {
    this.stopAccepting();
    this.#closing.abort();
    await this.#accepting;
    const deadline = performance.now() + DRAIN_MS;
    const busy = (): boolean =>
      [...this.#connections.values()].some(({ answering }) => answering);
    while (busy() && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    await this.#sayGoodbye(deadline);
    for (const peer of this.#peers.values()) peer.terminate();
    for (const conn of this.#connections.keys()) closeQuietly(conn);
    await Promise.all(this.#running);
  }
}
