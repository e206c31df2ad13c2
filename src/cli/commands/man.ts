/**
 * The table of `man`.
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";

/** `streamtool man` */
export const man = defineCommand({
  name: "man",
  summary: "Prints the manual page, in roff",
  lifetime: "job",
  examples: [
    { comment: "Read it", command: "streamtool man | man -l -" },
    {
      comment: "Install it",
      command: "streamtool man --install",
    },
  ],
  flags: {
    "install": {
      kind: "boolean",
      help: "Write it to your own folder for it, and say where",
    },
  },
});

/** The options of `man`. */
export type ManOptions = OptionsOf<typeof man>;
