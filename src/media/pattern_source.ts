/**
 * The moving test picture as a source.
 *
 * @module
 */

import { MediaError } from "./errors.ts";
import type { Ffmpeg } from "./ffmpeg_reading.ts";
import { passthroughTiming } from "./ffmpeg_reading.ts";
import { spawnFfmpeg } from "./ffmpeg_process.ts";
import { BaseSource } from "./frame_source.ts";
import { readJpegs } from "./jpeg_stream.ts";
import { PatternPainter } from "./pattern_painter.ts";
import { ffmpegQuality } from "./quality.ts";

/** What the pattern looks like. */
export interface PatternOptions {
  /** The program that encodes. */
  readonly ffmpeg: Ffmpeg;
  /** Width in pixels, even. */
  readonly width: number;
  /** Height in pixels, even. */
  readonly height: number;
  /** Frames a second. */
  readonly fps: number;
  /** Quality from 1 to 100. */
  readonly quality: number;
  /** Seconds to play; for ever by default. */
  readonly duration?: number | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Pictures that are painted when they are asked for: the clock in a picture is
 * the time at which it was taken from the source, to a few ms. Endless.
 */
export class PatternSource extends BaseSource {
  readonly #options: PatternOptions;

  /** A pattern that starts with frame 0 at each reading. */
  constructor(options: PatternOptions) {
    const { width, height, fps } = options;
    super({
      label: `pattern:${width}x${height}@${fps}`,
      live: false,
      fps,
      width,
      height,
      totalFrames: undefined,
      duration: options.duration,
      readAhead: 0,
      signal: options.signal,
    });
    this.#options = options;
  }

  /** One picture in, one JPEG out. */
  protected override async *produce(
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const { ffmpeg, width, height, fps } = this.#options;
    const painter = new PatternPainter(width, height, fps);
    await using process = spawnFfmpeg(ffmpeg.path, this.#arguments(), {
      signal,
      stdin: "piped",
      stdout: "piped",
    });
    const writer = process.stdin.getWriter();
    writer.closed.catch(() => {}); // told by the write below
    const jpegs = readJpegs(process.stdout, "multipart");
    try {
      for (let number = 0; !signal.aborted; number++) {
        // a failed write means that ffmpeg has ended, which the read tells too
        const written = writer.write(painter.paint(number, new Date()))
          .catch(() => {});
        const { value } = await jpegs.next();
        if (!(value instanceof Uint8Array)) break;
        await written;
        yield value;
      }
    } finally {
      await writer.abort().catch(() => {}); // the pipe may be broken already
      await jpegs.return(undefined);
    }
    if (signal.aborted) return;
    const { code } = await process.exit;
    throw new MediaError(
      "ffmpeg_failed",
      `Cannot make the pattern: ${
        process.reason() ?? `ffmpeg ended with ${code}`
      }`,
    );
  }

  /** Such that ffmpeg holds no picture back: no probing, no frame threads, no buffering. */
  #arguments(): string[] {
    const { ffmpeg, width, height, fps, quality } = this.#options;
    return [
      ...["-probesize", "32", "-analyzeduration", "0"],
      ...["-f", "rawvideo", "-pix_fmt", "yuvj420p"],
      ...["-video_size", `${width}x${height}`, "-framerate", String(fps)],
      ...["-i", "pipe:0", "-threads", "1", "-c:v", "mjpeg"],
      ...["-q:v", String(ffmpegQuality(quality)), "-huffman", "default"],
      ...passthroughTiming(ffmpeg.version),
      ...["-flush_packets", "1", "-f", "mpjpeg", "pipe:1"],
    ];
  }
}
