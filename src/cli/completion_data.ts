/**
 * What can be completed where, the same for every shell.
 *
 * @module
 */

import type { CommandSpec } from "./command.ts";
import { allFlags } from "./common_flags.ts";
import type { FlagSpec } from "./flags.ts";

/** What may stand in a place. */
export type Completion =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "files" }
  | { readonly kind: "nothing" };

/** A flag as shells complete it. */
export interface CompletedFlag {
  /** Long form first, with dashes; then the short one. */
  readonly words: readonly string[];
  readonly help: string;
  /** What completes its value; `undefined` for switches. */
  readonly completion: Completion | undefined;
}

function valueCompletion(flag: FlagSpec): Completion | undefined {
  switch (flag.kind) {
    case "boolean":
      return undefined;
    case "choice":
      return { kind: "words", words: flag.choices };
    case "path":
      return { kind: "files" };
    case "integer":
    case "number":
    case "port":
      return flag.words === undefined
        ? { kind: "nothing" }
        : { kind: "words", words: flag.words };
    default:
      return { kind: "nothing" };
  }
}

/** Every flag of a command, `--help` and `--version` among them. A switch that is on appears as `--no-…`. */
export function completedFlags(spec: CommandSpec): readonly CompletedFlag[] {
  const flags = Object.entries(allFlags(spec)).map(([name, flag]) => {
    const isOn = flag.kind === "boolean" && flag.default === true;
    const short = flag.short === undefined ? [] : [`-${flag.short}`];
    return {
      words: [`--${isOn ? "no-" : ""}${name}`, ...short],
      help: flag.help,
      completion: valueCompletion(flag),
    };
  });
  return [
    ...flags,
    { words: ["--help", "-h"], help: "Show this help", completion: undefined },
    {
      words: ["--version", "-V"],
      help: "Show the version",
      completion: undefined,
    },
  ];
}

/** What completes an argument that is no flag. */
export function positionalCompletion(
  spec: CommandSpec,
  specs: readonly CommandSpec[],
): Completion {
  if (spec.name === "help") {
    return {
      kind: "words",
      words: specs.map(({ name }) => name),
    };
  }
  const [first] = spec.positionals ?? [];
  if (first?.kind === "choice") {
    return { kind: "words", words: first.choices ?? [] };
  }
  return first?.kind === "path" ? { kind: "files" } : { kind: "nothing" };
}
