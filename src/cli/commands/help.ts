/**
 * The table of `help`.
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";

/** `streamtool help` */
export const help = defineCommand({
  name: "help",
  summary: "Explains the program or one of its commands",
  lifetime: "job",
  positionals: [{ name: "command", help: "The command to explain" }],
  examples: [
    { comment: "List the commands", command: "streamtool help" },
    { comment: "Explain one", command: "streamtool help chain-peer" },
  ],
  flags: {},
});

/** The options of `help`. */
export type HelpOptions = OptionsOf<typeof help>;
