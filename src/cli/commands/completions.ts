/**
 * The table of `completions`.
 *
 * @module
 */

import { defineCommand } from "../command.ts";
import type { OptionsOf } from "../command.ts";

/** `streamtool completions` */
export const completions = defineCommand({
  name: "completions",
  summary:
    "Prints a script that makes a shell complete commands, flags and values",
  lifetime: "job",
  positionals: [
    {
      name: "shell",
      kind: "choice",
      choices: ["bash", "zsh", "fish"],
      required: true,
      help: "bash, zsh or fish",
    },
  ],
  examples: [
    {
      comment: "For you and from now on, where bash looks for it",
      command: "streamtool completions bash --install",
    },
    {
      comment: "In zsh, in a folder of your $fpath",
      command: "streamtool completions zsh > ~/.zfunc/_streamtool",
    },
    {
      comment: "In fish",
      command:
        "streamtool completions fish > ~/.config/fish/completions/streamtool.fish",
    },
  ],
  flags: {
    "install": {
      kind: "boolean",
      help: "Write it to your own folder for it, and say where",
    },
  },
});

/** The options of `completions`. */
export type CompletionsOptions = OptionsOf<typeof completions>;
