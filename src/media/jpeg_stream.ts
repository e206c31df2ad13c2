/**
 * JPEG pictures out of a byte stream.
 *
 * @module
 */

import { MjpegReader } from "../jpeg/mod.ts";
import type { MjpegFraming } from "../jpeg/mod.ts";

/**
 * The JPEGs in `stream`, one at a time; reads on only when one is asked for.
 * `onWarning` is told what was dropped between or after them.
 *
 * @throws {MjpegError} when the stream is out of step.
 */
export async function* readJpegs(
  stream: AsyncIterable<Uint8Array>,
  framing: MjpegFraming,
  onWarnings?: (reader: MjpegReader) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = new MjpegReader(framing);
  for await (const bytes of stream) {
    reader.push(bytes);
    for (let jpeg = reader.next(); jpeg; jpeg = reader.next()) yield jpeg;
  }
  reader.end();
  onWarnings?.(reader);
}
