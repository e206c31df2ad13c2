/**
 * `demo`: material made on the spot, and the same picture at every peer.
 *
 * @module
 */

import { contactSheet, openSource, type SourceSpec } from "../../media/mod.ts";
import type { ServiceContext } from "../context.ts";
import { framesDirOf } from "../chain_run/mod.ts";

/** Picture of the demo's clip: small enough for five live tiles on a laptop. */
const CLIP = { width: 960, height: 540, fps: 30 } as const;
/** Cell of the contact sheet, pixels. */
const CELL_WIDTH = 480;

/** Where the demo's clip is and how long it is. */
export interface DemoClip {
  /** The file, concatenated JPEGs. */
  readonly path: string;
  /** Frames in it. */
  readonly frames: number;
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
  return { path, frames };
}

/**
 * Puts the newest frame that every peer saved side by side into
 * `dir/contact-sheet.jpg`; gives its path, or `undefined` when no frame is at
 * every peer.
 */
export async function makeContactSheet(
  dir: string,
  peers: readonly string[],
): Promise<string | undefined> {
  const saved = await Promise.all(
    peers.map((name) => savedFrames(framesDirOf(dir, name))),
  );
  const common = [...(saved[0] ?? [])]
    .filter((file) => saved.every((files) => files.has(file)))
    .sort()
    .at(-1);
  if (common === undefined) return undefined;
  const cells = await Promise.all(peers.map(async (name) => ({
    caption: `peer ${name}`,
    jpeg: await Deno.readFile(`${framesDirOf(dir, name)}/${common}`),
  })));
  const number = Number(/\d+/.exec(common)?.[0]);
  const sheet = await contactSheet(cells, {
    columns: 2,
    cellWidth: CELL_WIDTH,
    title: `frame ${number} at every peer`,
  });
  const path = `${dir}/contact-sheet.jpg`;
  await Deno.writeFile(path, sheet);
  return path;
}

async function savedFrames(dir: string): Promise<Set<string>> {
  const files = new Set<string>();
  try {
    for await (const { name } of Deno.readDir(dir)) {
      if (/^frame_\d+\.jpg$/.test(name)) files.add(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files;
}
