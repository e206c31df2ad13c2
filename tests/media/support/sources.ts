/**
 * What the tests of sources share.
 *
 * @module
 */

import { join } from "node:path";
import { createLogger } from "../../../src/log/mod.ts";
import type { Logger } from "../../../src/log/mod.ts";
import type { FrameSource, VideoFrame } from "../../../src/media/mod.ts";
import { descendants } from "../../support/process_table.ts";

/** A folder of its own that goes when the test does. */
export async function inFolder(
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A logger that keeps its lines. */
export function recordingLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const log = createLogger({
    level: "debug",
    format: "text",
    write: (line) => lines.push(line),
    now: () => new Date(0),
    color: false,
  });
  return { log, lines };
}

/** All frames of a source, at most `limit`. */
export async function collect(
  source: FrameSource,
  limit = Infinity,
): Promise<VideoFrame[]> {
  const frames: VideoFrame[] = [];
  for await (const frame of source.frames()) {
    frames.push(frame);
    if (frames.length >= limit) break;
  }
  return frames;
}

/** Writes `jpegs` one after another. */
export async function writeRaw(
  folder: string,
  jpegs: readonly Uint8Array[],
  name = "movie.mjpeg",
): Promise<string> {
  const path = join(folder, name);
  await Deno.writeFile(
    path,
    new Uint8Array(
      await new Blob(
        jpegs.map((jpeg) => jpeg.slice()),
      ).arrayBuffer(),
    ),
  );
  return path;
}

/**
 * Numbers of the ffmpegs that this process has started, that run, and that
 * have `argument` somewhere in their command line: other tests may run their
 * own at the same time.
 */
export async function ffmpegChildren(argument = ""): Promise<number[]> {
  const found: number[] = [];
  for (const pid of await descendants(Deno.pid)) {
    const stat = await read(`/proc/${pid}/stat`);
    if (!/^\d+ \(ffmpeg\) [^ZX]/.test(stat)) continue;
    if ((await read(`/proc/${pid}/cmdline`)).includes(argument)) {
      found.push(pid);
    }
  }
  return found;
}

async function read(path: string): Promise<string> {
  const { stdout } = await new Deno.Command("cat", {
    args: [path],
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}
