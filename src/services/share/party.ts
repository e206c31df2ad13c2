/**
 * A member of a room outside of a browser: the shared client with Deno's
 * sockets, clock and chance.
 *
 * @module
 */

import { io } from "socket.io-client";
import {
  type Bytes,
  deriveKeys,
  httpTransport,
  type LinkSecret,
  openRelaySocket,
  PartyClient,
  type PartyClock,
  type PartyEvents,
  type PartyKeys,
  type PartySocket,
  postRelayAnswer,
  relayFetch,
  type RtcFactory,
  type TransportKind,
} from "../../signaling/mod.ts";
import { ignoreGonePeers } from "../gone_peers.ts";
import { loadNodeRtc, type NodeRtc } from "./node_rtc.ts";

/** First and longest pause before the server is tried again, ms. */
const RECONNECT_MS = [200, 1000] as const;

/** Monotonic time and timers. */
export const denoClock: PartyClock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Random bytes. */
export function randomBytes(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** How to make a member. */
export interface PartyOptions {
  /** Address of the server, ending in a slash. */
  readonly server: string;
  /** From the link. */
  readonly secret: LinkSecret;
  /** Ways that the film may take; all by default. */
  readonly ways?: readonly TransportKind[] | undefined;
  /** WebRTC other than libdatachannel's: for a test that puts a bad network in between. */
  readonly rtc?: ((factory: RtcFactory) => RtcFactory) | undefined;
  /** What happens. */
  readonly events: PartyEvents;
}

/** A member and what it holds open. */
export interface Party {
  /** The member. */
  readonly client: PartyClient;
  /** Keys from the link. */
  readonly keys: PartyKeys;
  /** Connects; call it before joining or after. */
  connect(): void;
  /** Leaves and closes everything. */
  close(): void;
}

/**
 * Makes a member, not connected yet.
 *
 * @throws {Error} when WebRTC cannot be loaded.
 */
export async function createParty(
  { server, secret, ways, rtc: wrap, events }: PartyOptions,
): Promise<Party> {
  ignoreGonePeers();
  const may = (kind: TransportKind): boolean =>
    ways === undefined || ways.includes(kind);
  const keys = await deriveKeys(secret.key);
  const rtc: NodeRtc | undefined = may("rtc") ? await loadNodeRtc() : undefined;
  const factory = rtc && (wrap?.(rtc.factory) ?? rtc.factory);
  const connect = await socketClient(server);
  const socket = connect(server, {
    transports: ["websocket"],
    autoConnect: false,
    reconnectionDelay: RECONNECT_MS[0],
    reconnectionDelayMax: RECONNECT_MS[1],
  });
  const isSecure = server.startsWith("https:");
  let told = false;
  socket.on("connect_error", () => {
    if (told || !isSecure) return; // a server that is not there yet is waited for
    told = true;
    events.problem?.(
      `Cannot connect to ${server} yet: when it is there and its certificate is its own, name that in DENO_CERT`,
    );
  });
  const relay = {
    server,
    WebSocket,
    key: keys.message,
    random: randomBytes,
  };
  const host = new URL(server).hostname;
  const client = new PartyClient({
    socket: socket as unknown as PartySocket,
    secret,
    keys,
    rtc: factory &&
      ((options, rtcEvents) =>
        factory({
          ...options,
          iceServers: withHost(options.iceServers, host),
        }, rtcEvents)),
    openRelay: may("relay")
      ? (ticket, signal) => openRelaySocket(relay, ticket, signal)
      : undefined,
    ...(may("http")
      ? {
        openHttp: (receiver, roomId, token) =>
          httpTransport(
            receiver.manifest,
            relayFetch(fetch, server, roomId, token),
          ),
      }
      : {}),
    postAnswer: (id, bytes) => {
      // The server says what went wrong to whoever asked.
      postRelayAnswer(fetch, server, id, bytes).catch(() => {});
    },
    clock: denoClock,
    random: randomBytes,
    events,
  });
  return {
    client,
    keys,
    connect: () => void socket.connect(),
    close() {
      client.leave();
      rtc?.close();
    },
  };
}

/**
 * Socket.IO's client. On Node's sockets it has small messages sent at once; its
 * build for browsers has Deno's own WebSocket, which trusts what Deno is told
 * to trust, and works with TLS in Deno 2.7 too.
 */
async function socketClient(server: string): Promise<typeof io> {
  if (!server.startsWith("https:")) return io;
  const module = await import("socket.io-client/dist/socket.io.js");
  return (module.default as { io: typeof io }).io;
}

/** The server's own STUN is wherever the server is. */
function withHost<T extends { readonly urls: string | readonly string[] }>(
  servers: readonly T[],
  host: string,
): T[] {
  return servers.map((server) => ({
    ...server,
    urls: [server.urls].flat().map((url) => url.replace(":*:", `:${host}:`)),
  }));
}
