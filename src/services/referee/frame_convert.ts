/**
 * Raw and PNG frames as JPEG, by ffmpeg.
 *
 * ffmpeg names each picture it writes by its time, which is its place here, so a
 * picture that it cannot read shifts none behind it.
 *
 * @module
 */

import { join } from "node:path";
import { MediaError, spawnFfmpeg } from "../../media/mod.ts";
import { RAW_HEADER_BYTES, type SpoolEntry } from "../../referee/mod.ts";
import type { FrameReading } from "./frame_store.ts";
import { lowerProcess } from "./low_priority.ts";

/** Best quality of ffmpeg's encoder. */
const QUALITY = "2";

/** Different picture sizes in one session, beyond which something is wrong with the client. */
const MAX_SIZES = 32;

/** A converted frame. */
export interface ConvertedFrame {
  readonly path: string;
  readonly length: number;
}

/**
 * Converts `entries`, in their order; those that ffmpeg cannot read are not in
 * the result.
 *
 * @throws {MediaError} when ffmpeg fails as a whole.
 * @throws the signal's reason when it aborts.
 */
export async function convertToJpeg(
  entries: readonly SpoolEntry[],
  reading: FrameReading,
  options: {
    readonly ffmpeg: string;
    /** Made here; holds the JPEGs afterwards. */
    readonly folder: string;
    readonly signal: AbortSignal;
  },
): Promise<Map<SpoolEntry, ConvertedFrame>> {
  const groups = Map.groupBy(
    entries,
    ({ kind, width, height }) => `${kind}_${width}x${height}`,
  );
  if (groups.size > MAX_SIZES) {
    throw new MediaError(
      "unsupported",
      `Cannot make a video of ${groups.size} picture sizes: the limit is ${MAX_SIZES}`,
    );
  }
  const made = new Map<SpoolEntry, ConvertedFrame>();
  for (const [name, group] of groups) {
    const folder = join(options.folder, name);
    await Deno.mkdir(folder, { recursive: true });
    await convertGroup(group, reading, { ...options, folder });
    for (const [place, entry] of group.entries()) {
      const path = join(folder, `${place}.jpg`);
      const length = await sizeOf(path);
      if (length > 0) made.set(entry, { path, length });
    }
  }
  return made;
}

async function convertGroup(
  group: readonly SpoolEntry[],
  reading: FrameReading,
  { ffmpeg, folder, signal }: {
    ffmpeg: string;
    folder: string;
    signal: AbortSignal;
  },
): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const input = first.kind === "raw"
    ? [
      ...["-f", "rawvideo", "-pixel_format", "bgr24"],
      ...["-video_size", `${first.width}x${first.height}`],
    ]
    : ["-f", "image2pipe", "-c:v", "png"];
  await using process = spawnFfmpeg(ffmpeg, [
    ...["-protocol_whitelist", "pipe,file"],
    ...[...input, "-framerate", "1", "-i", "pipe:0"],
    ...["-c:v", "mjpeg", "-q:v", QUALITY, "-pix_fmt", "yuvj420p"],
    ...["-f", "image2", "-frame_pts", "1", join(folder, "%d.jpg")],
  ], { signal, stdin: "piped", swift: true });
  await lowerProcess(process.pid);
  const writer = process.stdin.getWriter();
  try {
    for (const entry of group) {
      const bytes = new Uint8Array(entry.length);
      await reading.read(entry, bytes);
      const pixels = first.width * first.height * 3;
      const bare = entry.kind === "png" || entry.length === pixels;
      await writer.write(bare ? bytes : bytes.subarray(RAW_HEADER_BYTES));
    }
    await writer.close();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  } finally {
    writer.releaseLock();
  }
  const { code } = await process.exit;
  signal.throwIfAborted();
  // A picture it cannot read is no failure of the others.
  if (code !== 0 && await sizeOf(join(folder, "0.jpg")) === 0) {
    throw new MediaError(
      "ffmpeg_failed",
      `Cannot convert the frames: ${
        process.reason() ?? `ffmpeg ended with ${code}`
      }`,
    );
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
