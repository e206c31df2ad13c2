/**
 * What a film is, signed by its host: a description, and the SHA-256 of every
 * chunk in pages of 64, so that nobody has to hash or send two hours of film
 * before the first picture.
 *
 * Signatures are ECDSA over P-256 with SHA-256 (FIPS 186-5), which every
 * browser's WebCrypto has.
 *
 * ```text
 *  page of hashes:
 *  type 2 (1) | number of the page (4) | count (1) | signature (64) | count × SHA-256 (32)
 * ```
 *
 * @module
 */

import { type Bytes, CHUNK_BYTES, chunkCount } from "./chunk.ts";
import { SignalProtocolError } from "./error.ts";
import { MAX_CHUNKS } from "./limits.ts";
import { FINGERPRINT_BYTES } from "./party_link.ts";

/** Hashes of a page: it covers 4 MiB of film, which is hashed in some 10 ms. */
export const HASHES_PER_PAGE = 64;
/** Bytes of a film's id. */
export const FILM_ID_BYTES = 16;

const HASH_BYTES = 32;
const SIGNATURE_BYTES = 64;
const PUBLIC_KEY_BYTES = 65;
const PAGE_HEADER_BYTES = 1 + 4 + 1 + SIGNATURE_BYTES;
const PAGE_TYPE = 2;
const MAX_FILE_NAME_LENGTH = 255;
const MAX_MIME_LENGTH = 100;
const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGN_ALGORITHM = { name: "ECDSA", hash: "SHA-256" } as const;

/** What the document calls metadata, and what proves it. */
export interface FilmManifest {
  /** 16 bytes that follow from file and host, hexadecimal. */
  readonly filmId: string;
  /** Without folders. */
  readonly fileName: string;
  /** Bytes. */
  readonly fileSize: number;
  /** Seconds; null when nobody has measured it. */
  readonly duration: number | null;
  /** `video/mp4`. */
  readonly mimeType: string;
  /** 64 KiB each. */
  readonly totalChunks: number;
  /** SHA-256 over size, first and last chunk: tells at once whether a file is the same. */
  readonly checksum: string;
  /** The host's public key, raw, base64. */
  readonly publicKey: string;
  /** Of all the above, base64. */
  readonly signature: string;
}

/** A manifest that is what it says. */
export interface VerifiedManifest {
  /** The film. */
  readonly manifest: FilmManifest;
  /** Checks its pages of hashes. */
  readonly key: CryptoKey;
  /** Whether the host of the link has signed it. */
  readonly isLinkHosts: boolean;
}

/** A host's pair of keys. */
export interface HostIdentity {
  /** Signs; `undefined` in whoever only checks. */
  readonly keys: CryptoKeyPair;
  /** Raw public key. */
  readonly publicKey: Bytes;
  /** What the link says of it. */
  readonly fingerprint: Bytes;
}

/** Signed hashes of 64 chunks. */
export interface HashPage {
  /** Its number. */
  readonly page: number;
  /** SHA-256 one after another. */
  readonly hashes: Bytes;
}

/** New keys for a host. */
export async function createIdentity(
  stored?: { readonly publicKey: JsonWebKey; readonly privateKey: JsonWebKey },
): Promise<HostIdentity> {
  const usages: [KeyUsage[], KeyUsage[]] = [["verify"], ["sign"]];
  const keys = stored === undefined
    ? await crypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"])
    : {
      publicKey: await crypto.subtle.importKey(
        "jwk",
        stored.publicKey,
        KEY_ALGORITHM,
        true,
        usages[0],
      ),
      privateKey: await crypto.subtle.importKey(
        "jwk",
        stored.privateKey,
        KEY_ALGORITHM,
        true,
        usages[1],
      ),
    };
  const publicKey = new Uint8Array(
    await crypto.subtle.exportKey("raw", keys.publicKey),
  );
  return { keys, publicKey, fingerprint: await fingerprintOf(publicKey) };
}

/** The keys in a form that can be kept, for {@linkcode createIdentity}. */
export async function exportIdentity(
  { keys }: HostIdentity,
): Promise<{ publicKey: JsonWebKey; privateKey: JsonWebKey }> {
  return {
    publicKey: await crypto.subtle.exportKey("jwk", keys.publicKey),
    privateKey: await crypto.subtle.exportKey("jwk", keys.privateKey),
  };
}

/** Describes a file and signs it. `read` gives a chunk. */
export async function createManifest(
  file: Pick<FilmManifest, "fileName" | "fileSize" | "duration" | "mimeType">,
  read: (chunk: number) => Promise<Bytes>,
  { keys, publicKey }: HostIdentity,
): Promise<FilmManifest> {
  const totalChunks = chunkCount(file.fileSize);
  const checksum = await quickChecksum(file.fileSize, totalChunks, read);
  // The same file of the same host is the same film: after a reload of the
  // host's page everybody keeps what they have.
  const seed = `${checksum} ${publicKey.toBase64()} ${file.fileName}`;
  const id = await sha256(new TextEncoder().encode(seed));
  const unsigned = {
    filmId: id.slice(0, FILM_ID_BYTES).toHex(),
    fileName: file.fileName,
    fileSize: file.fileSize,
    duration: file.duration,
    mimeType: file.mimeType,
    totalChunks,
    checksum,
    publicKey: publicKey.toBase64(),
  };
  const signature = await crypto.subtle.sign(
    SIGN_ALGORITHM,
    keys.privateKey,
    manifestBytes(unsigned),
  );
  return { ...unsigned, signature: new Uint8Array(signature).toBase64() };
}

/**
 * Checks a manifest and gives the key that its pages are checked with.
 * `fingerprint` is that of the link's host; with `anyHost` another one's film is
 * taken too, and `isLinkHosts` is false.
 *
 * @throws {SignalProtocolError} when it is malformed, forged, or another host's.
 */
export async function verifyManifest(
  value: unknown,
  fingerprint: Bytes,
  anyHost = false,
): Promise<VerifiedManifest> {
  const manifest = parseManifest(value);
  const raw = Uint8Array.fromBase64(manifest.publicKey);
  const seen = await fingerprintOf(raw);
  const isLinkHosts = seen.every((byte, index) => byte === fingerprint[index]);
  if (!isLinkHosts && !anyHost) {
    throw badManifest("another host signed it than the one of the link");
  }
  try {
    const key = await crypto.subtle.importKey(
      "raw",
      raw,
      KEY_ALGORITHM,
      true,
      ["verify"],
    );
    const genuine = await crypto.subtle.verify(
      SIGN_ALGORITHM,
      key,
      Uint8Array.fromBase64(manifest.signature),
      manifestBytes(manifest),
    );
    if (genuine) return { manifest, key, isLinkHosts };
  } catch {
    throw badManifest("its key is none");
  }
  throw badManifest("its signature is wrong");
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

/** SHA-256. */
export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

async function fingerprintOf(publicKey: Bytes): Promise<Bytes> {
  return (await sha256(publicKey)).slice(0, FINGERPRINT_BYTES);
}

async function quickChecksum(
  fileSize: number,
  totalChunks: number,
  read: (chunk: number) => Promise<Bytes>,
): Promise<string> {
  const size = new TextEncoder().encode(`${fileSize}\n`);
  if (totalChunks === 0) return (await sha256(size)).toHex();
  const ends = [await read(0), await read(totalChunks - 1)];
  const all = await new Blob([size, ...ends]).arrayBuffer();
  return (await sha256(new Uint8Array(all))).toHex();
}

function manifestBytes(manifest: Omit<FilmManifest, "signature">): Bytes {
  return new TextEncoder().encode(JSON.stringify([
    "streamtool film 1",
    manifest.filmId,
    manifest.fileName,
    manifest.fileSize,
    manifest.duration,
    manifest.mimeType,
    manifest.totalChunks,
    manifest.checksum,
    manifest.publicKey,
  ]));
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

function parseManifest(value: unknown): FilmManifest {
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
  const text = (name: string, pattern: RegExp): string => {
    const found = fields[name];
    if (typeof found !== "string" || !pattern.test(found)) {
      throw badManifest(`field "${name}" is wrong`);
    }
    return found;
  };
  const base64 = /^[A-Za-z0-9+/]{1,120}={0,2}$/;
  const fileName = text("fileName", /^[^/\\\p{Cc}]+$/u);
  const fileSize = fields.fileSize;
  const { duration } = fields;
  if (
    typeof fileSize !== "number" || !Number.isSafeInteger(fileSize) ||
    fileSize < 0 || chunkCount(fileSize) > MAX_CHUNKS
  ) throw badManifest('field "fileSize" is wrong');
  if (fields.totalChunks !== chunkCount(fileSize)) {
    throw badManifest('field "totalChunks" does not fit the size');
  }
  if (
    duration !== null &&
    (typeof duration !== "number" || !Number.isFinite(duration) || duration < 0)
  ) throw badManifest('field "duration" is wrong');
  if (fileName.length > MAX_FILE_NAME_LENGTH || /^\.+$/.test(fileName)) {
    throw badManifest('field "fileName" is wrong');
  }
  const manifest: FilmManifest = {
    filmId: text("filmId", /^[0-9a-f]{32}$/),
    fileName,
    fileSize,
    duration: duration as number | null,
    mimeType: text("mimeType", /^[\w.+-]+\/[\w.+-]+$/)
      .slice(0, MAX_MIME_LENGTH),
    totalChunks: chunkCount(fileSize),
    checksum: text("checksum", /^[0-9a-f]{64}$/),
    publicKey: text("publicKey", base64),
    signature: text("signature", base64),
  };
  let length = 0;
  try {
    length = Uint8Array.fromBase64(manifest.publicKey).length;
    Uint8Array.fromBase64(manifest.signature);
  } catch {
    throw badManifest("its key or signature is no base64");
  }
  if (length !== PUBLIC_KEY_BYTES) throw badManifest("its key has no length");
  return manifest;
}

function badManifest(reason: string): SignalProtocolError {
  return new SignalProtocolError(
    "bad-manifest",
    `Cannot trust the film: ${reason}`,
  );
}

/** Where a chunk begins in the file. */
export function chunkOffset(chunk: number): number {
  return chunk * CHUNK_BYTES;
}
