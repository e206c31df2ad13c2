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
  const may = (kind: TransportKind): boolean =>
    ways === undefined || ways.includes(kind);
  const keys = await deriveKeys(secret.key);
  const rtc: NodeRtc | undefined = may("rtc") ? await loadNodeRtc() : undefined;
  const factory = rtc && (wrap?.(rtc.factory) ?? rtc.factory);
  const socket = io(server, {
    transports: ["websocket"],
    autoConnect: false,
    reconnectionDelay: RECONNECT_MS[0],
    reconnectionDelayMax: RECONNECT_MS[1],
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
      ? (ticket) => openRelaySocket(relay, ticket)
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
