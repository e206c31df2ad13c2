/**
 * How a film is cut: chunks of 64 KiB are what is hashed, sealed and asked for;
 * blocks of 16 KiB are what travels, so that no message comes near the limit of
 * any data channel and a chunk asked for in a hurry waits for little.
 *
 * @module
 */

/** Bytes that WebCrypto takes: not shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes of a chunk; the last may be shorter. */
export const CHUNK_BYTES = 64 * 1024;
/** Bytes of a block. */
export const BLOCK_BYTES = 16 * 1024;
/** What sealing adds: flags, nonce, tag. */
export const SEAL_OVERHEAD: number = 1 + 12 + 16;
/** Bytes of a sealed chunk that is not deflated. */
export const SEALED_CHUNK_BYTES: number = CHUNK_BYTES + SEAL_OVERHEAD;

/** Chunks of a film. */
export function chunkCount(fileSize: number): number {
  return Math.ceil(fileSize / CHUNK_BYTES);
}

/** Bytes of this chunk. */
export function chunkLength(fileSize: number, chunk: number): number {
  return Math.max(0, Math.min(CHUNK_BYTES, fileSize - chunk * CHUNK_BYTES));
}
