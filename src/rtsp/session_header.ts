/**
 * The Session and RTP-Info headers, and KeyMgmt of RFC 4567.
 *
 * @module
 */

import { RtspProtocolError } from "./errors.ts";
import { parseInteger, splitParameter, splitValue } from "./header_values.ts";

/** Seconds a session lives without a sign of life, where no timeout is given (RFC 2326 section 12.37). */
export const DEFAULT_SESSION_TIMEOUT = 60;
/** Longest session id; some cameras write 32 hexadecimal digits. */
const MAX_SESSION_ID_LENGTH = 128;

/** What a Session header says. */
export interface SessionHeader {
  readonly id: string;
  /** Seconds, when given. */
  readonly timeout?: number;
}

/**
 * Reads a Session header.
 *
 * @throws {RtspProtocolError} with status 454 when the id is missing, too long
 * or has characters no id has.
 */
export function parseSession(text: string): SessionHeader {
  const [id, ...parameters] = splitValue(text, ";");
  if (
    id === undefined || id.length > MAX_SESSION_ID_LENGTH ||
    !/^[!-~]+$/.test(id)
  ) {
    throw new RtspProtocolError(
      "RTSP_BAD_SESSION",
      `Cannot read Session: "${text.slice(0, 60)}" holds no session id`,
      454,
    );
  }
  for (const parameter of parameters) {
    const { name, value } = splitParameter(parameter);
    const timeout = parseInteger(value, 1, 86_400);
    if (name === "timeout" && timeout !== undefined) return { id, timeout };
  }
  return { id };
}

/** Writes a Session header. */
export function formatSession(session: SessionHeader): string {
  return session.timeout === undefined
    ? session.id
    : `${session.id};timeout=${session.timeout}`;
}

/** One stream of an RTP-Info header (RFC 2326 section 12.33). */
export interface RtpInfoEntry {
  readonly url: string;
  /** Sequence number of the first packet after PLAY. */
  readonly sequence?: number;
  /** Its RTP timestamp. */
  readonly timestamp?: number;
}

/** Reads RTP-Info; what cannot be read is left out. */
export function parseRtpInfo(text: string): RtpInfoEntry[] {
  const entries: RtpInfoEntry[] = [];
  // URLs may hold commas: an entry begins where "url=" does.
  for (const part of text.split(/,\s*(?=url\s*=)/i)) {
    const [url, ...parameters] = splitValue(part, ";").map(splitParameter);
    if (url?.name !== "url" || url.value === undefined) continue;
    const entry: { url: string; sequence?: number; timestamp?: number } = {
      url: url.value,
    };
    for (const { name, value } of parameters) {
      const sequence = parseInteger(value, 0, 0xffff);
      const timestamp = parseInteger(value, 0, 0xffff_ffff);
      if (name === "seq" && sequence !== undefined) entry.sequence = sequence;
      if (name === "rtptime" && timestamp !== undefined) {
        entry.timestamp = timestamp;
      }
    }
    entries.push(entry);
  }
  return entries;
}

/** Writes RTP-Info. */
export function formatRtpInfo(entries: readonly RtpInfoEntry[]): string {
  return entries.map(({ url, sequence, timestamp }) =>
    `url=${url}` + (sequence === undefined ? "" : `;seq=${sequence}`) +
    (timestamp === undefined ? "" : `;rtptime=${timestamp}`)
  ).join(",");
}

/** A KeyMgmt header (RFC 4567 section 4.1). */
export interface KeyManagement {
  readonly uri: string;
  /** The MIKEY message in base64. */
  readonly data: string;
}

/**
 * Reads a KeyMgmt header's MIKEY entry; `undefined` when it has none.
 */
export function parseKeyManagement(text: string): KeyManagement | undefined {
  for (const part of splitValue(text, ",")) {
    const parameters = new Map(
      splitValue(part, ";").map((parameter) => {
        const { name, value } = splitParameter(parameter);
        return [name, value ?? ""];
      }),
    );
    const data = parameters.get("data") ?? "";
    if (
      parameters.get("prot")?.toLowerCase() === "mikey" &&
      /^[A-Za-z0-9+/]+={0,2}$/.test(data)
    ) {
      return { uri: parameters.get("uri") ?? "", data };
    }
  }
  return undefined;
}

/** Writes a KeyMgmt header. */
export function formatKeyManagement(key: KeyManagement): string {
  return `prot=mikey;uri="${key.uri}";data="${key.data}"`;
}
