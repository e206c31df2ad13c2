/**
 * `streamtool man`
 *
 * @module
 */

import type { CommandContext } from "../command.ts";
import { commands } from "../command_list.ts";
import { printDocument } from "../document.ts";
import { EXIT } from "../errors.ts";
import { manPage } from "../man.ts";
import type { ManOptions } from "./man.ts";

/** Prints the manual page. */
export async function run(
  _options: ManOptions,
  context: CommandContext,
): Promise<number> {
  await printDocument(context, manPage(commands.map(({ spec }) => spec)));
  return EXIT.ok;
}
