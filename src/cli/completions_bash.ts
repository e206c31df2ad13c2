/**
 * Completion for bash, 3.2 and later.
 *
 * @module
 */

import type { CommandSpec } from "./command.ts";
import { completedFlags, positionalCompletion } from "./completion_data.ts";
import type { Completion } from "./completion_data.ts";
import { PROGRAM } from "./help.ts";

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What fills COMPREPLY from the word `$cur`. */
function fill(completion: Completion): string {
  switch (completion.kind) {
    case "words":
      return `_${PROGRAM}_words ${quote(completion.words.join(" "))}`;
    case "files":
      return `_${PROGRAM}_files`;
    case "nothing":
      return ":";
  }
}

function commandCase(
  spec: CommandSpec,
  specs: readonly CommandSpec[],
): string[] {
  const flags = completedFlags(spec);
  const names = flags.map(({ words }) => words).flat().join(" ");
  const valued = flags.filter(({ completion }) => completion !== undefined);
  return [
    `    ${spec.name})`,
    `      case "$flag" in`,
    ...valued.map(({ words, completion }) =>
      `        ${words.join("|")}) ${fill(completion!)}; return ;;`
    ),
    `      esac`,
    `      if [[ $cur == -* ]]; then _${PROGRAM}_words ${
      quote(names)
    }; return; fi`,
    `      ${fill(positionalCompletion(spec, specs))} ;;`,
  ];
}

/** The script that `streamtool completions bash` prints, without its last line break. */
export function bashCompletions(specs: readonly CommandSpec[]): string {
  const commands = specs.map(({ name }) => name).join(" ");
  return `# bash completion for ${PROGRAM}; made by "${PROGRAM} completions bash"

_${PROGRAM}_words() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}

_${PROGRAM}_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$cur"))
}

_${PROGRAM}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} flag="" command="" index
  COMPREPLY=()
  # bash splits "--flag=value" into three words
  if [[ $cur == "=" ]]; then
    flag=\${COMP_WORDS[COMP_CWORD-1]} cur=""
  elif (( COMP_CWORD > 1 )) && [[ \${COMP_WORDS[COMP_CWORD-1]} == "=" ]]; then
    flag=\${COMP_WORDS[COMP_CWORD-2]}
  elif (( COMP_CWORD > 0 )); then
    flag=\${COMP_WORDS[COMP_CWORD-1]}
  fi
  for (( index = 1; index < COMP_CWORD; index++ )); do
    case \${COMP_WORDS[index]} in
${
    specs.map(({ name }) => `      ${name}) command=${name}; break ;;`).join(
      "\n",
    )
  }
    esac
  done
  case $command in
${specs.flatMap((spec) => commandCase(spec, specs)).join("\n")}
    *)
      if [[ $cur == -* ]]; then _${PROGRAM}_words '-h --help -V --version'; return; fi
      _${PROGRAM}_words ${quote(commands)} ;;
  esac
}

complete -F _${PROGRAM} ${PROGRAM}`;
}
