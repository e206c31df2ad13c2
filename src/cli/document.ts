/**
 * Commands whose whole result is a text.
 *
 * @module
 */

import type { CommandContext } from "./command.ts";

/** Writes a text and a line break to standard output, `--quiet` or not; under `--json` as an `output` event. */
export async function printDocument(
  context: CommandContext,
  text: string,
): Promise<void> {
  if (context.json) context.emit({ event: "output", text });
  else await context.writeOutput(new TextEncoder().encode(`${text}\n`));
}
