// @ts-check
/**
 * The second way to play a film that comes in chunks: Media Source Extensions,
 * for browsers that have no service worker, and films that can be given piece
 * by piece.
 *
 * @module
 */

import { mediaSourceType } from "../../signaling/mod.ts";

/** What was played longer ago than this makes room for what comes, seconds. */
const KEPT_S = 20;

/**
 * An address for the video element; `undefined` when browser or film cannot.
 *
 * @param {import("../../signaling/mod.ts").FilmReceiver} receiver
 * @param {() => number} position of the player, seconds
 * @param {AbortSignal} signal
 */
export async function mediaSourceUrl(receiver, position, signal) {
  if (typeof MediaSource !== "function") return undefined;
  const type = mediaSourceType(await receiver.read(0, signal));
  if (type === undefined || !MediaSource.isTypeSupported(type)) {
    return undefined;
  }
  const source = new MediaSource();
  source.addEventListener("sourceopen", () => {
    const buffer = source.addSourceBuffer(type);
    feed(source, buffer, receiver, position, signal).catch(() => {
      if (source.readyState === "open") source.endOfStream("network");
    });
  }, { once: true });
  return URL.createObjectURL(source);
}

/**
 * @param {MediaSource} source
 * @param {SourceBuffer} buffer
 * @param {import("../../signaling/mod.ts").FilmReceiver} receiver
 * @param {() => number} position
 * @param {AbortSignal} signal
 */
async function feed(source, buffer, receiver, position, signal) {
  for (let chunk = 0; chunk < receiver.manifest.totalChunks;) {
    const bytes = await receiver.read(chunk, signal);
    try {
      buffer.appendBuffer(bytes);
      chunk++;
    } catch (error) {
      if (/** @type {Error} */ (error).name !== "QuotaExceededError") {
        throw error;
      }
      const end = position() - KEPT_S;
      if (end > 0) buffer.remove(0, end);
      else await new Promise((resolve) => setTimeout(resolve, 500));
    }
    while (buffer.updating) {
      await new Promise((resolve) =>
        buffer.addEventListener("updateend", resolve, { once: true })
      );
    }
  }
  source.endOfStream();
}
