/**
 * The flags every command has, and the ones several commands share, so that
 * the same thing has the same name everywhere.
 *
 * @module
 */

import { LOG_LEVELS } from "../log/mod.ts";
import type { CommandSpec } from "./command.ts";
import type { FlagTable } from "./flags.ts";

/** Flags of every command. */
export const COMMON_FLAGS = {
  "json": {
    kind: "boolean",
    help: "Write events as JSON lines on standard output",
  },
  "quiet": {
    kind: "boolean",
    short: "q",
    help: "Say nothing but errors",
  },
  "verbose": {
    kind: "boolean",
    short: "v",
    help: "Say more: the same as --log-level debug",
  },
  "log-level": {
    kind: "choice",
    choices: LOG_LEVELS,
    synonyms: { warning: "warn", critical: "error" },
    env: "STREAMTOOL_LOG_LEVEL",
    valueName: "LEVEL",
    help: `Least severe lines of the log: ${LOG_LEVELS.join(", ")} [info]`,
  },
  "log-format": {
    kind: "choice",
    choices: ["text", "json"],
    default: "text",
    env: "STREAMTOOL_LOG_FORMAT",
    help: "Log for people or for programs",
  },
  "color": {
    kind: "choice",
    choices: ["auto", "always", "never"],
    default: "auto",
    env: "STREAMTOOL_COLOR",
    help: "Colours; auto heeds NO_COLOR, FORCE_COLOR and TERM",
  },
  "progress": {
    kind: "boolean",
    default: true,
    help: "Show no progress",
  },
  "open": {
    kind: "boolean",
    help: "Open the page in a browser",
  },
  "ffmpeg": {
    kind: "path",
    env: "STREAMTOOL_FFMPEG",
    help: "The ffmpeg program to use",
  },
  "config": {
    kind: "path",
    env: "STREAMTOOL_CONFIG",
    valueName: "FILE",
    help: "JSON file with defaults for flags, by command",
  },
} as const satisfies FlagTable;

/** Interface a server listens on. */
export const HOST_FLAG = {
  kind: "string",
  default: "127.0.0.1",
  env: "STREAMTOOL_HOST",
  valueName: "ADDRESS",
  help: "Address to listen on; 0.0.0.0 lets other machines in",
} as const;

/** Frames a second. */
export const FPS_FLAG = {
  kind: "number",
  min: 0.1,
  max: 240,
  env: "STREAMTOOL_FPS",
  help: "Frames a second [the source's]",
} as const;

/** Quality of JPEGs that we encode. */
export const QUALITY_FLAG = {
  kind: "integer",
  min: 1,
  max: 100,
  default: 80,
  env: "STREAMTOOL_QUALITY",
  help:
    "JPEG quality, 1 to 100, of what must be encoded; JPEG input passes as it is",
} as const;

/** `--exit-with-stdin`: how a process that another of ours started never outlives it. */
export const EXIT_WITH_STDIN = {
  kind: "boolean",
  group: "advanced",
  help: "Stop when standard input ends",
} as const;

/** The flags of every command, with the variables that this one has for them. */
export function commonFlagsOf(
  { commonEnv = {} }: Pick<CommandSpec, "commonEnv">,
): FlagTable {
  return Object.fromEntries(
    Object.entries(COMMON_FLAGS).map(([name, flag]) => {
      const alsoEnv = commonEnv[name];
      return [name, alsoEnv === undefined ? flag : { ...flag, alsoEnv }];
    }),
  );
}

/** All flags of a command: its own and the common ones. */
export function allFlags(spec: CommandSpec): FlagTable {
  return { ...spec.flags, ...commonFlagsOf(spec) };
}
