/**
 * The material of `demo`, made on the spot.
 *
 * @module
 */

import { openSource, type SourceSpec } from "../../media/mod.ts";
import type { ServiceContext } from "../context.ts";

/** Picture of the demo's clip: small enough for five live tiles on a laptop. */
const CLIP = { width: 960, height: 540, fps: 30 } as const;

/** Where the demo's clip is and how long it is. */
export interface DemoClip {
  /** The file, concatenated JPEGs. */
  readonly path: string;
  /** Frames in it. */
  readonly frames: number;
  /** Frames a second. */
  readonly fps: number;
  /** Its length. */
  readonly seconds: number;
}

/**
 * Writes the moving test picture to `dir/clip.mjpeg`, as fast as it can be
 * made; `onProgress` hears of every frame.
 *
 * @throws {MissingProgramError} when there is no ffmpeg and none can be had.
 */
export async function makeDemoClip(
  options: {
    readonly dir: string;
    readonly seconds: number;
    readonly ffmpeg: string | undefined;
    readonly onProgress: (frames: number, total: number) => void;
  },
  context: ServiceContext,
): Promise<DemoClip> {
  const path = `${options.dir}/clip.mjpeg`;
  const total = Math.max(1, Math.round(options.seconds * CLIP.fps));
  const spec: SourceSpec = { kind: "pattern", ...CLIP };
  let frames = 0;
  using file = await Deno.open(path, {
    write: true,
    create: true,
    truncate: true,
  });
  await using source = await openSource(spec, {
    ffmpeg: options.ffmpeg,
    duration: options.seconds,
    log: context.log,
    signal: context.signal,
  });
  const writer = file.writable.getWriter();
  for await (const { bytes } of source.frames()) {
    await writer.write(bytes);
    options.onProgress(++frames, total);
  }
  await writer.close();
  return { path, frames, fps: CLIP.fps, seconds: frames / CLIP.fps };
}
