/**
 * Help, from the tables.
 *
 * @module
 */

import type { CommandSpec } from "./command.ts";
import { createPaint } from "./color.ts";
import type { Paint } from "./color.ts";
import { commonFlagsOf } from "./common_flags.ts";
import { valueNameOf } from "./flags.ts";
import type { FlagSpec, FlagTable, PositionalSpec } from "./flags.ts";
import { columns, helpWidth, wrap } from "./layout.ts";

/** The name of the program. */
export const PROGRAM = "streamtool";

/** One sentence about the program. */
export const PROGRAM_SUMMARY =
  "Moves live video: a chain of relaying peers, servers, players and tools";

/** What exit codes mean unless a command says otherwise. */
const EXIT_CODES: Readonly<Record<number, string>> = {
  0: "done, or stopped cleanly",
  1: "failed; one line says why",
  2: "the command line made no sense",
  3: "a needed program is missing (ffmpeg)",
  130: "cut off by Ctrl-C; 143 by SIGTERM",
};

/** How help is set. */
export interface HelpStyle {
  readonly color: boolean;
  /** Columns of the terminal, when it is one. */
  readonly columns?: number | undefined;
}

/** `SOURCE`, `[SOURCE]` or `[SOURCE…]`. */
export function positionalText(positional: PositionalSpec): string {
  const name = positional.name.toUpperCase().replaceAll("-", "_");
  const many = positional.variadic === true ? `${name}...` : name;
  return positional.required === true ? many : `[${many}]`;
}

/** `-p, --port PORT`; a switch that is on by default shows its `--no-` form. */
export function flagText(name: string, flag: FlagSpec): string {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  if (flag.kind === "boolean") {
    return `${short}--${flag.default === true ? "no-" : ""}${name}`;
  }
  return `${short}--${name} ${valueNameOf(flag)}`;
}

/** The help of a flag with its default and its variable. */
export function flagHelp(flag: FlagSpec): string {
  const parts = [flag.help];
  if (flag.repeatable === true) parts.push("(repeatable)");
  if (flag.kind !== "boolean" && flag.default !== undefined) {
    parts.push(`[${flag.default}]`);
  }
  const variables = [flag.env, flag.alsoEnv].filter((name) =>
    name !== undefined
  );
  if (variables.length > 0) parts.push(`[env: ${variables.join(", ")}]`);
  return parts.join(" ");
}

/** Exit codes of a command, by number. */
export function exitCodes(
  spec: Pick<CommandSpec, "exitCodes">,
): (readonly [string, string])[] {
  const codes = { ...EXIT_CODES, ...spec.exitCodes };
  return Object.entries(codes).map(([code, meaning]) =>
    [code, meaning] as const
  );
}

/** The line after `Usage:`. */
export function usageText(spec: CommandSpec): string {
  const words = (spec.positionals ?? []).map(positionalText);
  return [PROGRAM, spec.name, "[FLAGS]", ...words].join(" ");
}

function flagRows(
  flags: FlagTable,
  wanted: "common" | "advanced",
): (readonly [string, string])[] {
  return Object.entries(flags)
    .filter(([, flag]) => (flag.group ?? "common") === wanted)
    .map(([name, flag]) => [flagText(name, flag), flagHelp(flag)] as const);
}

function section(
  title: string,
  rows: readonly (readonly [string, string])[],
  width: number,
  paint: Paint,
): string[] {
  if (rows.length === 0) return [];
  return ["", paint.bold(`${title}:`), ...columns(rows, width)];
}

/** `<command> --help`, without a line break at the end. */
export function commandHelp(spec: CommandSpec, style: HelpStyle): string {
  const paint = createPaint(style.color);
  const width = helpWidth(style.columns);
  const everywhere = [
    ...flagRows(commonFlagsOf(spec), "common"),
    ["-h, --help", "Show this help"] as const,
    ["-V, --version", "Show the version"] as const,
  ];
  const positionals = spec.positionals ?? [];
  return [
    ...wrap(spec.summary, width),
    "",
    `${paint.bold("Usage:")} ${usageText(spec)}`,
    "",
    paint.bold("Examples:"),
    ...spec.examples.flatMap(({ comment, command }) => [
      ...wrap(comment, width - 2).map((line) => `  ${line}`),
      `    ${paint.cyan(command)}`,
    ]),
    ...(spec.description === undefined
      ? []
      : ["", ...wrap(spec.description, width)]),
    ...section(
      "Arguments",
      positionals.map((p) => [positionalText(p), p.help] as const),
      width,
      paint,
    ),
    ...section("Common flags", flagRows(spec.flags, "common"), width, paint),
    ...section(
      "Advanced flags",
      flagRows(spec.flags, "advanced"),
      width,
      paint,
    ),
    ...section("Flags of every command", everywhere, width, paint),
    ...section("Exit codes", exitCodes(spec), width, paint),
  ].join("\n");
}

/** `streamtool --help`, without a line break at the end. */
export function programHelp(
  specs: readonly CommandSpec[],
  style: HelpStyle,
): string {
  const paint = createPaint(style.color);
  const width = helpWidth(style.columns);
  const example = specs.find(({ name }) => name === "demo") ?? specs[0];
  return [
    ...wrap(PROGRAM_SUMMARY, width),
    "",
    `${paint.bold("Usage:")} ${PROGRAM} COMMAND [FLAGS] [ARGUMENTS]`,
    "",
    paint.bold("Examples:"),
    ...(example?.examples ?? []).slice(0, 1).flatMap(({ comment, command }) => [
      `  ${comment}`,
      `    ${paint.cyan(command)}`,
    ]),
    "  Read about a command, its flags and examples",
    `    ${paint.cyan(`${PROGRAM} help ${example?.name ?? "COMMAND"}`)}`,
    ...section(
      "Commands",
      specs.map((spec) => [spec.name, spec.summary] as const),
      width,
      paint,
    ),
    ...section(
      "Flags",
      [["-h, --help", "Show this help, or a command's"], [
        "-V, --version",
        "Show the version",
      ]],
      width,
      paint,
    ),
  ].join("\n");
}
