/**
 * The manual page, from the tables (roff with the man macros, groff_man(7)).
 *
 * @module
 */

import type { CommandSpec } from "./command.ts";
import { allFlags, COMMON_FLAGS } from "./common_flags.ts";
import type { FlagTable } from "./flags.ts";
import {
  exitCodes,
  flagHelp,
  flagText,
  positionalText,
  PROGRAM,
  PROGRAM_SUMMARY,
  usageText,
} from "./help.ts";
import { VERSION } from "./version.ts";

/** Text as roff prints it: backslashes and dashes as they are, no line taken for a request. */
function roff(text: string): string {
  const safe = text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll(
    "…",
    "\\&...",
  );
  return /^[.']/.test(safe) ? `\\&${safe}` : safe;
}

function flagLines(flags: FlagTable): string[] {
  return Object.entries(flags).flatMap(([name, flag]) => [
    ".TP",
    `.B ${roff(flagText(name, flag).trim())}`,
    roff(flagHelp(flag)),
  ]);
}

function commandLines(spec: CommandSpec): string[] {
  const codes = Object.entries(spec.exitCodes ?? {});
  return [
    `.SS ${roff(spec.name)}`,
    `.B ${roff(usageText(spec))}`,
    ".PP",
    `${roff(spec.summary)}.`,
    ...(spec.description === undefined ? [] : [".PP", roff(spec.description)]),
    ...(spec.positionals ?? []).flatMap((positional) => [
      ".TP",
      `.I ${roff(positionalText(positional))}`,
      roff(positional.help),
    ]),
    ...flagLines(spec.flags),
    ...spec.examples.flatMap(({ comment, command }) => [
      ".PP",
      `${roff(comment)}:`,
      ".PP",
      ".RS 4",
      ".nf",
      roff(command),
      ".fi",
      ".RE",
    ]),
    ...codes.flatMap((
      [code, meaning],
    ) => [".PP", `Exit status ${code}: ${roff(meaning)}.`]),
  ];
}

function environmentLines(specs: readonly CommandSpec[]): string[] {
  const users = new Map<string, Set<string>>();
  for (
    const flags of [
      COMMON_FLAGS as FlagTable,
      ...specs.map((spec) => allFlags(spec)),
    ]
  ) {
    for (const [name, flag] of Object.entries(flags)) {
      for (const variable of [flag.env, flag.alsoEnv]) {
        if (variable === undefined) continue;
        const names = users.get(variable) ?? new Set();
        users.set(variable, names.add(`--${name}`));
      }
    }
  }
  return [...users].flatMap(([variable, names]) => [
    ".TP",
    `.B ${roff(variable)}`,
    roff(`Sets ${[...names].join(" and ")}.`),
  ]);
}

/** The whole manual page, without its last line break. */
export function manPage(specs: readonly CommandSpec[]): string {
  return [
    `.TH ${PROGRAM.toUpperCase()} 1 "" "${PROGRAM} ${VERSION}" "User Commands"`,
    // No hyphens in flags and names of variables.
    ".nh",
    ".ad l",
    ".SH NAME",
    `${PROGRAM} \\- ${roff(PROGRAM_SUMMARY)}`,
    ".SH SYNOPSIS",
    `.B ${PROGRAM}`,
    ".I COMMAND",
    "[\\fIFLAGS\\fR] [\\fIARGUMENTS\\fR]",
    ".SH COMMANDS",
    ...specs.flatMap(commandLines),
    ".SH FLAGS OF EVERY COMMAND",
    ...flagLines(COMMON_FLAGS),
    ".TP",
    ".B \\-h, \\-\\-help",
    "Show help",
    ".TP",
    ".B \\-V, \\-\\-version",
    "Show the version",
    ".SH FILES",
    "The file given with",
    ".B \\-\\-config",
    "is a JSON object. Its keys are long names of flags without dashes; a command's",
    "own flags stand in an object under the command's name. A flag beats the",
    "environment, which beats this file.",
    ".SH ENVIRONMENT",
    ...environmentLines(specs),
    ".TP",
    ".B NO_COLOR, FORCE_COLOR, TERM, CI",
    "Colours and progress bars, as usual.",
    ".SH EXIT STATUS",
    ...exitCodes({ exitCodes: {} }).flatMap((
      [code, meaning],
    ) => [".TP", `.B ${code}`, roff(meaning)]),
  ].join("\n");
}
