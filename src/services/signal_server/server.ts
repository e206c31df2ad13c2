/**
 * The signal server: rooms over Socket.IO, pages, relays and STUN.
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Duplex } from "node:stream";
import { Server } from "socket.io";
import {
  formatHostPort,
  isLoopback,
  ListenError,
  originAllowed,
} from "../../net/mod.ts";
import {
  CLIENT_EVENTS,
  MAX_MESSAGE_BYTES,
  type RoomAction,
  type RoomFigures,
  RoomTable,
  SEALED_CHUNK_BYTES,
} from "../../signaling/mod.ts";
import type { ServiceContext } from "../context.ts";
import { BlindRelays, refuseUpgrade, RELAY_PATH } from "./blind_relay.ts";
import type { IceServer, SignalServerOptions } from "./options.ts";
import { RangeRelay } from "./range_relay.ts";
import { handleRequest } from "./routes.ts";
import { startStunResponder, type StunResponder } from "./stun_responder.ts";

/** How often absences, waits and idle rooms are looked at, ms. */
const TICK_MS = 1000;
/** As on the wire page. */
const PING_MS = 25_000;
/** As on the wire page. */
const PING_TIMEOUT_MS = 20_000;
/** Connections have this long to end, ms. */
const CLOSE_MS = 2000;
/** Bytes of a token. */
const SECRET_BYTES = 18;

/** The server's figures. */
export interface SignalReport extends RoomFigures {
  /** Since the start. */
  readonly seconds: number;
  /** Blind relays now. */
  readonly relays: number;
  /** Bytes through both relays. */
  readonly relayBytes: number;
  /** STUN answers. */
  readonly stunAnswers: number;
}

/** A running server. */
export interface SignalServer extends AsyncDisposable {
  /** Address of the page. */
  readonly url: string;
  /** The bound port. */
  readonly port: number;
  /** The bound UDP port of STUN. */
  readonly stunPort: number | undefined;
  /** The figures now. */
  report(): SignalReport;
  /** Tells everybody and ends. */
  close(): Promise<void>;
}

/** What Socket.IO gives of a connection, as far as it is used here. */
interface ClientSocket {
  readonly id: string;
  readonly handshake: { readonly address: string };
  on(event: string, listener: (...values: unknown[]) => void): void;
  emit(event: string, payload: unknown): void;
  disconnect(close: boolean): void;
}

/**
 * Starts a server.
 *
 * @throws {ListenError} when a port cannot be had, or certificate and key are none.
 */
export async function startSignalServer(
  options: SignalServerOptions,
  context: ServiceContext,
): Promise<SignalServer> {
  const { host, port, tls } = options;
  const http = tls === undefined ? createServer() : createTlsServer({
    cert: await Deno.readTextFile(tls.cert),
    key: await Deno.readTextFile(tls.key),
  });
  const table = new RoomTable({
    limits: options.limits,
    secret,
    hash: (text) => createHash("sha256").update(text).digest("hex"),
  });
  const relays = new BlindRelays();
  const ranges = new RangeRelay();
  const sockets = new Map<string, ClientSocket>();
  const startedAt = performance.now();
  let stun: StunResponder | undefined;

  function report(): SignalReport {
    return {
      seconds: (performance.now() - startedAt) / 1000,
      ...table.figures(),
      relays: relays.open,
      relayBytes: relays.bytes + ranges.bytes,
      stunAnswers: stun?.answered() ?? 0,
    };
  }

  function allowed(request: IncomingMessage): boolean {
    const { origin, host } = request.headers;
    return originAllowed(origin ?? null, host ?? "") ||
      options.allowedOrigins.includes(origin ?? "");
  }

  function perform(actions: readonly RoomAction[]): void {
    for (const action of actions) {
      switch (action.type) {
        case "send":
          for (const id of action.to) {
            sockets.get(id)?.emit(action.event, action.payload);
          }
          break;
        case "disconnect":
          sockets.get(action.socketId)?.disconnect(true);
          break;
        case "relay": {
          const tickets = relays.create(secret);
          for (
            const [index, [mine, other]] of ([
              [action.from, action.to],
              [action.to, action.from],
            ] as const).entries()
          ) {
            sockets.get(mine.socketId)?.emit("relay-ready", {
              roomId: action.roomId,
              participantId: other.id,
              ticket: tickets?.[index] ?? null,
              asked: index === 0,
            });
          }
        }
      }
    }
  }

  const io = new Server(http, {
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    pingInterval: PING_MS,
    pingTimeout: PING_TIMEOUT_MS,
    destroyUpgrade: false, // the relay has WebSockets of its own
    cors: { origin: [...options.allowedOrigins] },
    allowRequest: (request, decide) => decide(null, allowed(request)),
  });
  io.on("connection", (one: ClientSocket) => {
    if (!table.connect(one.id, one.handshake.address)) {
      one.emit("error", { message: "Too many connections from your address" });
      one.disconnect(true);
      return;
    }
    sockets.set(one.id, one);
    one.emit("welcome", {
      iceServers: iceServers(options.iceServers, stun?.port),
      serverTime: Date.now(),
    });
    for (const event of CLIENT_EVENTS) {
      one.on(
        event,
        (value) => perform(table.receive(one.id, event, value, Date.now())),
      );
    }
    one.on("clock-ping", (value) => {
      one.emit("clock-pong", { echo: numberOf(value), serverTime: Date.now() });
    });
    one.on("disconnect", () => {
      sockets.delete(one.id);
      perform(table.disconnect(one.id, Date.now()));
    });
  });

  http.on("request", (request, response) => {
    // Socket.IO has a listener of its own on its path.
    if (request.url?.startsWith("/socket.io/")) return;
    handleRequest(request, response, {
      report,
      room: (id) => table.view(id),
      ranges,
      secret,
      askRange(roomId, token, asked) {
        if (!table.isMember(roomId, token)) return undefined;
        const streamer = sockets.get(table.streamerOf(roomId) ?? "");
        if (streamer === undefined || table.chunksOf(roomId) === 0) {
          return false;
        }
        return {
          total: table.chunksOf(roomId) * SEALED_CHUNK_BYTES,
          send: () => streamer.emit("range-request", { roomId, ...asked }),
        };
      },
    }).catch((error) => {
      context.log.error(`Cannot answer "${request.url}": ${error}`);
      response.destroy();
    });
  });
  http.on(
    "upgrade",
    (request: IncomingMessage, stream: Duplex, head: Uint8Array) => {
      if (request.url?.startsWith("/socket.io/")) return;
      stream.on("error", () => {}); // a client that goes in the middle
      if (request.url?.startsWith(`${RELAY_PATH}?`) && allowed(request)) {
        relays.upgrade(request, stream, head);
        return;
      }
      refuseUpgrade(stream, "404 Not Found");
    },
  );

  addEventListener("unhandledrejection", ignoreGoneClients);
  const open = new Set<Duplex>();
  http.on("connection", (socket: Duplex) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });

  const bound = await listen(http, host, port);
  try {
    if (options.stunPort !== undefined) {
      stun = startStunResponder(host, options.stunPort);
    }
  } catch (error) {
    await io.close();
    throw error;
  }
  const timer = setInterval(
    () => perform(table.handleTimeout(Date.now())),
    TICK_MS,
  );

  let closed: Promise<void> | undefined;
  async function end(): Promise<void> {
    context.signal.removeEventListener("abort", close);
    clearInterval(timer);
    relays.close();
    ranges.close();
    await stun?.close();
    const ended = io.close();
    // Clients keep their connections for the next request; it would be waited for.
    for (const socket of open) socket.destroy();
    const late = Promise.withResolvers<void>();
    const giveUp = setTimeout(late.resolve, CLOSE_MS);
    await Promise.race([ended, late.promise]);
    clearTimeout(giveUp);
    removeEventListener("unhandledrejection", ignoreGoneClients);
  }
  function close(): Promise<void> {
    return closed ??= end();
  }
  context.signal.addEventListener("abort", close, { once: true });
  const shown = /^[0.:]+$/.test(host)
    ? host.includes(":") ? "::1" : "127.0.0.1"
    : host;
  return {
    url: `${tls === undefined ? "http" : "https"}://${
      formatHostPort(shown, bound)
    }/`,
    port: bound,
    stunPort: stun?.port,
    report,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Deno 2.7 rejects a promise that nobody holds when `node:net` writes to a
 * connection whose other end has just gone; a client must not end the server.
 */
function ignoreGoneClients(event: PromiseRejectionEvent): void {
  const { reason } = event;
  const gone = reason instanceof Deno.errors.BrokenPipe ||
    reason instanceof Deno.errors.ConnectionReset;
  if (gone) event.preventDefault();
}

/** Why phones on the network need TLS; `undefined` when nobody has to be told. */
export function secureContextHint(
  { host, tls }: Pick<SignalServerOptions, "host" | "tls">,
): string | undefined {
  if (tls !== undefined || isLoopback(host)) return undefined;
  return "Browsers on other machines get no crypto and no service worker over plain http: " +
    "pass --cert and --key, or put a TLS proxy in front";
}

function secret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

function numberOf(value: unknown): number | null {
  const echo = (value as { echo?: unknown } | null)?.echo;
  return typeof echo === "number" ? echo : null;
}

/** In the own one `*` stands for the host that the client reached us by. */
function iceServers(
  given: readonly IceServer[],
  stunPort: number | undefined,
): IceServer[] {
  return [
    ...(stunPort === undefined ? [] : [{ urls: `stun:*:${stunPort}` }]),
    ...given,
  ];
}

function listen(
  server: ReturnType<typeof createServer>,
  host: string,
  port: number,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.once("error", (error: Error & { code?: string }) => {
    const cause = error.code === "EADDRINUSE"
      ? new Deno.errors.AddrInUse(error.message)
      : error.code === "EACCES"
      ? new Deno.errors.PermissionDenied(error.message)
      : error.code === "EADDRNOTAVAIL"
      ? new Deno.errors.AddrNotAvailable(error.message)
      : error;
    reject(new ListenError(host, port, "--port", cause));
  });
  server.listen(port, host, () => {
    const address = server.address();
    resolve(
      typeof address === "object" && address !== null ? address.port : port,
    );
  });
  return promise;
}
