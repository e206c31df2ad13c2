/**
 * Finding a command by its name.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { UsageError } from "./errors.ts";
import { didYouMean } from "./suggest.ts";

/** The command of that name. @throws {UsageError} when there is none */
export function findCommand(
  name: string,
  commands: readonly Command[],
): Command {
  const command = commands.find(({ spec }) => spec.name === name);
  if (command !== undefined) return command;
  throw new UsageError(
    `Cannot run ${JSON.stringify(name)}: no such command${
      didYouMean(name, commands.map(({ spec }) => spec.name))
    }`,
  );
}
