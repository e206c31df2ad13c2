/**
 * Errors of the command line and the exit codes they mean.
 *
 * @module
 */

import { escapeControls, redact } from "../log/mod.ts";

/** Exit codes every command keeps. */
export const EXIT = {
  /** Done, or stopped cleanly. */
  ok: 0,
  /** Failed; one line says why. */
  failed: 1,
  /** The command line made no sense. */
  usage: 2,
  /** A needed program is missing. */
  missingProgram: 3,
  /** Cut off by SIGINT: 128 + 2. */
  interrupted: 130,
  /** Cut off by SIGTERM: 128 + 15. */
  terminated: 143,
} as const;

/** The user asked for something that does not exist or cannot be: exit 2 and a hint. */
export class UsageError extends Error {
  /** The class, in messages and for who cannot import it. */
  override readonly name = "UsageError";
}

/** The exit code an error ends the process with. Media's error is known by its name, so that media is not loaded for it. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof Error && error.name === "MissingProgramError") {
    return EXIT.missingProgram;
  }
  return EXIT.failed;
}

/** An error as one line that is safe for a terminal and carries no credentials. */
export function errorLine(error: unknown): string {
  const text = error instanceof Error
    ? error.message || error.name
    : String(error);
  return escapeControls(redact(text.split(/\r?\n/, 1)[0] ?? ""));
}
