/**
 * `streamtool completions`
 *
 * @module
 */

import type { CommandContext } from "../command.ts";
import { commands } from "../command_list.ts";
import { bashCompletions } from "../completions_bash.ts";
import { fishCompletions } from "../completions_fish.ts";
import { zshCompletions } from "../completions_zsh.ts";
import { printDocument } from "../document.ts";
import { EXIT } from "../errors.ts";
import { installDocument } from "../install_document.ts";
import type { CompletionsOptions } from "./completions.ts";

const MAKERS = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

/** Prints or installs the script for a shell. */
export async function run(
  options: CompletionsOptions,
  context: CommandContext,
): Promise<number> {
  const text = MAKERS[options.shell](commands.map(({ spec }) => spec));
  if (options.install) await installDocument(options.shell, text, context);
  else await printDocument(context, text);
  return EXIT.ok;
}
