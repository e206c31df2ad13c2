/**
 * Interactive words: what people type while a command runs.
 *
 * @module
 */

import type { CommandContext } from "./command.ts";

/** A word and what it does. */
export interface Word {
  /** For `help`. */
  readonly help: string;
  /** What to do; text is printed. */
  readonly run: () => string | void | Promise<string | void>;
}

/**
 * Obeys words, in any case, until the signal aborts or standard input ends.
 * `help` is always there. Errors are told and do not end anything.
 */
export async function obeyWords(
  context: CommandContext,
  words: Readonly<Record<string, Word>>,
): Promise<void> {
  const byLower = new Map(
    Object.entries(words).map(([name, word]) => [name.toLowerCase(), word]),
  );
  for await (const typed of context.stdinWords()) {
    const word = byLower.get(typed.toLowerCase());
    try {
      if (typed.toLowerCase() === "help") context.print(helpOf(words));
      else if (word === undefined) {
        context.log.warn(
          `Cannot follow "${typed}": the words are ${
            [...Object.keys(words), "help"].join(", ")
          }`,
        );
      } else {
        const text = await word.run();
        if (text !== undefined) context.print(text);
      }
    } catch (error) {
      context.log.error(error instanceof Error ? error.message : String(error));
    }
  }
}

function helpOf(words: Readonly<Record<string, Word>>): string {
  const width = Math.max(...Object.keys(words).map((name) => name.length));
  return Object.entries(words)
    .map(([name, { help }]) => `  ${name.padEnd(width)}  ${help}`)
    .join("\n");
}
