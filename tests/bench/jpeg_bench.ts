/**
 * What the JPEG core costs a frame.
 *
 * Bars (2 cores, warm): check of 178 KB ≤ 0.15 ms; re-coding ≤ 3 ms for
 * 640×480 (25–50 KB) and ≤ 15 ms for 1620×1080 (178 KB); multipart ≤ 0.3 ms a
 * megabyte.
 */

import {
  buildJpeg,
  checkJpeg,
  encodeMjpegFrame,
  encodeMultipartPart,
  encodeMultipartStart,
  fitToRfc2435,
  type MjpegFraming,
  MjpegIndexer,
  MjpegReader,
  parseJpeg,
  recodeToStandardHuffman,
} from "../../src/jpeg/mod.ts";
import { type JpegOptions, makeJpeg, makeJpegs } from "../support/clips.ts";

/** The last of these frames has the 178 KB of the bars. */
const LARGE: JpegOptions = {
  size: "1620x1080",
  source: "mandelbrot",
  q: 2,
  huffman: "optimal",
  frames: 23,
};

const SMALL: JpegOptions = { size: "640x480", q: 3, huffman: "optimal" };

const MEGABYTE = 1_000_000;

/** What a file or a pipe gives at once. */
const CHUNK_BYTES = 65_536;

const large = await lastFrame(LARGE);
const largeStandard = await lastFrame({ ...LARGE, huffman: "default" });
const large422 = await lastFrame({ ...LARGE, pixFmt: "yuvj422p" });
const small = await makeJpeg(SMALL);
const small422 = await makeJpeg({ ...SMALL, pixFmt: "yuvj422p" });

async function lastFrame(options: JpegOptions): Promise<Uint8Array> {
  return (await makeJpegs(options)).at(-1)!;
}

function kilobytes(bytes: Uint8Array): string {
  return `${Math.round(bytes.length / 1000)} KB`;
}

Deno.bench({
  name: `checkJpeg, ${kilobytes(large)}`,
  group: "look",
  fn: () => {
    checkJpeg(large);
  },
});

Deno.bench({
  name: `parseJpeg, ${kilobytes(large)}`,
  group: "look",
  fn: () => {
    parseJpeg(large);
  },
});

for (
  const [what, bytes] of [
    ["640×480", small],
    ["1620×1080", large],
  ] as const
) {
  Deno.bench({
    name: `recodeToStandardHuffman, ${what}, ${kilobytes(bytes)}`,
    group: "re-code",
    fn: () => {
      recodeToStandardHuffman(bytes);
    },
  });
}

for (
  const [what, bytes] of [
    ["standard tables, 1620×1080", largeStandard],
    ["own tables, 1620×1080", large],
    ["ffmpeg's 4:2:2, 640×480", small422],
    ["ffmpeg's 4:2:2, 1620×1080", large422],
  ] as const
) {
  Deno.bench({
    name: `fitToRfc2435, ${what}, ${kilobytes(bytes)}`,
    group: "fit",
    fn: () => {
      fitToRfc2435(bytes);
    },
  });
}

const fitted = fitToRfc2435(large);
if (!fitted.fits) throw new Error(fitted.message);
const parts = { ...fitted.profile, width: 1620, height: 1080 };

Deno.bench({
  name: `buildJpeg, ${kilobytes(fitted.profile.scan)}`,
  group: "fit",
  fn: () => {
    buildJpeg(parts);
  },
});

/** About a megabyte of frames. */
function stream(framing: MjpegFraming): Uint8Array[] {
  const part = framing === "multipart"
    ? encodeMultipartPart(large, "frame")
    : encodeMjpegFrame(framing, large);
  const start = framing === "multipart" ? [encodeMultipartStart("frame")] : [];
  const count = Math.round(MEGABYTE / part.length);
  const whole = new Uint8Array(
    start.reduce((sum, { length }) => sum + length, count * part.length),
  );
  let at = 0;
  for (const piece of [...start, ...new Array(count).fill(part)]) {
    whole.set(piece, at);
    at += piece.length;
  }
  return Array.from(
    { length: Math.ceil(whole.length / CHUNK_BYTES) },
    (_, index) => whole.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
  );
}

for (const framing of ["multipart", "raw", "binary"] as const) {
  const chunks = stream(framing);
  const total = chunks.reduce((sum, { length }) => sum + length, 0);
  Deno.bench({
    name: `MjpegReader, ${framing}, ${(total / MEGABYTE).toFixed(2)} MB`,
    group: "split",
    fn: () => {
      const reader = new MjpegReader(framing);
      for (const chunk of chunks) {
        reader.push(chunk);
        while (reader.next() !== undefined);
      }
    },
  });
}

const rawChunks = stream("raw");

Deno.bench({
  name: "MjpegIndexer, raw, the same",
  group: "split",
  fn: () => {
    const indexer = new MjpegIndexer("raw");
    for (const chunk of rawChunks) indexer.push(chunk);
  },
});
