/**
 * From raw words to typed options: flag, then environment, then
 * configuration file, then default.
 *
 * @module
 */

import type { LogThreshold } from "../log/mod.ts";
import type { CommandSpec } from "./command.ts";
import { allFlags } from "./common_flags.ts";
import { parseConfig } from "./config_file.ts";
import type { ConfigValues } from "./config_file.ts";
import { convertFlag, convertPositional } from "./convert.ts";
import { UsageError } from "./errors.ts";
import { camelCase, valueNameOf } from "./flags.ts";
import type { FlagSpec } from "./flags.ts";
import type { RawArguments } from "./parse.ts";

/** Where a value came from. */
export type ValueSource = "flag" | "environment" | "config" | "default";

/** The options of a command and where each came from (by the flag's long name). */
export interface ResolvedOptions {
  readonly options: Record<string, unknown>;
  readonly sources: ReadonlyMap<string, ValueSource>;
}

/** What resolving needs of the outside. */
export interface ResolveWorld {
  readonly env: (name: string) => string | undefined;
  readonly readTextFile: (path: string) => string;
  readonly specs: readonly CommandSpec[];
}

/** Values a failed conversion would leave, as words of where they were written. */
interface Given {
  readonly raw: readonly (string | boolean)[];
  readonly where: string;
  readonly source: ValueSource;
}

function fromEnvironment(
  flag: FlagSpec,
  env: ResolveWorld["env"],
): Given | undefined {
  for (const where of [flag.env, flag.alsoEnv]) {
    const text = where === undefined ? undefined : env(where);
    if (where === undefined || text === undefined || text === "") continue;
    const raw = flag.repeatable === true
      ? text.split(",").filter((part) => part !== "")
      : [text];
    return { raw, where, source: "environment" };
  }
  return undefined;
}

function findGiven(
  name: string,
  flag: FlagSpec,
  raw: RawArguments,
  world: ResolveWorld,
  config: ConfigValues,
): Given | undefined {
  const words = raw.flags.get(name);
  if (words !== undefined) {
    return { raw: words, where: `--${name}`, source: "flag" };
  }
  const environment = fromEnvironment(flag, world.env);
  if (environment !== undefined) return environment;
  const configured = config.get(name);
  if (configured !== undefined) {
    return {
      raw: configured,
      where: `"${name}" in the configuration`,
      source: "config",
    };
  }
  return undefined;
}

function convert(
  flag: FlagSpec,
  { raw, where, source }: Given,
  flagWords: ReadonlySet<string>,
): unknown {
  const values = raw.map((word) => {
    if (typeof word === "boolean") {
      if (flag.kind === "boolean") return word;
      throw new UsageError(
        `Cannot use ${word} for ${where}: it needs ${valueNameOf(flag)}`,
      );
    }
    if (source === "flag" && flagWords.has(word)) {
      throw new UsageError(
        `Cannot use ${where} alone: it needs a value, as in ${where} ${
          valueNameOf(flag)
        }`,
      );
    }
    return convertFlag(flag, word, where);
  });
  return flag.repeatable === true ? values : values.at(-1);
}

function defaultOf(name: string, flag: FlagSpec): unknown {
  if (flag.kind === "boolean") return flag.default ?? false;
  if (flag.repeatable === true) return [];
  if (flag.default === undefined) return undefined;
  return convertFlag(flag, String(flag.default), `--${name}`);
}

function resolvePositionals(
  spec: CommandSpec,
  operands: readonly string[],
  options: Record<string, unknown>,
): void {
  const positionals = spec.positionals ?? [];
  let next = 0;
  for (const positional of positionals) {
    const key = camelCase(positional.name);
    const shown = positional.name.toUpperCase().replaceAll("-", "_");
    if (positional.required === true && next >= operands.length) {
      throw new UsageError(
        `Cannot run ${spec.name}: ${shown} is missing (${positional.help})`,
      );
    }
    if (positional.variadic === true) {
      options[key] = operands.slice(next).map((word) =>
        convertPositional(positional, word)
      );
      next = operands.length;
    } else {
      const word = operands[next++];
      options[key] = word === undefined
        ? undefined
        : convertPositional(positional, word);
    }
  }
  const extra = operands[next];
  if (extra !== undefined) {
    const count = positionals.length === 0
      ? "no argument"
      : `only ${positionals.length}`;
    throw new UsageError(
      `Cannot use ${JSON.stringify(extra)}: ${spec.name} takes ${count}`,
    );
  }
}

/**
 * The typed options of a command.
 *
 * @throws {UsageError} for a value that does not fit, a missing argument, an unreadable configuration
 */
export function resolveOptions(
  spec: CommandSpec,
  raw: RawArguments,
  world: ResolveWorld,
): ResolvedOptions {
  const flags = allFlags(spec);
  const flagWords = new Set(
    Object.keys(flags).flatMap((name) => [`--${name}`, `--no-${name}`]),
  );
  const options: Record<string, unknown> = {};
  const sources = new Map<string, ValueSource>();
  const resolve = (
    name: string,
    flag: FlagSpec,
    config: ConfigValues,
  ): void => {
    const given = findGiven(name, flag, raw, world, config);
    const value = given === undefined || given.raw.length === 0
      ? undefined
      : convert(flag, given, flagWords);
    options[camelCase(name)] = value ?? defaultOf(name, flag);
    sources.set(name, value === undefined ? "default" : given!.source);
  };
  resolve("config", flags["config"]!, new Map());
  const configPath = options["config"];
  const config = typeof configPath === "string"
    ? parseConfig(readConfig(configPath, world), configPath, spec, world.specs)
    : new Map();
  for (const [name, flag] of Object.entries(flags)) {
    if (name !== "config") resolve(name, flag, config);
  }
  resolvePositionals(spec, raw.operands, options);
  if (options["quiet"] === true && options["verbose"] === true) {
    throw new UsageError(
      "Cannot use --quiet and --verbose together: choose one",
    );
  }
  return { options, sources };
}

function readConfig(path: string, world: ResolveWorld): string {
  try {
    return world.readTextFile(path);
  } catch (error) {
    const missing = error instanceof Error && error.name === "NotFound";
    throw new UsageError(
      `Cannot read the configuration ${JSON.stringify(path)}: ${
        missing
          ? "no such file"
          : error instanceof Error
          ? error.message
          : String(error)
      }`,
    );
  }
}

/** The log level that `--log-level`, `--quiet` and `--verbose` together ask for. */
export function logThreshold(
  options: Readonly<Record<string, unknown>>,
): LogThreshold {
  const level = options["logLevel"] as LogThreshold | undefined;
  if (level !== undefined) return level;
  if (options["quiet"] === true) return "error";
  return options["verbose"] === true ? "debug" : "info";
}
