/**
 * From argv to an exit code.
 *
 * @module
 */

import { useColor } from "./color.ts";
import type { Command } from "./command.ts";
import { commands as allCommands } from "./command_list.ts";
import { denoHost } from "./deno_host.ts";
import { EXIT } from "./errors.ts";
import { EventWriter } from "./events.ts";
import { describeFailure, showFailure } from "./failure.ts";
import { findCommand } from "./find_command.ts";
import { commandHelp, PROGRAM, programHelp } from "./help.ts";
import type { Host } from "./host.ts";
import { Outputs } from "./outputs.ts";
import { resolveOptions } from "./resolve.ts";
import { runCommand } from "./run_command.ts";
import { splitCommandLine } from "./split.ts";
import { VERSION } from "./version.ts";

/** Whether one of the words stands before any `--`. */
function asks(argv: readonly string[], ...words: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).some((word) =>
    words.includes(word)
  );
}

async function dispatch(
  argv: readonly string[],
  commands: readonly Command[],
  host: Host,
  outputs: Outputs,
): Promise<number> {
  const env = host.env.bind(host);
  const specs = commands.map(({ spec }) => spec);
  const style = {
    color: useColor({
      choice: "auto",
      env,
      isTerminal: host.stdout.isTerminal,
    }),
    columns: host.stdout.columns(),
  };
  const show = async (text: string): Promise<number> => {
    outputs.stdout.write(`${text}\n`);
    await outputs.flush();
    return EXIT.ok;
  };
  const { command: name, rest } = splitCommandLine(argv);
  const command = name === undefined ? undefined : findCommand(name, commands);
  // These answer before the parser is loaded, so that they do at once.
  if (asks(rest, "--help", "-h")) {
    return await show(
      command === undefined
        ? programHelp(specs, style)
        : commandHelp(command.spec, style),
    );
  }
  if (asks(rest, "--version", "-V")) return await show(`${PROGRAM} ${VERSION}`);
  if (command === undefined) return await show(programHelp(specs, style));
  const { parseArguments } = await import("./parse.ts");
  const raw = parseArguments(command.spec, rest);
  if (raw.help) return await show(commandHelp(command.spec, style));
  if (raw.version) return await show(`${PROGRAM} ${VERSION}`);
  const readTextFile = host.readTextFile.bind(host);
  const resolved = resolveOptions(command.spec, raw, {
    env,
    readTextFile,
    specs,
  });
  return await runCommand(command, resolved, host, outputs);
}

/**
 * Runs a command line and resolves to its exit code. The caller exits with it
 * at once: after a forced end the command may still be running.
 */
export async function runCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  host: Host,
): Promise<number> {
  const outputs = new Outputs(host);
  try {
    return await dispatch(argv, commands, host, outputs);
  } catch (error) {
    const name = commands.find(({ spec }) => argv.includes(spec.name))?.spec
      .name;
    const failure = describeFailure(error, name);
    const isTerminal = host.stderr.isTerminal;
    const color = useColor({
      choice: "auto",
      env: (variable) => host.env(variable),
      isTerminal,
    });
    showFailure(failure, outputs.screen, color);
    if (asks(argv, "--json")) {
      new EventWriter((line) => outputs.stdout.write(`${line}\n`)).finish(
        failure.code,
        failure.error,
      );
    }
    await outputs.flush();
    return failure.code;
  }
}

/** Runs the program in the process we are in. */
export async function main(argv: readonly string[]): Promise<number> {
  return await runCommandLine(argv, allCommands, denoHost());
}
