/**
 * What makes the server blind: AES-256-GCM under keys that follow from the
 * link's fragment (HKDF-SHA-256, RFC 5869), which no browser sends anywhere.
 *
 * ```text
 * sealed chunk:    flags (1) | nonce (12) | ciphertext | tag (16)
 * sealed message:              nonce (12) | ciphertext | tag (16)
 * ```
 *
 * A chunk is bound to its film and place: film id, number and flags are
 * authenticated with it, so that a server cannot exchange chunks.
 *
 * @module
 */

import { type Bytes, CHUNK_BYTES, SEAL_OVERHEAD } from "./chunk.ts";
import { SignalProtocolError } from "./error.ts";

/** Bytes of the key in the link. */
export const LINK_KEY_BYTES = 32;
/** Bytes of a nonce (NIST SP 800-38D, section 8.2.2: random, 96 bits). */
export const NONCE_BYTES = 12;

const FLAG_DEFLATED = 1;
/** A chunk is deflated when it shrinks below this part of itself. */
const WORTH_DEFLATING = 0.9;
/** Above this entropy (bits a byte) there is nothing to win: coded video has 7.9. */
const MAX_ENTROPY = 7.5;
/** Every so many bytes of a chunk are counted for its entropy. */
const ENTROPY_STEP = 13;

/** The keys of a party. */
export interface PartyKeys {
  /** For signaling, chat and descriptions. */
  readonly message: CryptoKey;
  /** For chunks. */
  readonly film: CryptoKey;
}

/** Where a chunk belongs. */
export interface ChunkPlace {
  /** 16 bytes. */
  readonly filmId: Bytes;
  /** Its number. */
  readonly chunk: number;
}

/** The keys that follow from the 32 bytes of a link. */
export async function deriveKeys(linkKey: Bytes): Promise<PartyKeys> {
  const root = await crypto.subtle.importKey("raw", linkKey, "HKDF", false, [
    "deriveKey",
  ]);
  const derive = (purpose: string): Promise<CryptoKey> =>
    crypto.subtle.deriveKey(
      {
        name: "HKDF",
        hash: "SHA-256",
        salt: new Uint8Array(),
        info: new TextEncoder().encode(`streamtool party 1 ${purpose}`),
      },
      root,
      { name: "AES-GCM", length: 256 },
      false,
      ["encrypt", "decrypt"],
    );
  return { message: await derive("message"), film: await derive("film") };
}

/** Seals a message; `nonce` is 12 random bytes. */
export async function sealBytes(
  key: CryptoKey,
  plain: Bytes,
  nonce: Bytes,
): Promise<Bytes> {
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce },
    key,
    plain,
  );
  return join(nonce, new Uint8Array(sealed));
}

/**
 * Opens what {@linkcode sealBytes} made.
 *
 * @throws {SignalProtocolError} when it was made with another key or changed.
 */
export async function openBytes(
  key: CryptoKey,
  sealed: Bytes,
): Promise<Bytes> {
  return await decrypt(
    key,
    sealed.subarray(0, NONCE_BYTES),
    sealed.subarray(NONCE_BYTES),
  );
}

/** Seals a value of JSON into an object that signaling carries. */
export async function sealValue(
  key: CryptoKey,
  value: unknown,
  nonce: Bytes,
): Promise<{ readonly sealed: string }> {
  const plain = new TextEncoder().encode(JSON.stringify(value));
  return { sealed: (await sealBytes(key, plain, nonce)).toBase64() };
}

/**
 * Opens what {@linkcode sealValue} made.
 *
 * @throws {SignalProtocolError} for everything else.
 */
export async function openValue(
  key: CryptoKey,
  value: unknown,
): Promise<unknown> {
  const { sealed } = (value ?? {}) as { sealed?: unknown };
  if (typeof sealed !== "string") throw badSeal("it is not sealed");
  try {
    const plain = await openBytes(key, Uint8Array.fromBase64(sealed));
    return JSON.parse(new TextDecoder().decode(plain));
  } catch (error) {
    if (error instanceof SignalProtocolError) throw error;
    throw badSeal("it is no sealed JSON");
  }
}

/**
 * Seals a chunk; `nonce` is 12 random bytes. With `deflate` it is deflated
 * first when that helps: a film's index shrinks to a third.
 */
export async function sealChunk(
  key: CryptoKey,
  place: ChunkPlace,
  plain: Bytes,
  nonce: Bytes,
  deflate = true,
): Promise<Bytes> {
  let flags = 0;
  let body = plain;
  if (deflate && entropy(plain) < MAX_ENTROPY) {
    const small = await squeeze(plain);
    if (small.length < plain.length * WORTH_DEFLATING) {
      flags = FLAG_DEFLATED;
      body = small;
    }
  }
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData: placeBytes(place, flags) },
    key,
    body,
  );
  return join(Uint8Array.of(flags), nonce, new Uint8Array(sealed));
}

/**
 * Opens a sealed chunk of this place.
 *
 * @throws {SignalProtocolError} when it was changed or belongs elsewhere.
 */
export async function openChunk(
  key: CryptoKey,
  place: ChunkPlace,
  sealed: Bytes,
): Promise<Bytes> {
  if (sealed.length < SEAL_OVERHEAD) throw badSeal("it is too short");
  const flags = sealed[0] ?? 0;
  const body = await decrypt(
    key,
    sealed.subarray(1, 1 + NONCE_BYTES),
    sealed.subarray(1 + NONCE_BYTES),
    placeBytes(place, flags),
  );
  return flags & FLAG_DEFLATED ? await unsqueeze(body) : body;
}

async function decrypt(
  key: CryptoKey,
  iv: Bytes,
  body: Bytes,
  additionalData?: Bytes,
): Promise<Bytes> {
  try {
    return new Uint8Array(
      await crypto.subtle.decrypt(
        {
          name: "AES-GCM",
          iv,
          ...(additionalData === undefined ? {} : { additionalData }),
        },
        key,
        body,
      ),
    );
  } catch {
    throw badSeal("the key is another one, or it was changed on its way");
  }
}

function badSeal(reason: string): SignalProtocolError {
  return new SignalProtocolError("bad-seal", `Cannot open: ${reason}`);
}

function placeBytes({ filmId, chunk }: ChunkPlace, flags: number): Bytes {
  const bytes = new Uint8Array(filmId.length + 5);
  bytes.set(filmId);
  const view = new DataView(bytes.buffer);
  view.setUint32(filmId.length, chunk);
  view.setUint8(filmId.length + 4, flags);
  return bytes;
}

function join(...parts: readonly Bytes[]): Bytes {
  const all = new Uint8Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Shannon entropy of a sample of the bytes, bits a byte. */
function entropy(bytes: Bytes): number {
  const counts = new Uint32Array(256);
  let total = 0;
  for (let at = 0; at < bytes.length; at += ENTROPY_STEP) {
    counts[bytes[at]!]!++;
    total++;
  }
  let bits = 0;
  for (const count of counts) {
    if (count > 0) bits -= count / total * Math.log2(count / total);
  }
  return bits;
}

async function squeeze(plain: Bytes): Promise<Bytes> {
  const stream = new Blob([plain]).stream()
    .pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Inflates to at most a chunk, whatever the bytes promise. */
async function unsqueeze(body: Bytes): Promise<Bytes> {
  const reader = new Blob([body]).stream()
    .pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts: Bytes[] = [];
  let total = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return join(...parts);
      total += value.length;
      if (total > CHUNK_BYTES) throw badSeal("it inflates to too much");
      parts.push(value);
    }
  } catch (error) {
    await reader.cancel().catch(() => {});
    if (error instanceof SignalProtocolError) throw error;
    throw badSeal("it does not inflate");
  }
}
