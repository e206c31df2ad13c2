/**
 * Why a port could not be had, in words that help.
 *
 * @module
 */

import { formatHostPort } from "./resolve.ts";

/** A socket that could not be bound; the message names the remedy. */
export class ListenError extends Error {
  /** The class, in messages and for who cannot import it. */
  override readonly name = "ListenError";

  /**
   * `flag` is the command-line flag that chooses the port, such as `--port`;
   * `cause` what the runtime threw.
   */
  constructor(hostname: string, port: number, flag: string, cause: unknown) {
    super(
      `Cannot listen on ${formatHostPort(hostname, port)}: ${
        reason(flag, cause)
      }`,
      { cause },
    );
  }
}

function reason(flag: string, cause: unknown): string {
  if (cause instanceof Deno.errors.AddrInUse) {
    return `the port is taken. Stop the program that has it, or pass ${flag} 0 for a free one`;
  }
  if (cause instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such address. Pass --host 127.0.0.1 or one of its own addresses";
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return `the system does not allow it. Ports below 1024 need more rights; pass a higher ${flag}`;
  }
  return cause instanceof Error ? cause.message : String(cause);
}

/** Runs `listen` and turns what it throws into a {@linkcode ListenError}. */
export function listenOrExplain<T>(
  hostname: string,
  port: number,
  flag: string,
  listen: () => T,
): T {
  try {
    return listen();
  } catch (error) {
    throw new ListenError(hostname, port, flag, error);
  }
}
