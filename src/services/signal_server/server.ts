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
import { ignoreGonePeers } from "../gone_peers.ts";
import { BlindRelays, RELAY_PATH } from "./blind_relay.ts";
import type { IceServer, SignalServerOptions } from "./options.ts";
import { RangeRelay } from "./range_relay.ts";
import { type ClusterIo, RedisCluster } from "./redis_cluster.ts";
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
  /** What other servers can read. */
  readonly data: { server?: string };
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

  function emit(socketId: string, event: string, payload: unknown): void {
    const here = sockets.get(socketId);
    if (here !== undefined) here.emit(event, payload);
    else cluster?.emit(socketId, event, payload);
  }

  function perform(actions: readonly RoomAction[]): void {
    for (const action of actions) {
      switch (action.type) {
        case "send":
          for (const id of action.to) {
            emit(id, action.event, action.payload);
          }
          break;
        case "disconnect": {
          const here = sockets.get(action.socketId);
          if (here !== undefined) here.disconnect(true);
          else cluster?.disconnect(action.socketId);
          break;
        }
        case "relay": {
          // A relay is on the server to which both its ends are connected.
          const both = sockets.has(action.from.socketId) &&
            sockets.has(action.to.socketId);
          const tickets = both ? relays.create(secret) : undefined;
          for (
            const [index, [mine, other]] of ([
              [action.from, action.to],
              [action.to, action.from],
            ] as const).entries()
          ) {
            emit(mine.socketId, "relay-ready", {
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

  const serverId = secret();
  const cluster = options.redis === undefined
    ? undefined
    : await RedisCluster.join({
      url: options.redis,
      serverId,
      table,
      perform,
      disconnect: (socketId) => sockets.get(socketId)?.disconnect(true),
      problem: (reason) => context.log.warn(reason),
    });
  const now = (): number => cluster?.now() ?? Date.now();

  const io = new Server(http, {
    ...(cluster === undefined ? {} : { adapter: await cluster.adapter() }),
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    pingInterval: PING_MS,
    pingTimeout: PING_TIMEOUT_MS,
    destroyUpgrade: false, // the relay has WebSockets of its own
    cors: { origin: [...options.allowedOrigins] },
    allowRequest: (request, decide) => decide(null, allowed(request)),
  });
  cluster?.use(io as unknown as ClusterIo);
  io.on("connection", (one: ClientSocket) => {
    one.data.server = serverId;
    if (!table.connect(one.id, one.handshake.address)) {
      one.emit("error", { message: "Too many connections from your address" });
      one.disconnect(true);
      return;
    }
    sockets.set(one.id, one);
    one.emit("welcome", {
      iceServers: iceServers(options.iceServers, stun?.port),
      serverTime: now(),
    });
    const socket = { id: one.id, address: one.handshake.address };
    for (const event of CLIENT_EVENTS) {
      one.on(event, (value) => {
        if (cluster !== undefined) cluster.receive(socket, event, value);
        else perform(table.receive(one.id, event, value, now()));
      });
    }
    one.on("clock-ping", (value) => {
      one.emit("clock-pong", { echo: numberOf(value), serverTime: now() });
    });
    one.on("disconnect", () => {
      sockets.delete(one.id);
      if (cluster !== undefined) cluster.gone(one.id);
      else perform(table.disconnect(one.id, now()));
    });
  });

  http.on("request", (request, response) => {
    // Socket.IO has a listener of its own on its path.
    if (request.url?.startsWith("/socket.io/")) return;
    handleRequest(request, response, {
      report,
      room: async (id) => await cluster?.view(id) ?? table.view(id),
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
  const open = new Set<Duplex>();
  function track(stream: Duplex): void {
    open.add(stream);
    stream.on("close", () => open.delete(stream));
  }
  http.on("connection", track);
  http.on(
    "upgrade",
    (request: IncomingMessage, stream: Duplex, head: Uint8Array) => {
      track(stream); // another one than its connection, in Deno 2.7
      if (request.url?.startsWith("/socket.io/")) return;
      stream.on("error", () => {}); // a client that goes in the middle
      if (request.url?.startsWith(`${RELAY_PATH}?`) && allowed(request)) {
        relays.upgrade(request, stream, head);
        return;
      }
      relays.refuse(request, stream, head);
    },
  );

  ignoreGonePeers();
  const bound = await listen(http, host, port);
  try {
    if (options.stunPort !== undefined) {
      stun = startStunResponder(host, options.stunPort);
    }
  } catch (error) {
    await io.close();
    throw error;
  }
  const timer = setInterval(() => {
    if (cluster !== undefined) cluster.tick();
    else perform(table.handleTimeout(now()));
  }, TICK_MS);

  let closed: Promise<void> | undefined;
  async function end(): Promise<void> {
    context.signal.removeEventListener("abort", close);
    clearInterval(timer);
    relays.close();
    ranges.close();
    await stun?.close();
    await cluster?.[Symbol.asyncDispose]();
    const ended = io.close();
    // Clients keep their connections for the next request; it would be waited for.
    for (const socket of open) socket.destroy();
    const late = Promise.withResolvers<void>();
    const giveUp = setTimeout(late.resolve, CLOSE_MS);
    await Promise.race([ended, late.promise]);
    clearTimeout(giveUp);
    relays.terminate();
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
