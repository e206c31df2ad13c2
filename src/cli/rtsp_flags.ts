/**
 * The flags of every command that is a client of an RTSP server.
 *
 * @module
 */

import type { CommandContext } from "./command.ts";
import { UsageError } from "./errors.ts";
import type { FlagTable } from "./flags.ts";

/** Longest password file: a password and a line break. */
const MAX_PASSWORD_BYTES = 4096;

/** Who we are, and whom we trust. */
export const RTSP_CLIENT_FLAGS = {
  "user": {
    kind: "string",
    valueName: "NAME",
    env: "STREAMTOOL_RTSP_USER",
    help: "Name to log in with, in place of the one in the URL",
  },
  "password-file": {
    kind: "path",
    env: "STREAMTOOL_RTSP_PASSWORD_FILE",
    valueName: "FILE",
    help: "File with the password, in place of the one in the URL",
  },
  "ca": {
    kind: "path",
    valueName: "FILE",
    group: "advanced",
    help: "Certificates to trust besides the system's, PEM",
  },
} as const satisfies FlagTable;

/** What {@linkcode readCredentials} gives. */
export interface RtspCredentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly caCerts: readonly string[];
}

/**
 * Reads the files that the flags name.
 *
 * @throws {UsageError} when one cannot be read.
 */
export async function readCredentials(options: {
  readonly user: string | undefined;
  readonly passwordFile: string | undefined;
  readonly ca: string | undefined;
}): Promise<RtspCredentials> {
  const password = options.passwordFile === undefined
    ? undefined
    : await readFile(options.passwordFile, "--password-file");
  if ((password?.length ?? 0) > MAX_PASSWORD_BYTES) {
    throw new UsageError(
      `Cannot use "${options.passwordFile}" for --password-file: it is longer than any password`,
    );
  }
  return {
    username: options.user,
    password: password?.replace(/\r?\n$/, ""),
    caCerts: options.ca === undefined
      ? []
      : [await readFile(options.ca, "--ca")],
  };
}

async function readFile(path: string, flag: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new UsageError(
      `Cannot use "${path}" for ${flag}: ${
        error instanceof Deno.errors.NotFound
          ? "there is no such file"
          : (error as Error).message
      }`,
    );
  }
}

/**
 * Refuses what is no `rtsp:` or `rtsps:` URL.
 *
 * @throws {UsageError} with the form that it has.
 */
export function requireRtspUrl(url: string, context: CommandContext): string {
  if (/^rtsps?:\/\/[^/\s]/i.test(url)) {
    if (/^rtsps?:\/\/[^/@\s]*:[^/@\s]*@/i.test(url)) {
      context.log.debug(
        "The URL bears a password, which other users of this machine can see; --password-file hides it",
      );
    }
    return url;
  }
  throw new UsageError(
    `Cannot play "${url}": it is no rtsp:// or rtsps:// URL, such as rtsp://127.0.0.1:8554/movie`,
  );
}
