/**
 * The words behind a command to raw values: which flags were given, which arguments.
 * Commander does the reading, from our table.
 *
 * @module
 */

import { Command, CommanderError, Option } from "commander";
import { allFlags } from "./common_flags.ts";
import type { CommandSpec } from "./command.ts";
import { UsageError } from "./errors.ts";
import { valueNameOf } from "./flags.ts";
import { didYouMean } from "./suggest.ts";

/** What was given to a command, before any value is looked at. */
export interface RawArguments {
  /** Words given for each flag, in order; `true` or `false` for switches. */
  readonly flags: ReadonlyMap<string, readonly (string | boolean)[]>;
  readonly operands: readonly string[];
  readonly help: boolean;
  readonly version: boolean;
}

function refuseUnknown(spec: CommandSpec, word: string): UsageError {
  const [name = word] = word.split("=", 1);
  const flags = allFlags(spec);
  const known = flags[name.replace(/^--(no-)?/, "")];
  if (known?.kind === "boolean") {
    return new UsageError(
      `Cannot use ${JSON.stringify(word)}: ${
        JSON.stringify(name)
      } takes no value`,
    );
  }
  const names = [
    ...Object.entries(flags),
    ["help", undefined] as const,
    ["version", undefined] as const,
  ]
    .flatMap(([flagName, flag]) =>
      flag?.kind === "boolean" && flag.default === true
        ? [`--${flagName}`, `--no-${flagName}`]
        : [`--${flagName}`]
    );
  return new UsageError(
    `Cannot use ${JSON.stringify(name)}: ${spec.name} has no such flag${
      didYouMean(name, names)
    }`,
  );
}

function missingValue(spec: CommandSpec, word: string): UsageError {
  const flags = Object.entries(allFlags(spec));
  const found = flags.find(([name, flag]) =>
    word === `--${name}` || word === `-${flag.short}`
  );
  const example = found === undefined
    ? ""
    : `, as in --${found[0]} ${valueNameOf(found[1])}`;
  return new UsageError(
    `Cannot use ${JSON.stringify(word)} alone: it needs a value${example}`,
  );
}

/**
 * Reads the words behind a command's name.
 *
 * @throws {UsageError} for an unknown flag, a flag without its value, or a value for a switch
 */
export function parseArguments(
  spec: CommandSpec,
  args: readonly string[],
): RawArguments {
  const flags = new Map<string, (string | boolean)[]>();
  const given = (name: string, value: string | boolean): void => {
    const values = flags.get(name);
    if (values === undefined) flags.set(name, [value]);
    else values.push(value);
  };
  const command = new Command(spec.name)
    .exitOverride()
    .helpOption(false)
    .configureOutput({
      writeOut: () => {},
      writeErr: () => {},
      outputError: () => {},
    });
  for (const [name, flag] of Object.entries(allFlags(spec))) {
    const short = flag.short === undefined ? "" : `-${flag.short}, `;
    if (flag.kind === "boolean") {
      command.addOption(new Option(`${short}--${name}`));
      command.addOption(new Option(`--no-${name}`));
      command.on(`option:${name}`, () => given(name, true));
      command.on(`option:no-${name}`, () => given(name, false));
    } else {
      command.addOption(new Option(`${short}--${name} <value>`));
      command.on(`option:${name}`, (value: string) => given(name, value));
    }
  }
  let [help, version] = [false, false];
  command.addOption(new Option("-h, --help")).on(
    "option:help",
    () => help = true,
  );
  command.addOption(new Option("-V, --version")).on(
    "option:version",
    () => version = true,
  );
  try {
    const { operands, unknown } = command.parseOptions([...args]);
    const unknownWord = unknown[0];
    if (unknownWord !== undefined && !help) {
      throw refuseUnknown(spec, unknownWord);
    }
    return { flags, operands, help, version };
  } catch (error) {
    if (error instanceof CommanderError) {
      throw missingValue(spec, args.at(-1) ?? "");
    }
    throw error;
  }
}
