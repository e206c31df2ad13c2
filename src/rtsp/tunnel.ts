/**
 * RTSP through HTTP: a GET carries what the server sends, a POST what the
 * player sends, in base64; both bear the same `x-sessioncookie` (Apple's
 * "Tunnelling RTSP and RTP through HTTP", which every player still speaks).
 *
 * @module
 */

import { RtspProtocolError } from "./errors.ts";
import type { RtspRequest } from "./message.ts";

/** Longest cookie; QuickTime sent 22 characters, live555 sends 23. */
const MAX_COOKIE_LENGTH = 128;
/** GETs waiting for their POST, of all players. */
export const MAX_WAITING_TUNNELS = 256;
/** Milliseconds a GET waits for its POST. */
export const TUNNEL_TIMEOUT = 10_000;

const PADDING = 0x3d;
/** Value of each base64 digit by its code; 255 for what is none. */
const DIGITS = new Uint8Array(256).fill(255);
for (
  const [value, digit] of [
    ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
  ].entries()
) {
  DIGITS[digit.charCodeAt(0)] = value;
}

/** Which half of a tunnel an HTTP request opens; `undefined` when it is no tunnel's. */
export function tunnelHalf(
  request: RtspRequest,
): { half: "get" | "post"; cookie: string } | undefined {
  const cookie = request.headers.get("x-sessioncookie");
  if (
    cookie === undefined || cookie === "" || cookie.length > MAX_COOKIE_LENGTH
  ) {
    return undefined;
  }
  if (request.method === "GET") return { half: "get", cookie };
  if (request.method === "POST") return { half: "post", cookie };
  return undefined;
}

/**
 * Decodes the POST side. Each request is encoded by itself, so padding may
 * stand anywhere a group ends, and groups may be cut anywhere by the network.
 */
export class TunnelDecoder {
  #bits = 0;
  #digits = 0;
  #padding = 0;

  /**
   * Decodes what arrived.
   *
   * @throws {RtspProtocolError} at a character that is neither base64 nor white space.
   */
  push(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(
      Math.ceil(((this.#digits + bytes.length) * 3) / 4) + 3,
    );
    let length = 0;
    for (const byte of bytes) {
      if (byte === 0x0d || byte === 0x0a || byte === 0x20 || byte === 0x09) {
        continue;
      }
      const value = DIGITS[byte]!;
      if (
        byte === PADDING ? this.#digits < 2 : value === 255 || this.#padding > 0
      ) {
        throw new RtspProtocolError(
          "RTSP_BAD_TUNNEL",
          `Cannot read HTTP tunnel: byte ${byte} is no base64 here`,
        );
      }
      if (byte === PADDING) this.#padding++;
      this.#bits = (this.#bits << 6) | (byte === PADDING ? 0 : value);
      if (++this.#digits < 4) continue;
      out[length++] = this.#bits >>> 16;
      if (this.#padding < 2) out[length++] = this.#bits >>> 8;
      if (this.#padding < 1) out[length++] = this.#bits;
      this.#bits = 0;
      this.#digits = 0;
      this.#padding = 0;
    }
    return out.subarray(0, length);
  }
}

/** Brings the two halves of each tunnel together. `Connection` is whatever the shell knows a connection by. */
export class TunnelPairing<Connection> {
  /** GETs by cookie; those with a POST have no deadline. */
  readonly #gets = new Map<
    string,
    { connection: Connection; deadline: number | undefined }
  >();

  /** A GET came; `false` when its cookie is in use or too many are waiting. */
  addGet(cookie: string, connection: Connection, now: number): boolean {
    let waiting = 0;
    for (const { deadline } of this.#gets.values()) {
      if (deadline !== undefined) waiting++;
    }
    if (this.#gets.has(cookie) || waiting >= MAX_WAITING_TUNNELS) return false;
    this.#gets.set(cookie, { connection, deadline: now + TUNNEL_TIMEOUT });
    return true;
  }

  /**
   * A POST came: the connection of its GET, `undefined` when there is none. A
   * player may replace its POST by another at any time.
   */
  addPost(cookie: string): Connection | undefined {
    const get = this.#gets.get(cookie);
    if (get === undefined) return undefined;
    get.deadline = undefined;
    return get.connection;
  }

  /** The GET of `cookie` was closed. */
  delete(cookie: string): void {
    this.#gets.delete(cookie);
  }

  /** When the next GET has waited too long. */
  nextTimeoutAt(): number | undefined {
    let next: number | undefined;
    for (const { deadline } of this.#gets.values()) {
      if (deadline !== undefined && (next === undefined || deadline < next)) {
        next = deadline;
      }
    }
    return next;
  }

  /** The connections of GETs that waited too long, to be closed; they are forgotten. */
  handleTimeout(now: number): Connection[] {
    const late: Connection[] = [];
    for (const [cookie, { connection, deadline }] of this.#gets) {
      if (deadline === undefined || deadline > now) continue;
      this.#gets.delete(cookie);
      late.push(connection);
    }
    return late;
  }
}

/** The response to a tunnel's GET; a POST gets none. */
export function tunnelResponse(request: RtspRequest): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(
    [
      `${request.version} 200 OK`,
      "Server: streamtool",
      "Connection: close",
      "Cache-Control: no-store",
      "Pragma: no-cache",
      "Content-Type: application/x-rtsp-tunnelled",
      "",
      "",
    ].join("\r\n"),
  );
}
