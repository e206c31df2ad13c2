/**
 * How a failure is told.
 *
 * @module
 */

import type { Logger } from "../log/mod.ts";
import { createPaint } from "./color.ts";
import { errorLine, exitCodeOf, UsageError } from "./errors.ts";
import { PROGRAM } from "./help.ts";
import type { Screen } from "./screen.ts";

/** A failure in words. */
export interface Failure {
  readonly code: number;
  /** One line: what could not be done and why. */
  readonly error: string;
  /** One line: what to do. */
  readonly hint: string | undefined;
  /** For `--log-level debug`. */
  readonly stack: readonly string[];
}

/** Puts an error into words. `command` is the one that was running, if any. */
export function describeFailure(
  error: unknown,
  command: string | undefined,
): Failure {
  const line = errorLine(error);
  const isUsage = error instanceof UsageError;
  const remedy = error instanceof Error && "remedy" in error
    ? error.remedy
    : undefined;
  const usageHint = `Try "${PROGRAM} help${
    command === undefined ? "" : ` ${command}`
  }"`;
  const ownHint = typeof remedy === "string" && !line.includes(remedy)
    ? remedy
    : undefined;
  return {
    code: exitCodeOf(error),
    error: line,
    hint: isUsage ? usageHint : ownHint,
    stack: error instanceof Error && !isUsage
      ? error.stack?.split("\n") ?? []
      : [],
  };
}

/** Tells a failure on the screen, for people. */
export function showFailure(
  failure: Failure,
  screen: Screen,
  color: boolean,
): void {
  screen.line(`${createPaint(color).red("error:")} ${failure.error}`);
  if (failure.hint !== undefined) screen.line(failure.hint);
}

/** Tells a failure in the log, for programs. */
export function logFailure(failure: Failure, log: Logger): void {
  log.error(
    failure.error,
    failure.hint === undefined ? undefined : { hint: failure.hint },
  );
}
