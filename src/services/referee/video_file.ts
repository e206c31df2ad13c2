/**
 * From stored frames to a video file: the frames' own bytes at their own times.
 *
 * @module
 */

import { join } from "node:path";
import {
  FRAME_OVERHEAD,
  type FrameKind,
  MatroskaLayout,
  planVideoTimes,
  type SpoolEntry,
  type SpoolIndex,
} from "../../referee/mod.ts";
import { convertToJpeg } from "./frame_convert.ts";
import type { FrameReading, FrameStore } from "./frame_store.ts";

/** Bytes written at a time. */
const CHUNK_BYTES = 2 * 1024 * 1024;

/** Most warnings about frames that were left out. */
const MAX_NAMED = 5;

/** How to write a video. */
export interface VideoOptions {
  /** The file to write. */
  readonly path: string;
  /** Nominal frames a second. */
  readonly fps: number;
  /** Finds ffmpeg; called only when frames are no JPEGs. */
  readonly ffmpeg: () => Promise<string>;
  /** A folder that exists, for what must be converted. */
  readonly workFolder: string;
  /** Told how far it is, from 0 to 1. */
  readonly progress: (share: number) => void;
  readonly signal: AbortSignal;
}

/** A video and where everything is in it. */
export interface VideoFile {
  readonly codec: "mjpeg" | "mpng";
  readonly width: number;
  readonly height: number;
  /** The client's frame numbers, in the order of the video. */
  readonly numbers: Float64Array;
  /** Seconds. */
  readonly times: Float64Array;
  /** Where each picture's bytes begin. */
  readonly offsets: Float64Array;
  readonly lengths: Uint32Array;
  readonly clock: "timestamps" | "frame_rate";
  readonly originSeconds: number;
  readonly warnings: readonly string[];
}

/** A picture of the video: from the spool, or a file that was made from it. */
interface Picture {
  readonly entry: SpoolEntry;
  readonly timeUs: number;
  readonly converted:
    | { readonly path: string; readonly length: number }
    | undefined;
}

/**
 * Writes all frames of a store as Matroska. JPEGs and PNGs are copied; raw
 * frames, and PNGs among JPEGs, are encoded as JPEG by ffmpeg.
 *
 * @throws {Error} when there is no frame, or one cannot be read back.
 * @throws the signal's reason when it aborts.
 */
export async function writeVideo(
  store: Pick<FrameStore, "index" | "open">,
  options: VideoOptions,
): Promise<VideoFile> {
  const { index } = store;
  if (index.length === 0) {
    throw new Error("Cannot make a video: no frame was received");
  }
  const plan = planVideoTimes(index, options.fps);
  const warnings = [...plan.warnings];
  const kinds = kindsOf(index);
  const codec = kinds.size === 1 && kinds.has("png") ? "mpng" : "mjpeg";
  const reading = await store.open();
  try {
    const ordered = Array.from(
      plan.order,
      (position, place) => ({
        entry: index.at(position),
        timeUs: plan.timesUs[place]!,
      }),
    );
    const pictures = codec === "mpng" || !kinds.has("png") && !kinds.has("raw")
      ? ordered.map((one): Picture => ({ ...one, converted: undefined }))
      : await withConverted(ordered, reading, options, warnings);
    const [first] = pictures;
    if (first === undefined) {
      throw new Error("Cannot make a video: no frame could be decoded");
    }
    const { width, height } = first.entry;
    const sizes = new Set(
      pictures.map(({ entry }) => `${entry.width} × ${entry.height}`),
    );
    if (sizes.size > 1) {
      warnings.push(
        `Frames have ${sizes.size} sizes: ${
          [...sizes].slice(0, MAX_NAMED).join(", ")
        }`,
      );
    }
    const layout = new MatroskaLayout(
      { codec, width, height, fps: options.fps },
      pictures.map(({ timeUs }) => timeUs),
      pictures.map(lengthOf),
    );
    await writePictures(pictures, layout, reading, options);
    return {
      codec,
      width,
      height,
      numbers: Float64Array.from(pictures, ({ entry }) => entry.number),
      times: Float64Array.from(pictures, ({ timeUs }) => timeUs / 1e6),
      offsets: Float64Array.from(
        pictures,
        (_, place) => layout.frameOffset(place),
      ),
      lengths: Uint32Array.from(pictures, lengthOf),
      clock: plan.clock,
      originSeconds: plan.originSeconds,
      warnings,
    };
  } finally {
    reading.close();
  }
}

function kindsOf(index: SpoolIndex): Set<FrameKind> {
  const kinds = new Set<FrameKind>();
  for (const { kind } of index) kinds.add(kind);
  return kinds;
}

function lengthOf({ entry, converted }: Picture): number {
  return converted?.length ?? entry.length;
}

/** JPEGs as they are, the others as ffmpeg makes them; what it cannot read is left out. */
async function withConverted(
  ordered: readonly { entry: SpoolEntry; timeUs: number }[],
  reading: FrameReading,
  options: VideoOptions,
  warnings: string[],
): Promise<Picture[]> {
  const others = ordered.map(({ entry }) => entry)
    .filter(({ kind }) => kind !== "jpeg");
  const folder = join(options.workFolder, "converted");
  const made = await convertToJpeg(others, reading, {
    ffmpeg: await options.ffmpeg(),
    folder,
    signal: options.signal,
  });
  const lost = others.filter((entry) => !made.has(entry));
  if (lost.length > 0) {
    const named = lost.slice(0, MAX_NAMED).map(({ number }) => number);
    warnings.push(
      `${lost.length} frames could not be decoded and are not in the video, the first of them ${
        named.join(", ")
      }`,
    );
  }
  return ordered.flatMap(({ entry, timeUs }): Picture[] => {
    const converted = made.get(entry);
    return entry.kind === "jpeg" || converted !== undefined
      ? [{ entry, timeUs, converted }]
      : [];
  });
}

async function writePictures(
  pictures: readonly Picture[],
  layout: MatroskaLayout,
  reading: FrameReading,
  { path, signal, progress }: VideoOptions,
): Promise<void> {
  const file = await Deno.open(path, { write: true, createNew: true });
  try {
    let chunk = new Uint8Array(Math.max(CHUNK_BYTES, layout.head.length));
    chunk.set(layout.head);
    let filled = layout.head.length;
    for (const [place, picture] of pictures.entries()) {
      const length = lengthOf(picture);
      const size = FRAME_OVERHEAD + length;
      if (filled + size > chunk.length) {
        await writeWhole(file, chunk.subarray(0, filled));
        filled = 0;
        progress(place / pictures.length);
        signal.throwIfAborted();
      }
      if (size > chunk.length) chunk = new Uint8Array(size);
      layout.writeFrameHeader(place, chunk, filled);
      const target = chunk.subarray(filled + FRAME_OVERHEAD, filled + size);
      if (picture.converted === undefined) {
        await reading.read(picture.entry, target);
      } else target.set(await Deno.readFile(picture.converted.path));
      filled += size;
    }
    await writeWhole(file, chunk.subarray(0, filled));
    progress(1);
  } finally {
    file.close();
  }
}

async function writeWhole(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await file.write(bytes.subarray(at));
  }
}
