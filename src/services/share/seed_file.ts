/**
 * "I have the file": a viewer that has the room's film already, and gives it to
 * the others. Every chunk of its file is compared with what the host has signed
 * before anybody is given it.
 *
 * @module
 */

import {
  ChunkSet,
  encodeHaveBits,
  type FilmManifest,
  FilmSender,
  type FilmSwarm,
  memoryTransports,
  quickChecksum,
} from "../../signaling/mod.ts";
import type { FilmFile } from "./film_file.ts";
import { denoClock, randomBytes } from "./party.ts";

/** Whether a file can be the film: as long, and with the same first and last chunk. */
export async function isSameFilm(
  { fileSize, read }: FilmFile,
  manifest: FilmManifest,
): Promise<boolean> {
  return fileSize === manifest.fileSize &&
    await quickChecksum(fileSize, manifest.totalChunks, read) ===
      manifest.checksum;
}

/** Makes a file a source of its swarm: it is read, checked and offered, chunk by chunk. */
export function attachFile(
  film: FilmFile,
  manifest: FilmManifest,
  key: CryptoKey,
  swarm: FilmSwarm,
): void {
  const [mine, its] = memoryTransports(queueMicrotask);
  const sender = new FilmSender({
    manifest,
    key,
    read: film.read,
    random: randomBytes,
    clock: denoClock,
    from: { roomId: "", fromUserId: "" },
    hashPage: () => new Promise(() => {}), // the host signs
  });
  swarm.attachOwn("file", mine);
  sender.attach(its);
  const all = new ChunkSet(manifest.totalChunks);
  for (let chunk = 0; chunk < manifest.totalChunks; chunk++) all.add(chunk);
  for (const frame of encodeHaveBits(all)) its.send(frame);
}
