/**
 * When each picture of a video file is shown, read from the file without
 * decoding a picture.
 *
 * @module
 */

import { type FfmpegInput, MediaError, spawnFfmpeg } from "../../media/mod.ts";

/** Longest line that is kept while its end has not come. */
const MAX_LINE = 4096;

/**
 * Seconds of each picture, ascending.
 *
 * @throws {MediaError} when the file cannot be read, or has more than `most` pictures.
 * @throws the signal's reason when it aborts.
 */
export async function videoTimestamps(
  ffmpeg: string,
  input: FfmpegInput,
  most: number,
  signal: AbortSignal,
): Promise<Float64Array> {
  await using process = spawnFfmpeg(ffmpeg, [
    ...input.args,
    ...["-map", "0:v:0", "-c", "copy", "-copyts", "-f", "framecrc", "pipe:1"],
  ], { signal, stdout: "piped" });
  const times: number[] = [];
  let timeBase = 1;
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of process.stdout) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = (lines.pop() ?? "").slice(0, MAX_LINE);
    for (const line of lines) {
      // "#tb 0: 1/15360", then "0, dts, pts, duration, size, 0xcrc"
      const base = /^#tb 0: (\d+)\/(\d+)/.exec(line);
      if (base !== null) timeBase = Number(base[1]) / Number(base[2]);
      const packet = /^0,\s*-?\d+,\s*(-?\d+),/.exec(line);
      if (packet !== null) {
        // Whole microseconds, as the times of streamed frames are.
        times.push(Math.round(Number(packet[1]) * timeBase * 1e6) / 1e6);
      }
      if (times.length > most) {
        throw new MediaError(
          "unsupported",
          `Cannot use ${
            JSON.stringify(input.label)
          }: it has more than ${most} pictures (max_session_frames)`,
        );
      }
    }
  }
  await process.exit;
  signal.throwIfAborted();
  if (times.length === 0) {
    throw new MediaError(
      "no_video",
      `Cannot read ${JSON.stringify(input.label)}: ${
        process.reason(input.name) ?? "there is no picture in it"
      }`,
    );
  }
  return Float64Array.from(times).sort();
}
