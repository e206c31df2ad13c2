/**
 * What a film is, signed by its host.
 *
 * @module
 */

import { type Bytes, chunkCount } from "./chunk.ts";
import {
  badManifest,
  fingerprintOf,
  type HostIdentity,
  KEY_ALGORITHM,
  sha256,
  SIGN_ALGORITHM,
} from "./identity.ts";
import { MAX_CHUNKS } from "./limits.ts";

/** Bytes of a film's id. */
export const FILM_ID_BYTES = 16;

const PUBLIC_KEY_BYTES = 65;
const MAX_FILE_NAME_LENGTH = 255;
const MAX_MIME_LENGTH = 100;

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

/** SHA-256 over size, first and last chunk: whether a file can be the film. */
export async function quickChecksum(
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
