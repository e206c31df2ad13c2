/**
 * HTTP and WebSockets on one port, on `node:http`: a handler takes a standard
 * `Request` and gives a standard `Response`, as with `startHttpServer`, and a
 * WebSocket is taken by `ws`, which can hold its sender back.
 *
 * @module
 */

import http, { type IncomingMessage, type ServerResponse } from "node:http";
import net from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "../log/mod.ts";
import { ConnDuplex } from "./conn_duplex.ts";
import type { HttpHandler } from "./http.ts";
import { hostAllowed, originAllowed } from "./http_guard.ts";
import { errorResponse, finishResponse } from "./http_reply.ts";
import { listenOrExplain } from "./listen_error.ts";
import { formatHostPort } from "./resolve.ts";
import { closeQuietly } from "./tcp.ts";
import { WebSocketAcceptor, type WebSocketPeer } from "./websocket.ts";

/** Milliseconds from the connection to the end of a request's head. */
const HEAD_TIMEOUT_MS = 10_000;

/** How long a client that was refused may go on sending its body, so that it reads the answer. */
const LINGER_MS = 1000;

/** How long `close` waits for answers under way. */
const DRAIN_MS = 1000;

/** Bytes of a request's body that are read ahead of the handler. */
const BODY_AHEAD_BYTES = 256 * 1024;

/** After so many bytes of one answer the others have their turn. */
const TURN_BYTES = 1024 * 1024;

/** A WebSocket's request. */
export interface UpgradeInfo {
  readonly url: URL;
  readonly headers: Headers;
  readonly remoteAddress: string;
}

/** Options of {@linkcode startNodeHttpServer}. */
export interface NodeHttpOptions {
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
  /** Names besides addresses, `localhost` and `hostname` that the server goes by; `any` with a token. */
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
export interface NodeHttpServer {
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
 * @throws {ListenError} when the port cannot be had.
 * @throws {Error} when certificate and key are of no use.
 */
export async function startNodeHttpServer(
  options: NodeHttpOptions,
): Promise<NodeHttpServer> {
  const running = new RunningServer(options);
  const { hostname, port } = options;
  const bound = await running.listen();
  const scheme = options.tls === undefined ? "http" : "https";
  const loopback = hostname.includes(":") ? "::1" : "127.0.0.1";
  const host = /^[0.:]+$/.test(hostname) ? loopback : hostname;
  return {
    url: `${scheme}://${formatHostPort(host, bound || port)}/`,
    port: bound,
    get connections() {
      return running.connections;
    },
    stopAccepting: () => running.stopAccepting(),
    close: () => running.close(),
  };
}

class RunningServer {
  readonly #options: NodeHttpOptions;
  readonly #server: http.Server;
  readonly #acceptor: WebSocketAcceptor;
  readonly #closing = new AbortController();
  readonly #streams = new Set<Duplex>();
  readonly #timers = new Map<Duplex, ReturnType<typeof setTimeout>>();
  #listener: Deno.Listener | undefined;
  #accepting: Promise<void> = Promise.resolve();
  readonly #answers = new Set<ServerResponse>();
  #idle: (() => void) | undefined;

  constructor(options: NodeHttpOptions) {
    this.#options = options;
    this.#acceptor = new WebSocketAcceptor(options.maxMessageBytes);
    this.#server = http.createServer((request, response) => {
      this.#clearTimer(request.socket);
      this.#answer(request, response).catch((error) => {
        options.log.error(`Cannot answer "${request.url}": ${error}`);
        response.destroy();
      });
    });
    this.#server.on("upgrade", (request, stream, head) => {
      this.#clearTimer(stream);
      this.#upgrade(request, stream, head);
    });
    this.#server.on("clientError", (_error, stream) => stream.destroy());
  }

  get connections(): number {
    return this.#streams.size;
  }

  async listen(): Promise<number> {
    const { hostname, port, flag, tls } = this.#options;
    if (!(this.#server instanceof net.Server)) {
      return await this.#listenOldStyle();
    }
    this.#listener = listenOrExplain<Deno.Listener>(
      hostname,
      port,
      flag,
      () =>
        tls === undefined
          ? Deno.listen({ hostname, port })
          : Deno.listenTls({ hostname, port, ...tls }),
    );
    this.#accepting = this.#acceptAll(this.#listener);
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** Before Deno 2.8 Node's HTTP server takes no connections of others. */
  async #listenOldStyle(): Promise<number> {
    const { hostname, port, flag, tls } = this.#options;
    if (tls !== undefined) {
      throw new Error(
        "Cannot serve TLS: this version of Deno is too old for it. Update Deno",
      );
    }
    // Node tells of a taken port in an event; so that the message is ours, try first.
    listenOrExplain(hostname, port, flag, () => Deno.listen({ hostname, port }))
      .close();
    this.#server.on("connection", (stream: Duplex) => this.#track(stream));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.listen(port, hostname, resolve);
    await promise;
    return (this.#server.address() as net.AddressInfo).port;
  }

  async #acceptAll(listener: Deno.Listener): Promise<void> {
    const encrypted = this.#options.tls !== undefined;
    while (!this.#closing.signal.aborted) {
      try {
        const conn = await listener.accept();
        if (this.#streams.size >= this.#options.maxConnections) {
          closeQuietly(conn);
          continue;
        }
        (conn as Deno.TcpConn).setNoDelay?.(true);
        const stream = new ConnDuplex(conn, encrypted);
        this.#track(stream);
        this.#server.emit("connection", stream);
      } catch (error) {
        if (
          error instanceof Deno.errors.BadResource ||
          error instanceof Deno.errors.Interrupted
        ) return;
        this.#options.log.debug(`Cannot accept a connection: ${error}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  #track(stream: Duplex): void {
    this.#streams.add(stream);
    this.#setTimer(stream, HEAD_TIMEOUT_MS);
    // Without a listener the break of a connection would end the process.
    stream.on("error", () => {});
    stream.once("close", () => {
      this.#streams.delete(stream);
      this.#clearTimer(stream);
    });
  }

  #setTimer(stream: Duplex, milliseconds: number): void {
    this.#clearTimer(stream);
    this.#timers.set(
      stream,
      setTimeout(() => stream.destroy(), milliseconds),
    );
  }

  #clearTimer(stream: Duplex): void {
    clearTimeout(this.#timers.get(stream));
    this.#timers.delete(stream);
  }

  async #answer(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): Promise<void> {
    this.#answers.add(outgoing);
    try {
      const request = this.#requestOf(incoming);
      const response = request === undefined
        ? errorResponse(400, "Cannot answer: the request makes no sense")
        : finishResponse(request, await this.#respond(request, incoming));
      await send(response, incoming, outgoing);
      if (!incoming.complete) {
        incoming.resume();
        this.#setTimer(incoming.socket, LINGER_MS);
      }
    } finally {
      this.#answers.delete(outgoing);
      if (this.#answers.size === 0) this.#idle?.();
    }
  }

  #requestOf(incoming: IncomingMessage): Request | undefined {
    const url = this.#urlOf(incoming);
    if (url === undefined) return undefined;
    const { method = "GET" } = incoming;
    const bodyless = method === "GET" || method === "HEAD";
    try {
      return new Request(url, {
        method,
        headers: headersOf(incoming),
        body: bodyless ? null : bodyOf(incoming),
      });
    } catch (error) {
      if (error instanceof TypeError) return undefined; // method TRACE, a header of nonsense
      throw error;
    }
  }

  #urlOf(incoming: IncomingMessage): URL | undefined {
    const scheme = this.#options.tls === undefined ? "http" : "https";
    const text = `${scheme}://${incoming.headers.host ?? "127.0.0.1"}${
      incoming.url?.startsWith("/") ? incoming.url : "/"
    }`;
    return URL.canParse(text) ? new URL(text) : undefined;
  }

  async #respond(
    request: Request,
    incoming: IncomingMessage,
  ): Promise<Response> {
    const refusal = this.#refuse(request);
    if (refusal !== undefined) return refusal;
    try {
      return await this.#options.handler(request, {
        remoteAddress: addressOf(incoming.socket),
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
    const host = new URL(request.url).host;
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

  #upgrade(incoming: IncomingMessage, stream: Duplex, head: Uint8Array): void {
    const url = this.#urlOf(incoming);
    const remoteAddress = addressOf(incoming.socket ?? stream);
    if (url === undefined) {
      stream.destroy();
      return;
    }
    const info = { url, headers: headersOf(incoming), remoteAddress };
    const refusal = this.#closing.signal.aborted
      ? errorResponse(503, "Cannot connect: the server is closing")
      : this.#refuseOrigin(info) ?? this.#options.refuseUpgrade(info);
    if (refusal !== undefined) {
      refuseStream(refusal, stream);
      return;
    }
    this.#acceptor.accept(
      incoming,
      stream,
      head,
      remoteAddress,
      (peer) => this.#options.connected(peer, info),
    );
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

  stopAccepting(): void {
    if (this.#listener !== undefined) closeQuietly(this.#listener);
    else if (this.#server.listening) this.#server.close();
  }

  async close(): Promise<void> {
    this.stopAccepting();
    this.#closing.abort();
    if (this.#answers.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#idle = resolve;
      const timer = setTimeout(resolve, DRAIN_MS);
      await promise;
      clearTimeout(timer);
    }
    const gone = [...this.#streams].map((stream) =>
      new Promise<void>((resolve) => {
        if (stream.closed) resolve();
        else stream.once("close", () => resolve());
      })
    );
    for (const outgoing of this.#answers) outgoing.destroy();
    for (const stream of this.#streams) stream.destroy();
    this.#server.closeAllConnections();
    await Promise.all(gone);
    await this.#accepting;
    for (const stream of this.#timers.keys()) this.#clearTimer(stream);
  }
}

function addressOf(stream: { remoteAddress?: string | undefined }): string {
  return stream.remoteAddress?.replace(/^::ffff:/, "") ?? "unknown";
}

function headersOf(incoming: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value === undefined) continue;
    headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  return headers;
}

/** The body as it arrives: the client waits while nobody reads. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let over = false;
  return new ReadableStream<Uint8Array>({
    start(controller): void {
      incoming.on("data", (bytes: Uint8Array) => {
        if (over) return;
        controller.enqueue(bytes);
        if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
      });
      incoming.on("end", () => {
        if (!over) controller.close();
        over = true;
      });
      incoming.on("close", () => {
        if (!over) {
          controller.error(
            new Error("Cannot read the request: the client has gone"),
          );
        }
        over = true;
      });
      incoming.on("error", () => {});
      incoming.pause();
    },
    pull: () => void incoming.resume(),
    cancel(): void {
      over = true;
      incoming.resume(); // what still comes is thrown away
    },
  }, new ByteLengthQueuingStrategy({ highWaterMark: BODY_AHEAD_BYTES }));
}

/** Writes a response; a client that reads slowly is waited for. */
async function send(
  response: Response,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const headers: Record<string, string> = {};
  response.headers.forEach((value, name) => headers[name] = value);
  if (!incoming.complete) headers.connection = "close";
  outgoing.writeHead(response.status, headers);
  const reader = response.body?.getReader();
  if (reader === undefined || incoming.method === "HEAD") {
    await reader?.cancel();
    outgoing.end();
    return;
  }
  outgoing.flushHeaders(); // the body may be long in coming
  let gone = false;
  const onClose = (): void => {
    gone = true;
    reader.cancel().catch(() => {});
  };
  outgoing.once("close", onClose);
  let sinceTurn = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || gone) break;
      if (!outgoing.write(value)) await drained(outgoing);
      sinceTurn += value.length;
      if (sinceTurn >= TURN_BYTES) {
        sinceTurn = 0;
        await new Promise((resolve) => setTimeout(resolve));
      }
    }
  } finally {
    outgoing.off("close", onClose);
  }
  outgoing.end();
}

/** Resolves when there is room again, or nobody to wait for. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (outgoing.destroyed) {
      resolve();
      return;
    }
    const done = (): void => {
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.once("drain", done);
    outgoing.once("close", done);
  });
}

/** Answers a WebSocket's handshake with a refusal. */
async function refuseStream(response: Response, stream: Duplex): Promise<void> {
  const body = await response.text();
  const reason = http.STATUS_CODES[response.status] ?? "Refused";
  stream.end(
    `HTTP/1.1 ${response.status} ${reason}\r\n` +
      `content-type: application/json; charset=utf-8\r\n` +
      `content-length: ${new TextEncoder().encode(body).length}\r\n` +
      (response.status === 401 ? "www-authenticate: Bearer\r\n" : "") +
      `connection: close\r\n\r\n${body}`,
  );
  stream.once("finish", () => stream.destroy());
}
