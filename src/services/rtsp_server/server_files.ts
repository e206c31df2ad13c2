/**
 * The files that a server is started with.
 *
 * @module
 */

import type { RtspServeOptions } from "./options.ts";

/** Certificate and key, as PEM. */
export interface Pem {
  readonly cert: string;
  readonly key: string;
}

/** What the files say. */
export interface ServerFiles {
  /** Text of the users file. */
  readonly users: string | undefined;
  readonly tls: Pem | undefined;
}

/**
 * Reads the users file, certificate and key.
 *
 * @throws {Error} naming the file that cannot be read.
 */
export async function readServerFiles(
  { users, tls }: Pick<RtspServeOptions, "users" | "tls">,
): Promise<ServerFiles> {
  return {
    users: users === undefined
      ? undefined
      : await readText(users, "users file"),
    tls: tls === undefined ? undefined : {
      cert: await readText(tls.cert, "certificate"),
      key: await readText(tls.key, "key"),
    },
  };
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : (error as Error).message;
    throw new Error(`Cannot read ${what} "${path}": ${why}`);
  }
}
