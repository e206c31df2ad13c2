/**
 * The relays by a `WebSocket` and a `fetch` that the caller gives: the
 * browser's, or Deno's.
 *
 * @module
 */

import type { Bytes } from "./chunk.ts";
import type { HttpFetch } from "./http_transport.ts";
import { relayTransport } from "./relay_transport.ts";
import type { FilmTransport } from "./transport.ts";

/** What opening a relay needs. */
export interface RelaySocketOptions {
  /** Address of the server, ending in a slash. */
  readonly server: string;
  /** The runtime's. */
  readonly WebSocket: typeof WebSocket;
  /** Seals messages. */
  readonly key: CryptoKey;
  /** Random bytes. */
  readonly random: (length: number) => Bytes;
}

/**
 * Opens the blind relay that a ticket is for. Resolves when the other end is
 * there too, so that nobody is asked who does not hear; rejects when that does
 * not happen.
 */
export function openRelaySocket(
  { server, WebSocket: Socket, key, random }: RelaySocketOptions,
  ticket: string,
  signal: AbortSignal,
): Promise<FilmTransport> {
  const url = new URL("relay", server);
  url.protocol = url.protocol.replace("http", "ws");
  url.searchParams.set("ticket", ticket);
  const socket = new Socket(url);
  socket.binaryType = "arraybuffer";
  const { promise, resolve, reject } = Promise.withResolvers<FilmTransport>();
  const abort = (): void => socket.close();
  signal.addEventListener("abort", abort);
  const refused = (): void => {
    signal.removeEventListener("abort", abort);
    reject(new Error("Cannot open the relay: the server refuses"));
  };
  socket.onerror = socket.onclose = refused;
  socket.onopen = () => {
    const port = relayTransport(
      {
        send: (bytes) => {
          if (socket.readyState === socket.OPEN) socket.send(bytes);
        },
        get bufferedAmount() {
          return socket.bufferedAmount;
        },
        close: () => socket.close(),
      },
      key,
      random,
    );
    socket.onmessage = ({ data }) => {
      port.message(new Uint8Array(data as ArrayBuffer));
      resolve(port.transport);
    };
    socket.onerror = socket.onclose = () => {
      port.closed();
      refused();
    };
  };
  return promise;
}

/** Asks the relay over HTTP as a member with this token. */
export function relayFetch(
  fetchBytes: typeof fetch,
  server: string,
  roomId: string,
  token: string,
): HttpFetch {
  return async (request) => {
    const url = new URL(`relay/${request.what}/${roomId}`, server);
    url.searchParams.set("token", token);
    const headers: Record<string, string> = {};
    if (request.what === "film") {
      headers.range = `bytes=${request.start}-${request.end}`;
    } else url.searchParams.set("page", String(request.page));
    const response = await fetchBytes(url, { headers, cache: "no-store" });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.ok) return bytes;
    throw new Error(`Cannot ask the relay: it answers ${response.status}`);
  };
}

/** Posts the answer to a request of the relay over HTTP; nothing means that we cannot. */
export async function postRelayAnswer(
  fetchBytes: typeof fetch,
  server: string,
  id: string,
  bytes: Bytes | undefined,
): Promise<void> {
  const response = await fetchBytes(new URL(`relay/answer/${id}`, server), {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: bytes ?? new Uint8Array(),
  });
  await response.body?.cancel();
}
