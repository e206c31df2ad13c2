/**
 * From the chain commands' flags to what their services take.
 *
 * @module
 */

import { type MacKey, readChainKey } from "../chain/mod.ts";
import { MediaError, parseSource, type SourceSpec } from "../media/mod.ts";
import type { StrandcastOptions } from "../services/chain_peer/mod.ts";
import { UsageError } from "./errors.ts";

/** The source of a chain: the argument, `--camera` or `--pattern`; a pattern when there is none. */
export function chainSource(options: {
  readonly source: string | undefined;
  readonly camera: number | undefined;
  readonly pattern: boolean;
}): string {
  const named = [
    options.source,
    options.camera === undefined ? undefined : `camera:${options.camera}`,
    options.pattern ? "pattern" : undefined,
  ].filter((one) => one !== undefined);
  if (named.length > 1) {
    throw new UsageError(
      `Cannot play ${named.join(" and ")} at once: name one source`,
    );
  }
  return named[0] ?? "pattern";
}

/** Reads a SOURCE; a wrong one is a usage error. */
export function readSource(text: string): SourceSpec {
  try {
    return parseSource(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message);
    throw error;
  }
}

/**
 * Looks for the file that a source names: a missing one is told at once, and
 * not when the video shall start.
 *
 * @throws {MediaError} `not_found`
 */
export async function requireFile(spec: SourceSpec): Promise<void> {
  if (spec.kind !== "file") return;
  try {
    await Deno.stat(spec.path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) return;
    throw new MediaError(
      "not_found",
      `Cannot read ${JSON.stringify(spec.path)}: there is no such file`,
      { cause },
    );
  }
}

/**
 * The chain's key out of `--key-file`; `undefined` without it.
 *
 * @throws {UsageError} when it is none. The secret is in no message.
 */
export async function readKeyFile(
  path: string | undefined,
  wire: string,
): Promise<MacKey | undefined> {
  if (path === undefined) return undefined;
  if (wire === "strandcast") {
    throw new UsageError(
      "Cannot use a key on the strandcast wire: it has no place for one. Leave out --wire or --key-file",
    );
  }
  try {
    return readChainKey(await Deno.readFile(path));
  } catch (error) {
    const why = error instanceof RangeError
      ? error.message
      : "it cannot be read";
    throw new UsageError(
      `Cannot read the key file ${JSON.stringify(path)}: ${why}`,
    );
  }
}

/** The StrandCast part of the wire flags. */
export function strandcastOptions(options: {
  readonly dataEncoding: "hex" | "base64";
  readonly payload: "jpeg" | "pickle";
  readonly zlibLevel: number;
  readonly maxDatagram: number;
}): StrandcastOptions {
  const { dataEncoding, payload, zlibLevel, maxDatagram } = options;
  return { dataEncoding, payload, zlibLevel, maxDatagram };
}

/**
 * `HOST:PORT`, with IPv6 in brackets.
 *
 * @throws {UsageError} when it is none.
 */
export function readHostPort(
  text: string,
  flag: string,
): { hostname: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const hostname = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (hostname === undefined || !(port >= 1 && port <= 65_535)) {
    throw new UsageError(
      `Cannot use "${text}" for ${flag}: it is written HOST:PORT, as in 127.0.0.1:9000`,
    );
  }
  return { hostname, port };
}
