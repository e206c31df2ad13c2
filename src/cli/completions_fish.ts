/**
 * Completion for fish.
 *
 * @module
 */

import type { CommandSpec } from "./command.ts";
import { completedFlags, positionalCompletion } from "./completion_data.ts";
import type { CompletedFlag, Completion } from "./completion_data.ts";
import { PROGRAM } from "./help.ts";

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function argument(completion: Completion | undefined): string {
  switch (completion?.kind) {
    case "words":
      return ` -x -a ${quote(completion.words.join(" "))}`;
    case "files":
      return " -r -F";
    case "nothing":
      return " -x";
    default:
      return "";
  }
}

function flagLine(
  spec: CommandSpec,
  { words, help, completion }: CompletedFlag,
): string {
  const names = words.map((word) =>
    word.startsWith("--") ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`
  );
  return `complete -c ${PROGRAM} -n '__fish_seen_subcommand_from ${spec.name}' ${
    names.join(" ")
  }${argument(completion)} -d ${quote(help)}`;
}

function positionalLines(
  spec: CommandSpec,
  specs: readonly CommandSpec[],
): string[] {
  const completion = positionalCompletion(spec, specs);
  if (completion.kind === "nothing") return [];
  const what = completion.kind === "files"
    ? "-F"
    : `-a ${quote(completion.words.join(" "))}`;
  return [
    `complete -c ${PROGRAM} -n '__fish_seen_subcommand_from ${spec.name}' ${what}`,
  ];
}

/** The script that `streamtool completions fish` prints, without its last line break. */
export function fishCompletions(specs: readonly CommandSpec[]): string {
  return [
    `# fish completion for ${PROGRAM}; made by "${PROGRAM} completions fish"`,
    `complete -c ${PROGRAM} -f`,
    ...specs.map(({ name, summary }) =>
      `complete -c ${PROGRAM} -n __fish_use_subcommand -a ${name} -d ${
        quote(summary)
      }`
    ),
    ...specs.flatMap((spec) => [
      ...completedFlags(spec).map((flag) => flagLine(spec, flag)),
      ...positionalLines(spec, specs),
    ]),
  ].join("\n");
}
