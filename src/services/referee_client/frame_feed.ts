/**
 * The frames of a source, as they are sent: numbered, timed, encoded.
 *
 * @module
 */

import {
  type FrameSource,
  MediaError,
  spawnFfmpeg,
  type VideoFrame,
} from "../../media/mod.ts";
import { encodeMultipartPart, encodeMultipartStart } from "../../jpeg/mod.ts";
import { encodeRawFrame } from "../../referee/mod.ts";
import type { SendEncoding } from "./options.ts";
import { PngSplitter } from "./png_splitter.ts";

/** Boundary of the JPEGs that ffmpeg is fed. */
const BOUNDARY = "frame";

/** A frame, ready to be sent. */
export interface OutgoingFrame {
  readonly number: number;
  /** Seconds. */
  readonly timestamp: number;
  readonly bytes: Uint8Array;
}

/** The frames of `source`; JPEGs pass as they are, other encodings take ffmpeg. */
export async function* outgoingFrames(
  source: FrameSource,
  encoding: SendEncoding,
  ffmpeg: () => Promise<string>,
  signal: AbortSignal,
): AsyncGenerator<OutgoingFrame> {
  let number = 0;
  const frames = encoding === "jpeg"
    ? source.frames()
    : recoded(source, encoding, await ffmpeg(), signal);
  for await (const { bytes, time } of frames) {
    yield { number: number++, timestamp: time / 1e6, bytes };
  }
}

/** The same pictures as PNG or as raw pixels, in their order. */
async function* recoded(
  source: FrameSource,
  encoding: "png" | "raw",
  ffmpeg: string,
  signal: AbortSignal,
): AsyncGenerator<VideoFrame> {
  const { width, height } = source;
  await using process = spawnFfmpeg(ffmpeg, [
    ...["-f", "mpjpeg", "-i", "pipe:0"],
    ...(encoding === "png"
      ? ["-c:v", "png", "-f", "image2pipe", "pipe:1"]
      : ["-vf", `scale=${width}:${height}`, "-pix_fmt", "bgr24"].concat([
        "-f",
        "rawvideo",
        "pipe:1",
      ])),
  ], { signal, stdin: "piped", stdout: "piped" });
  const times: number[] = [];
  const fed = feed(source, process.stdin, times);
  fed.catch(() => {}); // it is awaited below
  const pictures = encoding === "png"
    ? splitPngs(process.stdout)
    : splitRaw(process.stdout, width, height);
  for await (const bytes of pictures) {
    const time = times.shift();
    if (time === undefined) break;
    yield { bytes, time };
  }
  await fed;
  signal.throwIfAborted();
  if (times.length > 0) {
    throw new MediaError(
      "ffmpeg_failed",
      `Cannot encode ${times.length} pictures: ${
        process.reason() ?? "ffmpeg gives no reason"
      }`,
    );
  }
}

async function feed(
  source: FrameSource,
  stdin: WritableStream<Uint8Array>,
  times: number[],
): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(encodeMultipartStart(BOUNDARY));
    for await (const { bytes, time } of source.frames()) {
      times.push(time);
      await writer.write(encodeMultipartPart(bytes, BOUNDARY));
    }
    await writer.close();
  } catch (error) {
    // ffmpeg has ended: its own reason is told by whoever reads from it.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

async function* splitRaw(
  stream: ReadableStream<Uint8Array>,
  width: number,
  height: number,
): AsyncGenerator<Uint8Array> {
  const size = width * height * 3;
  let picture = new Uint8Array(size);
  let filled = 0;
  for await (const bytes of stream) {
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + size - filled);
      picture.set(piece, filled);
      filled += piece.length;
      at += piece.length;
      if (filled < size) continue;
      yield encodeRawFrame(width, height, picture);
      picture = new Uint8Array(size);
      filled = 0;
    }
  }
}

async function* splitPngs(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const splitter = new PngSplitter();
  for await (const bytes of stream) {
    splitter.push(bytes);
    for (let png = splitter.next(); png; png = splitter.next()) yield png;
  }
}
