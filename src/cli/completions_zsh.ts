/**
 * Completion for zsh.
 *
 * @module
 */

import type { CommandSpec } from "./command.ts";
import { completedFlags, positionalCompletion } from "./completion_data.ts";
import type { CompletedFlag, Completion } from "./completion_data.ts";
import { PROGRAM } from "./help.ts";

/** Text inside the single quotes of an `_arguments` or `_describe` specification. */
function quoted(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("'", `'\\''`).replace(
    /[:[\]]/g,
    "\\$&",
  );
}

function action(completion: Completion): string {
  switch (completion.kind) {
    case "words":
      return `(${completion.words.join(" ")})`;
    case "files":
      return "_files";
    case "nothing":
      return " ";
  }
}

function flagLines({ words, help, completion }: CompletedFlag): string[] {
  const others = `(${words.join(" ")})`;
  const value = completion === undefined ? "" : `:value:${action(completion)}`;
  return words.map((word) => {
    // A long flag takes its value behind "=" as well.
    const form = completion !== undefined && word.startsWith("--")
      ? `${word}=`
      : word;
    return `        '${others}${form}[${quoted(help)}]${value}'`;
  });
}

function commandCase(
  spec: CommandSpec,
  specs: readonly CommandSpec[],
): string[] {
  const lines = completedFlags(spec).flatMap(flagLines);
  const positional = `        '*:argument:${
    action(positionalCompletion(spec, specs))
  }'`;
  return [
    `    ${spec.name})`,
    "      _arguments -s \\",
    [...lines, positional].join(" \\\n"),
    "      ;;",
  ];
}

/** The script that `streamtool completions zsh` prints, without its last line break. */
export function zshCompletions(specs: readonly CommandSpec[]): string {
  return `#compdef ${PROGRAM}
# zsh completion for ${PROGRAM}; made by "${PROGRAM} completions zsh"

_${PROGRAM}() {
  local context state state_descr line
  typeset -A opt_args
  _arguments -C \\
    '(-h --help)'{-h,--help}'[Show help]' \\
    '(-V --version)'{-V,--version}'[Show the version]' \\
    '1:command:->command' \\
    '*::argument:->argument' && return
  if [[ $state == command ]]; then
    local -a commands=(
${
    specs.map(({ name, summary }) => `      '${name}:${quoted(summary)}'`).join(
      "\n",
    )
  }
    )
    _describe command commands
    return
  fi
  case $words[1] in
${specs.flatMap((spec) => commandCase(spec, specs)).join("\n")}
  esac
}

if [[ $funcstack[1] == _${PROGRAM} ]]; then
  _${PROGRAM} "$@"
else
  compdef _${PROGRAM} ${PROGRAM}
fi`;
}
