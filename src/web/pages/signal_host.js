// @ts-check
/**
 * A film of this device, given to the room.
 *
 * @module
 */

import {
  CHUNK_BYTES,
  createManifest,
  FilmSender,
} from "../../signaling/mod.ts";

/** A browser takes as long to read a chunk as to read so many. */
const PIECE_CHUNKS = 16;
/** Pieces of 1 MiB that are kept: viewers are near each other. */
const MAX_PIECES = 12;
/** The player tells the length within this, or never, ms. */
const DURATION_MS = 3000;

/**
 * @param {object} options
 * @param {File} options.file
 * @param {HTMLVideoElement} options.video plays the file already
 * @param {import("../../signaling/mod.ts").HostIdentity} options.identity
 * @param {CryptoKey} options.key
 * @param {import("../../signaling/mod.ts").PartyClient} options.client
 * @param {import("../../signaling/mod.ts").PartyClock} options.clock
 * @param {(length: number) => Uint8Array<ArrayBuffer>} options.random
 * @param {string} options.roomId
 * @param {number | undefined} options.bytesPerSecond
 */
export async function hostFile(
  { file, video, identity, key, client, clock, random, roomId, bytesPerSecond },
) {
  /** @type {Map<number, Promise<ArrayBuffer>>} */
  const pieces = new Map();

  /** @param {number} chunk */
  async function read(chunk) {
    const index = Math.floor(chunk / PIECE_CHUNKS);
    let piece = pieces.get(index);
    if (piece === undefined) {
      const from = index * PIECE_CHUNKS * CHUNK_BYTES;
      piece = file.slice(from, from + PIECE_CHUNKS * CHUNK_BYTES).arrayBuffer();
      pieces.set(index, piece);
      piece.catch(() => pieces.delete(index));
      if (pieces.size > MAX_PIECES) {
        pieces.delete(pieces.keys().next().value ?? index);
      }
    }
    const at = (chunk - index * PIECE_CHUNKS) * CHUNK_BYTES;
    return new Uint8Array((await piece).slice(at, at + CHUNK_BYTES));
  }

  const duration = await lengthOf(video);
  const manifest = await createManifest(
    {
      fileName: file.name.replace(/[/\\]/g, "_") || "film",
      fileSize: file.size,
      duration,
      mimeType: /^[\w.+-]+\/[\w.+-]+$/.test(file.type)
        ? file.type
        : "application/octet-stream",
    },
    read,
    identity,
  );
  const sender = new FilmSender({
    manifest,
    identity,
    key,
    read,
    random,
    clock,
    from: { roomId, fromUserId: client.state.userId },
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    onConnections(transport, count) {
      const member = client.paths.memberAt(transport);
      if (member !== undefined) client.paths.addConnections(member, count);
    },
  });
  await client.share(sender);
  return sender;
}

/**
 * @param {HTMLVideoElement} video
 * @returns {Promise<number | null>}
 */
function lengthOf(video) {
  return new Promise((resolve) => {
    const tell = () => {
      resolve(Number.isFinite(video.duration) ? video.duration : null);
    };
    if (video.readyState >= 1) tell();
    video.addEventListener("loadedmetadata", tell, { once: true });
    video.addEventListener("error", tell, { once: true });
    setTimeout(tell, DURATION_MS);
  });
}
