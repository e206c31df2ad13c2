/**
 * `streamtool man`
 *
 * @module
 */

import type { CommandContext } from "../command.ts";
import { commands } from "../command_list.ts";
import { printDocument } from "../document.ts";
import { EXIT } from "../errors.ts";
import { installDocument } from "../install_document.ts";
import { manPage } from "../man.ts";
import type { ManOptions } from "./man.ts";

/** Prints or installs the manual page. */
export async function run(
  options: ManOptions,
  context: CommandContext,
): Promise<number> {
  const text = manPage(commands.map(({ spec }) => spec));
  if (options.install) await installDocument("man", text, context);
  else await printDocument(context, text);
  return EXIT.ok;
}
