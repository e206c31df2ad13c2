/**
 * From the user's sources to the streams of the catalog.
 *
 * @module
 */

import { basename, extname } from "node:path";
import type { Logger } from "../../log/mod.ts";
import { redact } from "../../log/mod.ts";
import { MediaError, type SourceSpec } from "../../media/mod.ts";
import { openAnySource } from "../source/mod.ts";
import { Catalog, type StreamPlace } from "./catalog.ts";
import { FileMedia } from "./file_media.ts";
import { Folder } from "./folder.ts";
import { FrameCache } from "./frame_cache.ts";
import type { FrameClock } from "./frame_clock.ts";
import { LiveMedia } from "./live_media.ts";
import type { RtspServeOptions } from "./options.ts";
import type { ServedMedia } from "./playback.ts";
import type { StreamKeys } from "./stream_keys.ts";

/** What streams are made with. */
export interface SourceTools {
  readonly options: RtspServeOptions;
  readonly clock: FrameClock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly random32: () => number;
  /** Keys for a stream; `undefined` where SRTP is not offered. */
  readonly makeKeys: () => StreamKeys | undefined;
}

/**
 * Makes the catalog of all sources. Files must be there; nothing is opened yet.
 *
 * @throws {MediaError} for a file that is not there.
 */
export async function openCatalog(tools: SourceTools): Promise<Catalog> {
  const { options, log } = tools;
  const cache = new FrameCache({ log });
  const makeFile = (file: string, place: StreamPlace): ServedMedia =>
    new FileMedia({
      ...tools,
      ...options,
      spec: { kind: "file", path: file },
      file,
      ...place,
      address: options.host,
      cache,
    });
  const catalog = new Catalog(makeFile, tools.makeKeys);
  for (const { text, spec } of options.sources) {
    if (spec.kind !== "file") {
      catalog.add(
        nameOf(spec),
        undefined,
        redact(text),
        (place) => makeLive(tools, spec, redact(text), place),
      );
      continue;
    }
    if (await isFolder(spec.path)) {
      await catalog.addFolder(await Folder.open(spec.path));
      continue;
    }
    const alias = basename(spec.path);
    const name = basename(alias, extname(alias)) || alias;
    catalog.add(name, alias, text, (place) => makeFile(spec.path, place));
  }
  return catalog;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new MediaError(
      "not_found",
      `Cannot serve ${JSON.stringify(path)}: there is no such file or folder`,
    );
  }
}

function makeLive(
  tools: SourceTools,
  spec: SourceSpec,
  label: string,
  place: StreamPlace,
): ServedMedia {
  const { options, log, random32 } = tools;
  return new LiveMedia({
    ...place,
    label,
    address: options.host,
    openSource: (stop, remedy) => {
      return openAnySource(spec, {
        fps: options.fps,
        quality: options.quality,
        ffmpeg: options.ffmpeg,
        log,
        signal: AbortSignal.any([stop, tools.signal]),
        ...remedy,
      });
    },
    loop: options.loop,
    once: spec.kind === "stdin",
    log,
    random32,
  });
}

/** Name of a live source's stream. */
function nameOf(spec: Exclude<SourceSpec, { kind: "file" }>): string {
  switch (spec.kind) {
    case "camera":
      return `camera${spec.index}`;
    case "url": {
      const url = new URL(spec.url);
      const last = url.pathname.split("/").filter((each) => each !== "").at(-1);
      return safeName(last) || safeName(url.hostname) || "stream";
    }
    default:
      return spec.kind;
  }
}

/** A path segment without anything that has a meaning in a URL. */
function safeName(text: string | undefined): string {
  return (text ?? "").replace(/\.[A-Za-z0-9]{1,5}$/, "")
    .replace(/[^\w.-]/g, "-").replace(/^[.-]+/, "").slice(0, 80);
}
