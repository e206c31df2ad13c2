/**
 * `convert`: any video as a MJPEG file in one of the course project's three
 * containers.
 *
 * @module
 */

import { encodeMjpegPrefix, MAX_FRAME_BYTES } from "../../jpeg/mod.ts";
import type { MjpegContainer } from "../../jpeg/mod.ts";
import { JpegFitter, MediaError } from "../../media/mod.ts";
import type { ServiceContext } from "../context.ts";
import { openAnySource } from "../source/mod.ts";
import type { ConvertOptions, ConvertResult } from "./options.ts";
import { openMovieOutput } from "./output.ts";

export type {
  ConvertOptions,
  ConvertOutput,
  ConvertProgress,
  ConvertResult,
} from "./options.ts";

/** Largest frame that each container can say the length of; raw says none. */
export const CONTAINER_FRAME_LIMIT: Readonly<Record<MjpegContainer, number>> = {
  ascii: 99_999,
  binary: MAX_FRAME_BYTES,
  raw: MAX_FRAME_BYTES,
};

/**
 * Converts a video from its start to its end, or until the context's signal
 * aborts: then a file that is not whole does not stay.
 *
 * Frames that are JPEG already are copied byte for byte unless another size was
 * asked for; one that is too large is encoded again, just coarse enough.
 *
 * @throws {MediaError} when the source cannot be read, a frame cannot be made
 * to fit, or the file cannot be written.
 * @throws {MissingProgramError} when the source needs ffmpeg and there is none.
 * @throws {DOMException} `AbortError` when the signal aborted.
 */
export async function convertVideo(
  options: ConvertOptions,
  context: ServiceContext,
): Promise<ConvertResult> {
  const { container, quality, onProgress } = options;
  const { signal, log } = context;
  const maxBytes = Math.min(
    options.maxFrameBytes,
    CONTAINER_FRAME_LIMIT[container],
  );
  await using source = await openAnySource(options.source, {
    ffmpeg: options.ffmpeg,
    fps: options.fps,
    size: options.size,
    quality,
    start: options.start,
    duration: options.duration,
    log,
    signal,
  });
  const { label, width, height, fps, totalFrames } = source;
  await using output = await openMovieOutput(options.output);
  const fitter = new JpegFitter(maxBytes, quality);
  let frames = 0;
  let bytes = 0;
  let shrunk = 0;
  let largestFrame = 0;
  let lowestQuality: number | null = null;
  for await (const { bytes: jpeg } of source.frames()) {
    const fitted = await fitter.fit(jpeg);
    if (fitted === undefined) {
      throw new MediaError(
        "unsupported",
        `Cannot put frame ${
          frames + 1
        } of "${label}" into ${maxBytes} bytes: at ${width}x${height} even the coarsest JPEG is larger. Pass a smaller --size or a larger --max-packet`,
      );
    }
    if (fitted.quality !== undefined) {
      shrunk++;
      lowestQuality = Math.min(lowestQuality ?? 100, fitted.quality);
    }
    const prefix = encodeMjpegPrefix(container, fitted.bytes.length);
    if (prefix.length > 0) await output.write(prefix);
    await output.write(fitted.bytes);
    frames++;
    bytes += prefix.length + fitted.bytes.length;
    largestFrame = Math.max(largestFrame, fitted.bytes.length);
    onProgress({ frames, totalFrames, bytes });
  }
  signal.throwIfAborted();
  if (frames === 0) {
    throw new MediaError(
      "no_video",
      `Cannot convert "${label}": there is no picture in what was asked for`,
    );
  }
  await output.finish();
  return {
    frames,
    bytes,
    shrunk,
    lowestQuality,
    largestFrame,
    fps,
    width,
    height,
    seconds: frames / fps,
  };
}
