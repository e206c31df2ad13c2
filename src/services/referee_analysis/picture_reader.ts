/**
 * Pictures of a fixed size out of ffmpeg, one after another.
 *
 * @module
 */

import { spawnFfmpeg } from "../../media/mod.ts";
import type { FfmpegProcess } from "../../media/mod.ts";
import { lowerProcess } from "../referee/low_priority.ts";
import type { PictureSize } from "./picture_size.ts";

/** Arguments that make pictures in grey of this size of whatever is the input. */
export function grayOutput({ width, height }: PictureSize): string[] {
  return [
    ...["-map", "0:v:0", "-fps_mode", "passthrough"],
    ...["-vf", `scale=${width}:${height}:flags=area,format=gray`],
    ...["-f", "rawvideo", "pipe:1"],
  ];
}

/**
 * Calls `take` for each picture of `pictureBytes` bytes that a process writes;
 * the bytes are valid during the call only.
 */
export async function readPictures(
  process: FfmpegProcess,
  pictureBytes: number,
  take: (picture: Uint8Array) => void | Promise<void>,
): Promise<number> {
  const partial = new Uint8Array(pictureBytes);
  let filled = 0;
  let count = 0;
  for await (const chunk of process.stdout) {
    for (let at = 0; at < chunk.length;) {
      if (filled === 0 && chunk.length - at >= pictureBytes) {
        const taken = take(chunk.subarray(at, at + pictureBytes));
        if (taken !== undefined) await taken;
        at += pictureBytes;
        count++;
        continue;
      }
      const part = Math.min(pictureBytes - filled, chunk.length - at);
      partial.set(chunk.subarray(at, at + part), filled);
      filled += part;
      at += part;
      if (filled < pictureBytes) continue;
      filled = 0;
      const taken = take(partial);
      if (taken !== undefined) await taken;
      count++;
    }
  }
  return count;
}

/**
 * Decodes a video file into pictures in grey, in the order of the file.
 *
 * @throws {Error} with ffmpeg's reason when it fails before the first picture.
 * @throws the signal's reason when it aborts.
 */
export async function readGrayVideo(
  ffmpeg: string,
  path: string,
  size: PictureSize,
  take: (pixels: Uint8Array) => void | Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  await using process = spawnFfmpeg(ffmpeg, [
    // The video is a file of ours: no playlist in it may open another.
    ...["-protocol_whitelist", "file", "-threads", "1"],
    ...["-lowres", String(size.lowres), "-i", `file:${path}`],
    ...grayOutput(size),
  ], { signal, stdout: "piped", swift: true });
  await lowerProcess(process.pid);
  const count = await readPictures(process, size.width * size.height, take);
  const { success, code } = await process.exit;
  signal.throwIfAborted();
  if (!success && count === 0) {
    throw new Error(
      `Cannot decode the video: ${process.reason() ?? `exit code ${code}`}`,
    );
  }
  return count;
}
