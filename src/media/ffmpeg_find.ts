/**
 * Which ffmpeg is used: the user's word first, then what is at hand.
 *
 * @module
 */

import { delimiter, join, resolve } from "node:path";
import { embeddedFfmpeg } from "./embedded_ffmpeg.ts";
import { MissingProgramError } from "./errors.ts";
import { cachedFfmpegPath, ffmpegFileName } from "./ffmpeg_package.ts";

/** Environment variable that names an ffmpeg. */
export const FFMPEG_VARIABLE = "STREAMTOOL_FFMPEG";

/** An ffmpeg and how it was found. */
export interface FfmpegLocation {
  /** Where it is. */
  readonly path: string;
  /** Who named it: `--ffmpeg`, the environment, our binary, PATH, our cache, or the registry just now. */
  readonly origin:
    | "flag"
    | "environment"
    | "embedded"
    | "path"
    | "cache"
    | "fetched";
}

/** Where ffmpeg is looked for. */
export interface FindOptions {
  /** The path the user gave with `--ffmpeg`. */
  readonly flag?: string | undefined;
  /** Reads an environment variable; the process's own by default. */
  readonly env?: ((name: string) => string | undefined) | undefined;
}

/**
 * Looks for ffmpeg: `flag`, then the environment variable
 * {@linkcode FFMPEG_VARIABLE}, then one inside our binary, then PATH, then our
 * cache. `undefined` when it is nowhere.
 *
 * @throws {MissingProgramError} when `flag` or the variable names something
 * that is no program: what the user asked for is not replaced silently.
 */
export async function findFfmpeg(
  options: FindOptions = {},
): Promise<FfmpegLocation | undefined> {
  const env = options.env ?? ((name: string) => Deno.env.get(name));
  const searchPath = env("PATH") ?? "";
  if (options.flag !== undefined) {
    return {
      path: await named(options.flag, "--ffmpeg", searchPath),
      origin: "flag",
    };
  }
  const variable = env(FFMPEG_VARIABLE);
  if (variable) {
    return {
      path: await named(variable, FFMPEG_VARIABLE, searchPath),
      origin: "environment",
    };
  }
  const embedded = await embeddedFfmpeg();
  if (embedded !== undefined) return { path: embedded, origin: "embedded" };
  const installed = await inFolders(searchPath, ffmpegFileName());
  if (installed !== undefined) return { path: installed, origin: "path" };
  const cached = cachedFfmpegPath({ os: Deno.build.os, env });
  if (cached !== undefined && await isProgram(cached)) {
    return { path: cached, origin: "cache" };
  }
  return undefined;
}

async function named(
  value: string,
  by: string,
  searchPath: string,
): Promise<string> {
  const isBareName = value !== "" && !/[\\/]/.test(value);
  const path = isBareName
    ? await inFolders(searchPath, value) ?? resolve(value)
    : resolve(value);
  if (value !== "" && await isProgram(path)) return path;
  throw new MissingProgramError(
    "ffmpeg",
    `Cannot use the ffmpeg that ${by} names: ${
      JSON.stringify(value)
    } is no program`,
    `Give the path of an ffmpeg, or leave ${by} out to have one found`,
  );
}

async function inFolders(
  searchPath: string,
  name: string,
): Promise<string | undefined> {
  for (const folder of searchPath.split(delimiter)) {
    // an empty entry means the current folder; a program there is nobody's choice
    if (folder === "") continue;
    const path = join(folder, name);
    if (await isProgram(path)) return path;
  }
  return undefined;
}

/** Whether `path` is a file that may be executed. */
async function isProgram(path: string): Promise<boolean> {
  try {
    const info = await Deno.stat(path);
    return info.isFile &&
      (Deno.build.os === "windows" || ((info.mode ?? 0) & 0o111) !== 0);
  } catch {
    return false;
  }
}
