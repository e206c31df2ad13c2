/**
 * Made-up phrases as video files, through ffmpeg.
 *
 * @module
 */

import { spawnFfmpeg } from "../../media/mod.ts";
import {
  grayImage,
  type PhraseOptions,
  SyntheticPhrase,
} from "../../vision/mod.ts";

/** Both colour differences (BT.601) of a lamp that is lit. */
const RED = [90, 240] as const;
const GREEN = [54, 34] as const;

/** How each kind of file is encoded. */
const ENCODERS: Readonly<Record<string, readonly string[]>> = {
  ".mkv": ["-c:v", "mjpeg", "-q:v", "4", "-pix_fmt", "yuvj420p"],
  ".mjpeg": [
    ...["-c:v", "mjpeg", "-q:v", "4", "-pix_fmt", "yuvj420p"],
    ...["-f", "mjpeg"],
  ],
  ".mp4": [
    ...["-c:v", "libx264", "-preset", "veryfast", "-crf", "18"],
    ...["-pix_fmt", "yuv420p", "-movflags", "+faststart"],
  ],
};

/** A made-up phrase on disk. */
export interface SyntheticClip {
  readonly phrase: SyntheticPhrase;
  /** The scoring box's file as text. */
  readonly signal: string;
}

/**
 * Paints a phrase and encodes it to `path`: `.mkv` and `.mjpeg` as JPEGs, `.mp4` as H.264.
 *
 * @throws {TypeError} when the ending is another.
 * @throws {Error} with ffmpeg's reason when it fails.
 */
export async function writeSyntheticClip(
  path: string,
  options: PhraseOptions,
  { ffmpeg, onFrame, signal }: {
    readonly ffmpeg: string;
    readonly onFrame?: (frame: number, total: number) => void;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<SyntheticClip> {
  const encoder = ENCODERS[/\.[a-z0-9]+$/.exec(path)?.[0] ?? ""];
  if (encoder === undefined) {
    throw new TypeError(
      `Cannot write ${JSON.stringify(path)}: its ending is not one of ${
        Object.keys(ENCODERS).join(", ")
      }`,
    );
  }
  const phrase = new SyntheticPhrase(options);
  const { width, height, fps, frameCount } = phrase;
  const image = grayImage(width, height);
  await using process = spawnFfmpeg(ffmpeg, [
    ...["-f", "rawvideo", "-pix_fmt", "yuv420p"],
    ...["-color_range", "pc", "-s", `${width}x${height}`],
    ...["-framerate", String(fps), "-i", "pipe:0"],
    ...encoder,
    ...["-fflags", "+bitexact", "-flags", "+bitexact", "-y", `file:${path}`],
  ], { stdin: "piped", signal });
  const writer = process.stdin.getWriter();
  writer.closed.catch(() => {}); // told by the write
  try {
    for (let frame = 0; frame < frameCount; frame++) {
      phrase.paint(frame, image);
      await writer.write(withColors(phrase, frame, image.pixels));
      onFrame?.(frame + 1, frameCount);
    }
    await writer.close();
  } catch {
    // told by the exit
  }
  const { success } = await process.exit;
  signal?.throwIfAborted();
  if (!success) {
    throw new Error(
      `Cannot write ${JSON.stringify(path)}: ${
        process.reason() ?? "ffmpeg failed"
      }`,
    );
  }
  return { phrase, signal: phrase.signalText() };
}

/** Planes of brightness and colour: grey, but for the lamps. */
function withColors(
  phrase: SyntheticPhrase,
  frame: number,
  luma: Uint8Array,
): Uint8Array {
  const { width, height } = phrase;
  const columns = (width + 1) >> 1;
  const rows = (height + 1) >> 1;
  const plane = columns * rows;
  const out = new Uint8Array(luma.length + 2 * plane).fill(128, luma.length);
  out.set(luma);
  for (const lamp of phrase.lamps(frame)) {
    const colors = lamp.red ? RED : GREEN;
    const left = Math.max(0, Math.round(lamp.x / 2));
    const right = Math.min(columns, Math.round((lamp.x + lamp.width) / 2));
    const top = Math.max(0, Math.round(lamp.y / 2));
    const bottom = Math.min(rows, Math.round((lamp.y + lamp.height) / 2));
    for (const [i, color] of colors.entries()) {
      for (let row = top; row < bottom && left < right; row++) {
        const from = luma.length + i * plane + row * columns;
        out.fill(color, from + left, from + right);
      }
    }
  }
  return out;
}
