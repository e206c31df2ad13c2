/**
 * The server's half of a WebSocket's handshake (RFC 6455, section 4.2).
 *
 * @module
 */

import { createHash } from "node:crypto";

/** What a server hashes behind the client's key, to show that it is one (RFC 6455, section 1.3). */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Sixteen bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** The `Sec-WebSocket-Accept` that belongs to a `Sec-WebSocket-Key`. */
export function acceptKey(key: string): string {
  return createHash("sha1").update(key + GUID).digest("base64");
}

/** The answer that opens the WebSocket; `undefined` when the request does not ask for one as it must. */
export function openingAnswer(
  headers: { get(name: string): string | null | undefined },
): string | undefined {
  const key = headers.get("sec-websocket-key") ?? "";
  const version = headers.get("sec-websocket-version");
  if (!KEY.test(key) || version !== "13") return undefined;
  return "HTTP/1.1 101 Switching Protocols\r\n" +
    "Upgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n`;
}
