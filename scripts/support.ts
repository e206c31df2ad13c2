/**
 * What the scripts share: where the repository is, what the program may do,
 * how to run Deno (always the one that runs the script).
 *
 * @module
 */

import { killTree } from "../tests/support/process_table.ts";

/** The repository's root, with a slash at the end. */
export const ROOT: string = decodeURIComponent(
  new URL("../", import.meta.url).pathname,
);

/** What the program may do; no `--allow-all`. FFI is for UDP on Linux, and can be left out. */
export const PROGRAM_PERMISSIONS: readonly string[] = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  "--allow-env",
  "--allow-sys",
  "--allow-ffi",
];

/** What the engine is told: `deno_host.ts` has the reason. */
export const PROGRAM_V8_FLAGS =
  "--v8-flags=--max-semi-space-size=1,--single-threaded-gc";

/** How a command ended, and what it wrote to standard output. */
export interface CommandResult {
  code: number;
  /** The signal that ended it, as `"SIGSEGV"`. */
  signal: string | null;
  /** Standard output without colours. */
  output: string;
}

/** How to run a command. */
export interface RunOptions {
  /** Ends the command, and all it started, when a piece of its output matches. */
  giveUpAt?: RegExp;
  /** Variables it gets beside ours. */
  env?: Readonly<Record<string, string>>;
  /** Shows the output when it has ended: for commands that run side by side. */
  atEnd?: boolean;
}

/**
 * Runs a command in the repository's root, shows its output as it comes, and
 * returns it.
 */
export async function runShown(
  command: string,
  args: readonly string[],
  { giveUpAt, env, atEnd = false }: RunOptions = {},
): Promise<CommandResult> {
  const plain: Record<string, string> = Deno.stdout.isTerminal()
    ? {}
    : { NO_COLOR: "1" };
  const child = new Deno.Command(command, {
    args: [...args],
    cwd: ROOT,
    env: { ...plain, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of child.stdout) {
    const text = decoder.decode(chunk, { stream: true });
    output += text;
    if (!atEnd) await writeAll(chunk);
    if (giveUpAt?.test(text)) await killTree(child.pid);
  }
  const { code, signal } = await child.status;
  if (atEnd) await writeAll(new TextEncoder().encode(output));
  return { code, signal, output: stripColours(output) };
}

/** Runs `deno` as {@linkcode runShown} does; the same version that runs this script. */
export function runDeno(
  args: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  return runShown(Deno.execPath(), args, options);
}

/**
 * Runs `deno` without showing what it prints, and returns its standard output.
 *
 * @throws {Error} with what it said when it fails.
 */
export async function runQuiet(args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  const said = new TextDecoder().decode(stderr).trim();
  throw new Error(`Cannot run deno ${args.join(" ")}: ${said}`);
}

/** Those of `flags` that this version of `deno SUBCOMMAND` has. */
export async function knownFlags(
  subcommand: string,
  flags: readonly string[],
): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [subcommand, "--help"],
    stdin: "null",
  }).output();
  const help = new TextDecoder().decode(stdout);
  return flags.filter((flag) => help.includes(`${flag} `));
}

/** `text` without the escape sequences of a terminal. */
export function stripColours(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}

/** True when `path`, from the repository's root, exists. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(ROOT + path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** All files below `folder` (from the root), sorted, for which `keep` holds. */
export function filesBelow(
  folder: string,
  keep: (path: string) => boolean,
): string[] {
  if (!exists(folder)) return [];
  const found: string[] = [];
  for (const entry of Deno.readDirSync(ROOT + folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...filesBelow(path, keep));
    else if (keep(path)) found.push(path);
  }
  return found.sort();
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await Deno.stdout.write(bytes.subarray(at));
  }
}
