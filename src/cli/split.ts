/**
 * Which command a command line names.
 *
 * @module
 */

import { COMMON_FLAGS } from "./common_flags.ts";
import { UsageError } from "./errors.ts";
import type { FlagTable } from "./flags.ts";

/** A command line cut in two. */
export interface SplitCommandLine {
  /** The command's name; `undefined` when there is none. */
  readonly command: string | undefined;
  /** Everything else, in order. */
  readonly rest: readonly string[];
}

const HELP_WORDS = ["--help", "-h"];
const VERSION_WORDS = ["--version", "-V"];

function isSwitch(word: string): boolean {
  if (HELP_WORDS.includes(word) || VERSION_WORDS.includes(word)) return true;
  return Object.entries(COMMON_FLAGS as FlagTable).some(([name, flag]) =>
    flag.kind === "boolean" &&
    [`--${name}`, `--no-${name}`, `-${flag.short ?? name}`].includes(word)
  );
}

/**
 * Finds the command among the words: the first that is neither a flag nor a
 * flag's value. Only common flags may stand before it.
 *
 * @throws {UsageError} for another flag before the command
 */
export function splitCommandLine(argv: readonly string[]): SplitCommandLine {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index]!;
    if (!word.startsWith("-") || word === "-") {
      return { command: word, rest: argv.toSpliced(index, 1) };
    }
    if (isSwitch(word)) continue;
    const [name = "", value] = word.replace(/^--/, "").split("=", 2);
    if (word === "--" || !Object.hasOwn(COMMON_FLAGS, name)) {
      throw new UsageError(
        `Cannot use ${
          JSON.stringify(word)
        } here: flags of a command follow its name`,
      );
    }
    if (value === undefined) index++;
  }
  return { command: undefined, rest: argv };
}
