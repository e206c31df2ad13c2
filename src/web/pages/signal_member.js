// @ts-check
/**
 * This page as a member of a room: the shared client with the browser's
 * sockets, clock and chance.
 *
 * @module
 */

import {
  browserRtc,
  deriveKeys,
  httpTransport,
  openRelaySocket,
  PartyClient,
  postRelayAnswer,
  relayFetch,
} from "../../signaling/mod.ts";

/** Served by Socket.IO itself. */
const SOCKET_IO = "/socket.io/socket.io.esm.min.js";

const server = `${location.origin}/`;
const fetchBytes = fetch.bind(globalThis);

/** @type {import("../../signaling/mod.ts").PartyClock} */
export const pageClock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** @param {number} length */
export function random(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

/**
 * A member that is not in a room yet; its connection to the server is on its way.
 *
 * @param {object} options
 * @param {import("../../signaling/mod.ts").LinkSecret} options.secret
 * @param {string | undefined} options.way the only way that the film may take: `rtc`, `relay` or `http`
 * @param {import("../../signaling/mod.ts").PartyEvents} options.events
 */
export async function connectMember({ secret, way, events }) {
  const may = (/** @type {string} */ kind) => way === undefined || way === kind;
  const keys = await deriveKeys(secret.key);
  const { io } = await import(SOCKET_IO);
  const socket = io({
    transports: ["websocket", "polling"],
    reconnectionDelay: 200,
    reconnectionDelayMax: 1000,
  });
  const rtc = typeof RTCPeerConnection === "function" && may("rtc")
    ? browserRtc(RTCPeerConnection)
    : undefined;
  const host = location.hostname;
  const client = new PartyClient({
    socket,
    secret,
    keys,
    rtc: rtc && ((options, rtcEvents) =>
      rtc({
        ...options,
        iceServers: options.iceServers.map((one) => ({
          ...one,
          urls: [one.urls].flat().map((url) => url.replace(":*:", `:${host}:`)),
        })),
      }, rtcEvents)),
    openRelay: may("relay")
      ? (ticket, signal) =>
        openRelaySocket(
          { server, WebSocket, key: keys.message, random },
          ticket,
          signal,
        )
      : undefined,
    openHttp: (receiver, room, token) =>
      httpTransport(
        receiver.manifest,
        relayFetch(fetchBytes, server, room, token),
      ),
    postAnswer: (id, answer) => {
      postRelayAnswer(fetchBytes, server, id, answer).catch(() => {});
    },
    clock: pageClock,
    random,
    anyHost: true,
    events,
  });
  return { client, keys, hasRtc: rtc !== undefined };
}
