/**
 * `streamtool help`
 *
 * @module
 */

import type { CommandContext } from "../command.ts";
import { commands } from "../command_list.ts";
import { printDocument } from "../document.ts";
import { EXIT } from "../errors.ts";
import { findCommand } from "../find_command.ts";
import { commandHelp, programHelp } from "../help.ts";
import type { HelpOptions } from "./help.ts";

/** Prints help. */
export async function run(
  options: HelpOptions,
  context: CommandContext,
): Promise<number> {
  const style = { color: context.colorOutput, columns: context.outputColumns };
  const text = options.command === undefined
    ? programHelp(commands.map(({ spec }) => spec), style)
    : commandHelp(findCommand(options.command, commands).spec, style);
  await printDocument(context, text);
  return EXIT.ok;
}
