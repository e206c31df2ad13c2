/**
 * Single pictures of a video that a browser has no decoder for, decoded here
 * when they are asked for.
 *
 * @module
 */

import { spawnFfmpeg } from "../../media/mod.ts";
import { lowerProcess } from "../referee/low_priority.ts";

/** Decoders at once: they are ours and not of who streams. */
const MAX_DECODERS = 2;

/** Pictures that wait for a decoder; a page asks for three at once. */
const MAX_WAITING = 24;

/** Pixels across, at most: it is a look at the recording and not the recording. */
const MAX_WIDTH = 1280;

/** How long one picture may take, in milliseconds. */
const PATIENCE_MS = 20_000;

/** A picture a little before its time is the one before it. */
const EARLY_SECONDS = 0.002;

/** Decodes pictures, a few at a time. */
export class PictureDecoders {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /**
   * The picture `seconds` behind the first one, as JPEG; `undefined` when it
   * cannot be decoded, or too many wait.
   */
  async decode(
    ffmpeg: string,
    path: string,
    seconds: number,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#running >= MAX_DECODERS) {
      if (this.#waiting.length >= MAX_WAITING) return undefined;
      // Whoever ends hands its place on.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running++;
    try {
      return await decodeOne(ffmpeg, path, seconds);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

async function decodeOne(
  ffmpeg: string,
  path: string,
  seconds: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const at = Math.max(0, seconds - EARLY_SECONDS);
  await using process = spawnFfmpeg(ffmpeg, [
    // The video is a file that somebody sent: no playlist in it may open another.
    ...["-protocol_whitelist", "file", "-threads", "1"],
    ...["-ss", at.toFixed(6), "-i", `file:${path}`],
    ...["-map", "0:v:0", "-frames:v", "1"],
    ...["-vf", `scale='min(${MAX_WIDTH},iw)':-2`],
    ...["-c:v", "mjpeg", "-q:v", "4", "-pix_fmt", "yuvj420p"],
    ...["-f", "image2pipe", "pipe:1"],
  ], {
    stdout: "piped",
    signal: AbortSignal.timeout(PATIENCE_MS),
    swift: true,
  });
  await lowerProcess(process.pid);
  const bytes = await new Response(process.stdout).bytes();
  await process.exit;
  return bytes.length > 0 ? bytes : undefined;
}
