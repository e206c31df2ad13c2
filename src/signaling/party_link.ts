/**
 * The link that lets people in: the room in its query, the key in its fragment.
 *
 * ```text
 * https://host:3001/?room=K7Q2ZD#<base64url of key (32 bytes) and host (16 bytes)>
 * ```
 *
 * `host` is the beginning of the SHA-256 of the host's public key: a film that
 * this key has not signed is not the film of whoever gave the link.
 *
 * @module
 */

import type { Bytes } from "./chunk.ts";
import { SignalProtocolError } from "./error.ts";
import { isRoomId } from "./room_code.ts";
import { LINK_KEY_BYTES } from "./seal.ts";

/** Bytes of a host's fingerprint. */
export const FINGERPRINT_BYTES = 16;

/** What the fragment holds. */
export interface LinkSecret {
  /** The party's key. */
  readonly key: Bytes;
  /** Whose film it is. */
  readonly fingerprint: Bytes;
}

/** A link, taken apart. */
export interface PartyLink extends LinkSecret {
  /** Address of the server, ending in a slash. */
  readonly server: string;
  /** Code of the room. */
  readonly roomId: string;
}

/** The fragment, without `#`. */
export function formatSecret({ key, fingerprint }: LinkSecret): string {
  const bytes = new Uint8Array(LINK_KEY_BYTES + FINGERPRINT_BYTES);
  bytes.set(key);
  bytes.set(fingerprint, LINK_KEY_BYTES);
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Reads a fragment, with or without `#`; `undefined` for what is none of ours. */
export function parseSecret(fragment: string): LinkSecret | undefined {
  let bytes: Bytes;
  try {
    bytes = Uint8Array.fromBase64(fragment.replace(/^#/, ""), {
      alphabet: "base64url",
    });
  } catch {
    return undefined;
  }
  if (bytes.length !== LINK_KEY_BYTES + FINGERPRINT_BYTES) return undefined;
  return {
    key: bytes.slice(0, LINK_KEY_BYTES),
    fingerprint: bytes.slice(LINK_KEY_BYTES),
  };
}

/** The link. */
export function formatLink({ server, roomId, ...secret }: PartyLink): string {
  return `${server}?room=${encodeURIComponent(roomId)}#${formatSecret(secret)}`;
}

/**
 * Takes a link apart.
 *
 * @throws {SignalProtocolError} that says what is missing.
 */
export function parseLink(text: string): PartyLink {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw badLink(text, "it is no web address");
  }
  const roomId = url.searchParams.get("room") ?? "";
  if (!isRoomId(roomId)) throw badLink(text, "it names no room");
  const secret = parseSecret(url.hash);
  if (secret === undefined) {
    throw badLink(text, "the key behind the # is missing; copy the whole link");
  }
  return { server: `${url.origin}${url.pathname}`, roomId, ...secret };
}

/** The key does not go into a message. */
function badLink(text: string, reason: string): SignalProtocolError {
  return new SignalProtocolError(
    "bad-link",
    `Cannot use the link "${text.split("#")[0]}": ${reason}`,
  );
}
