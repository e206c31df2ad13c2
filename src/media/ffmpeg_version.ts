/**
 * Which ffmpeg it is: some options changed their names.
 *
 * @module
 */

import { escapeControls } from "../log/mod.ts";
import { MediaError, MissingProgramError } from "./errors.ts";
import { FFMPEG_REMEDY } from "./ffmpeg_process.ts";

/** What `ffmpeg -version` says. */
export interface FfmpegVersion {
  /** As it names itself, such as "5.1.9-0+deb12u1" or "n7.0-7-gd38bf5e08e". */
  readonly text: string;
  /** Major number; `undefined` for builds that name only a date or commit. */
  readonly major: number | undefined;
  /** Minor number, likewise. */
  readonly minor: number | undefined;
}

/** Milliseconds `-version` may take; a cold start from a slow disk takes two seconds. */
const VERSION_TIMEOUT = 15_000;

/** Characters of what it says instead of its version that are told on. */
const MAX_SAID = 200;

const known = new Map<string, Promise<FfmpegVersion>>();

/** Reads the first line of `ffmpeg -version`; `undefined` when it is something else. */
export function parseFfmpegVersion(text: string): FfmpegVersion | undefined {
  const name = /^ffmpeg version (\S{1,100})/.exec(text)?.[1];
  if (name === undefined) return undefined;
  // "n7.0-…" is a tag; "N-118000-g…" and "2024-04-07-git-…" are snapshots
  const numbers = /^n?(\d{1,2})\.(\d{1,3})(?!\d)/.exec(name);
  return {
    text: name,
    major: numbers === null ? undefined : Number(numbers[1]),
    minor: numbers === null ? undefined : Number(numbers[2]),
  };
}

/**
 * Whether the version is at least `major.minor`; a snapshot build counts as
 * the newest.
 */
export function isAtLeast(
  version: FfmpegVersion,
  major: number,
  minor: number,
): boolean {
  if (version.major === undefined || version.minor === undefined) return true;
  return version.major > major ||
    (version.major === major && version.minor >= minor);
}

/**
 * Asks the ffmpeg at `path` for its version, once for each path.
 *
 * @throws {MissingProgramError} when it does not start.
 * @throws {MediaError} when it is no ffmpeg.
 */
export function ffmpegVersion(path: string): Promise<FfmpegVersion> {
  let version = known.get(path);
  if (version === undefined) {
    version = askVersion(path);
    known.set(path, version);
    // an ffmpeg that is installed later must be seen
    version.catch(() => known.delete(path));
  }
  return version;
}

async function askVersion(path: string): Promise<FfmpegVersion> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), VERSION_TIMEOUT);
  let said: string;
  try {
    const { stdout, stderr } = await new Deno.Command(path, {
      args: ["-hide_banner", "-version"],
      stdin: "null",
      stderr: "piped",
      signal: timeout.signal,
    }).output();
    const version = parseFfmpegVersion(new TextDecoder().decode(stdout));
    if (version !== undefined) return version;
    said = escapeControls(
      new TextDecoder().decode(stderr).trim().slice(0, MAX_SAID),
    );
  } catch (cause) {
    throw new MissingProgramError(
      "ffmpeg",
      `Cannot start ffmpeg at ${JSON.stringify(path)}: ${
        (cause as Error).message
      }`,
      FFMPEG_REMEDY,
      { cause },
    );
  } finally {
    clearTimeout(timer);
  }
  throw new MediaError(
    "unsupported",
    `Cannot use ${
      JSON.stringify(path)
    } as ffmpeg: it does not say its version` +
      (said === "" ? "" : `, but "${said}"`),
  );
}
