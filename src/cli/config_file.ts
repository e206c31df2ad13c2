/**
 * The configuration file: JSON with defaults for flags.
 *
 * ```json
 * { "log-level": "debug", "chain-peer": { "keep": 100 } }
 * ```
 *
 * Keys are the long names of flags without dashes: at the top those every
 * command has, under a command's name that command's.
 *
 * @module
 */

import type { CommandSpec } from "./command.ts";
import { allFlags, COMMON_FLAGS } from "./common_flags.ts";
import { UsageError } from "./errors.ts";
import { didYouMean } from "./suggest.ts";

/** Most characters of a configuration file. */
const MAX_CONFIG = 1024 * 1024;

/** Words for flags from a file, in the form the command line would have them. */
export type ConfigValues = ReadonlyMap<string, readonly (string | boolean)[]>;

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function words(value: unknown, where: string): (string | boolean)[] {
  if (typeof value === "boolean" || typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  if (Array.isArray(value)) return value.flatMap((item) => words(item, where));
  throw new UsageError(
    `Cannot use ${where}: its value must be text, a number, true or false`,
  );
}

function refuseKey(
  path: string,
  where: string,
  key: string,
  known: readonly string[],
): UsageError {
  return new UsageError(
    `Cannot use ${JSON.stringify(key)} in ${JSON.stringify(path)}: ${where}${
      didYouMean(key, known)
    }`,
  );
}

/**
 * The values a file sets for `spec`. Every key of the file is checked, the
 * ones for other commands too.
 *
 * @throws {UsageError} when the file is no such JSON or names something unknown
 */
export function parseConfig(
  text: string,
  path: string,
  spec: CommandSpec,
  specs: readonly CommandSpec[],
): ConfigValues {
  let root: unknown;
  try {
    root = text.length > MAX_CONFIG ? undefined : JSON.parse(text);
  } catch {
    throw new UsageError(
      `Cannot read the configuration ${JSON.stringify(path)}: it is not JSON`,
    );
  }
  if (!isObject(root)) {
    throw new UsageError(
      `Cannot read the configuration ${
        JSON.stringify(path)
      }: it is no JSON object`,
    );
  }
  const values = new Map<string, readonly (string | boolean)[]>();
  const known = [
    ...Object.keys(COMMON_FLAGS),
    ...specs.map(({ name }) => name),
  ];
  const sections: [string, JsonObject][] = [];
  for (const [key, value] of Object.entries(root)) {
    if (Object.hasOwn(COMMON_FLAGS, key)) {
      values.set(key, words(value, `"${key}" in ${JSON.stringify(path)}`));
    } else if (!specs.some(({ name }) => name === key)) {
      throw refuseKey(
        path,
        "no such command, and no flag of every command",
        key,
        known,
      );
    } else if (isObject(value)) sections.push([key, value]);
    else {throw refuseKey(
        path,
        "a command's value must be an object of its flags",
        key,
        [],
      );}
  }
  for (const [section, flags] of sections) {
    const owner = specs.find(({ name }) => name === section)!;
    for (const [key, value] of Object.entries(flags)) {
      if (!Object.hasOwn(allFlags(owner), key)) {
        throw refuseKey(
          path,
          `${section} has no such flag`,
          key,
          Object.keys(allFlags(owner)),
        );
      }
      if (owner.name === spec.name) {
        values.set(
          key,
          words(value, `"${section}"."${key}" in ${JSON.stringify(path)}`),
        );
      }
    }
  }
  return values;
}
