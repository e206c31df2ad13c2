/**
 * Command lines in documents: found, split, and held against what exists.
 *
 * @module
 */

import type { Fence, Piece } from "./markdown.ts";

/** What a command line may name. */
export interface Vocabulary {
  /** The program's commands and the flags of each, with their hyphens. */
  commands: ReadonlyMap<string, ReadonlySet<string>>;
  /** The tasks of `deno.json`. */
  tasks: ReadonlySet<string>;
}

/** The languages of fences that hold command lines. */
const SHELLS = new Set(["sh", "bash", "shell", "console"]);

/** Flags that stand before or in place of a command. */
const TOP_FLAGS = new Set(["--help", "-h", "--version", "-V"]);

/** The command lines of a block of code, continued lines joined; none when it is no shell's. */
export function commandLines({ language, line, text }: Fence): Piece[] {
  if (!SHELLS.has(language)) return [];
  const pieces: Piece[] = [];
  let continued = "";
  for (const [index, content] of text.split("\n").entries()) {
    const whole = continued + content;
    if (whole.endsWith("\\")) {
      continued = whole.slice(0, -1);
      continue;
    }
    continued = "";
    // In a session, only lines behind a prompt are typed.
    if (language === "console" && !/^\s*\$ /.test(whole)) continue;
    const typed = whole.replace(/^\s*\$ /, "").replace(/(^|\s)#\s.*$/, "");
    for (const part of typed.split(/\s*(?:&&|\|\||[|;&])\s*/)) {
      if (part.trim() !== "") {
        pieces.push({ line: line + index, text: part.trim() });
      }
    }
  }
  return pieces;
}

/** What is wrong with a command line; nothing for commands that are not ours. */
export function commandProblems(
  command: string,
  vocabulary: Vocabulary,
): string[] {
  const words = command.split(/\s+/).map((word) =>
    word.replace(/^[["']+|[\]"',.]+$/g, "")
  );
  while (words[0] !== undefined && /^[A-Z_]+=/.test(words[0])) words.shift();
  const [first, second] = words;
  if (first === undefined) return [];
  if (/^(?:\.\/)?(?:dist\/)?streamtool$/.test(first)) {
    return programProblems(words.slice(1), vocabulary);
  }
  const isDeno = first === "deno" ||
    first === "npx" && words.some((word) => /^deno(@|$)/.test(word));
  if (!isDeno) return [];
  const task = words.indexOf("task");
  if (task >= 0) {
    const name = words[task + 1];
    if (name === undefined) return [];
    if (!vocabulary.tasks.has(name)) return [`There is no task "${name}"`];
    // The task of the program's name passes everything on to it.
    return name === "streamtool"
      ? programProblems(words.slice(task + 2), vocabulary)
      : [];
  }
  const entry = words.indexOf("main.ts");
  if (entry < 0 || second === "compile" || words.includes("compile")) return [];
  return programProblems(words.slice(entry + 1), vocabulary);
}

function programProblems(
  words: readonly string[],
  { commands }: Vocabulary,
): string[] {
  const at = words.findIndex((word) => !word.startsWith("-"));
  const name = words[at];
  if (name === undefined) {
    return words.filter((word) => !TOP_FLAGS.has(word))
      .map((word) => `There is no flag "${word}" without a command`);
  }
  // Capitals and ellipses stand for something that the reader puts in.
  if (/^[A-Z…<.]/.test(name)) return [];
  const flags = commands.get(name);
  if (flags === undefined) return [`There is no command "${name}"`];
  const problems: string[] = [];
  for (const word of words) {
    if (word === "--") break;
    const flag = /^--[a-z][a-z0-9-]*/.exec(word)?.[0];
    if (flag === undefined || TOP_FLAGS.has(flag)) continue;
    const negated = flag.startsWith("--no-")
      ? `--${flag.slice("--no-".length)}`
      : `--no-${flag.slice(2)}`;
    if (!flags.has(flag) && !flags.has(negated)) {
      problems.push(`The command "${name}" has no flag "${flag}"`);
    }
  }
  return problems;
}

/** The commands in the output of `streamtool help`. */
export function commandsInHelp(help: string): string[] {
  const section = /^Commands:\n((?: .*\n?|\n)+)/m.exec(help)?.[1] ?? "";
  return [...section.matchAll(/^ {2}([a-z][a-z0-9-]*)/gm)]
    .map(([, name]) => name!);
}

/** The flags in the output of `streamtool help COMMAND`. */
export function flagsInHelp(help: string): Set<string> {
  return new Set(help.match(/--[a-z][a-z0-9-]*/g));
}
