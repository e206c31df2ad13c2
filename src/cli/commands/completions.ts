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
      comment: "In bash, for you and from now on",
      command: "streamtool completions bash >> ~/.bash_completion",
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
  flags: {},
});

/** The options of `completions`. */
export type CompletionsOptions = OptionsOf<typeof completions>;
