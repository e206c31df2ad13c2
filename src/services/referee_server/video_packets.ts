/**
 * When each picture of a video file is shown, and how to know its bytes again,
 * read from the file without decoding a picture.
 *
 * @module
 */

import { type FfmpegInput, MediaError, spawnFfmpeg } from "../../media/mod.ts";
import { lowerProcess } from "../referee/low_priority.ts";

/** Longest line that is kept while its end has not come. */
const MAX_LINE = 4096;

/** A line of ffmpeg's framehash: stream, dts, pts, duration, size, checksum. */
const PACKET = /^0,\s*-?\d+,\s*(-?\d+),\s*-?\d+,\s*(\d+),\s*([0-9a-f]{8})/;

/** A picture of a video file, as it lies there. */
export interface VideoPacket {
  /** Seconds. */
  readonly time: number;
  /** In bytes. */
  readonly size: number;
  /** CRC-32 of its bytes. */
  readonly crc: number;
}

/**
 * The pictures in the order of the file.
 *
 * @throws {MediaError} when the file cannot be read, or has more than `most` pictures.
 * @throws the signal's reason when it aborts.
 */
export async function videoPackets(
  ffmpeg: string,
  input: FfmpegInput,
  most: number,
  signal: AbortSignal,
): Promise<VideoPacket[]> {
  await using process = spawnFfmpeg(ffmpeg, [
    ...input.args,
    ...["-map", "0:v:0", "-c", "copy", "-copyts"],
    ...["-f", "framehash", "-hash", "CRC32", "pipe:1"],
  ], { signal, stdout: "piped", swift: true });
  await lowerProcess(process.pid);
  const packets: VideoPacket[] = [];
  let timeBase = 1;
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of process.stdout) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = (lines.pop() ?? "").slice(0, MAX_LINE);
    for (const line of lines) {
      // "#tb 0: 1/15360", then "0, dts, pts, duration, size, crc"
      const base = /^#tb 0: (\d+)\/(\d+)/.exec(line);
      if (base !== null) timeBase = Number(base[1]) / Number(base[2]);
      const packet = PACKET.exec(line);
      if (packet !== null) {
        packets.push({
          // Whole microseconds, as the times of streamed frames are.
          time: Math.round(Number(packet[1]) * timeBase * 1e6) / 1e6,
          size: Number(packet[2]),
          crc: Number.parseInt(packet[3]!, 16),
        });
      }
      if (packets.length > most) {
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
  if (packets.length === 0) {
    throw new MediaError(
      "no_video",
      `Cannot read ${JSON.stringify(input.label)}: ${
        process.reason(input.name) ?? "there is no picture in it"
      }`,
    );
  }
  return packets;
}
