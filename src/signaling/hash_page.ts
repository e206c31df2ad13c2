/**
 * The SHA-256 of every chunk, in signed pages of 64, so that nobody has to hash
 * or send two hours of film before the first picture.
 *
 * ```text
 *  type 2 (1) | number of the page (4) | count (1) | signature (64) | count × SHA-256 (32)
 * ```
 *
 * @module
 */

import type { Bytes } from "./chunk.ts";
import {
  badManifest,
  type HostIdentity,
  sha256,
  SIGN_ALGORITHM,
} from "./identity.ts";
import type { FilmManifest } from "./manifest.ts";

/** Hashes of a page: it covers 4 MiB of film, which is hashed in some 10 ms. */
export const HASHES_PER_PAGE = 64;

const HASH_BYTES = 32;
const SIGNATURE_BYTES = 64;
const PAGE_HEADER_BYTES = 1 + 4 + 1 + SIGNATURE_BYTES;
const PAGE_TYPE = 2;

/** Signed hashes of 64 chunks. */
export interface HashPage {
  /** Its number. */
  readonly page: number;
  /** SHA-256 one after another. */
  readonly hashes: Bytes;
}

/** Pages that a film's hashes fill. */
export function pageOf(chunk: number): number {
  return Math.floor(chunk / HASHES_PER_PAGE);
}

/** Signs the hashes of a page and makes it ready to be sent. */
export async function encodeHashPage(
  filmId: string,
  { page, hashes }: HashPage,
  { keys }: HostIdentity,
): Promise<Bytes> {
  const signature = await crypto.subtle.sign(
    SIGN_ALGORITHM,
    keys.privateKey,
    pageBytes(filmId, page, hashes),
  );
  const bytes = new Uint8Array(PAGE_HEADER_BYTES + hashes.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, PAGE_TYPE);
  view.setUint32(1, page);
  view.setUint8(5, hashes.length / HASH_BYTES);
  bytes.set(new Uint8Array(signature), 6);
  bytes.set(hashes, PAGE_HEADER_BYTES);
  return bytes;
}

/** Whether a frame is a page of hashes. */
export function isHashPage(frame: Bytes): boolean {
  return frame[0] === PAGE_TYPE;
}

/**
 * Reads and checks a page of this film.
 *
 * @throws {SignalProtocolError} when it is malformed or forged.
 */
export async function verifyHashPage(
  { filmId, totalChunks }: FilmManifest,
  key: CryptoKey,
  frame: Bytes,
): Promise<HashPage> {
  const count = frame[5] ?? 0;
  if (
    frame.length !== PAGE_HEADER_BYTES + count * HASH_BYTES ||
    !isHashPage(frame)
  ) throw badManifest("a page of its hashes is malformed");
  const page = new DataView(frame.buffer, frame.byteOffset).getUint32(1);
  const expected = Math.min(
    HASHES_PER_PAGE,
    totalChunks - page * HASHES_PER_PAGE,
  );
  if (count !== expected) {
    throw badManifest("a page of its hashes has another length");
  }
  const hashes = frame.slice(PAGE_HEADER_BYTES);
  const genuine = await crypto.subtle.verify(
    SIGN_ALGORITHM,
    key,
    frame.slice(6, 6 + SIGNATURE_BYTES),
    pageBytes(filmId, page, hashes),
  );
  if (!genuine) throw badManifest("a page of its hashes is forged");
  return { page, hashes };
}

/** Whether a chunk is the one that its page promises. */
export async function matchesHash(
  { page, hashes }: HashPage,
  chunk: number,
  plain: Bytes,
): Promise<boolean> {
  const at = (chunk - page * HASHES_PER_PAGE) * HASH_BYTES;
  const hash = await sha256(plain);
  return hash.every((byte, index) => byte === hashes[at + index]);
}

function pageBytes(filmId: string, page: number, hashes: Bytes): Bytes {
  const head = new TextEncoder().encode(
    `streamtool hashes 1 ${filmId} ${page} `,
  );
  const bytes = new Uint8Array(head.length + hashes.length);
  bytes.set(head);
  bytes.set(hashes, head.length);
  return bytes;
}
