/**
 * What a command is: a table that is cheap to load, and a body that is loaded
 * when the command runs.
 *
 * @module
 */

import type { Logger } from "../log/mod.ts";
import type { COMMON_FLAGS } from "./common_flags.ts";
import type {
  FlagOptions,
  FlagTable,
  PositionalOptions,
  PositionalSpec,
} from "./flags.ts";

/** One worked example of the help. */
export interface Example {
  /** What it does, without a full stop. */
  readonly comment: string;
  readonly command: string;
}

/**
 * What a signal means to a command: a `server` is meant to be stopped by one
 * (exit 0), a `job` is cut off by it (exit 130 or 143).
 */
export type Lifetime = "server" | "job";

/** The table of one command. */
export interface CommandSpec<
  F extends FlagTable = FlagTable,
  P extends readonly PositionalSpec[] = readonly PositionalSpec[],
> {
  readonly name: string;
  /** One sentence without a full stop. */
  readonly summary: string;
  /** A few sentences more for help and manual. */
  readonly description?: string;
  /** At most one, unless a document of the field says otherwise. */
  readonly positionals?: P;
  readonly examples: readonly Example[];
  readonly flags: F;
  /** Environment variables that a document of the field has for flags of every command. */
  readonly commonEnv?: Readonly<Record<string, string>>;
  /** What exit codes mean here, where it differs from the usual. */
  readonly exitCodes?: Readonly<Record<number, string>>;
  readonly lifetime: Lifetime;
}

/** What the body of a command is given: every flag and positional, in camel case. */
export type OptionsOf<S> = S extends CommandSpec<infer F, infer P>
  ? FlagOptions<F> & FlagOptions<typeof COMMON_FLAGS> & PositionalOptions<P>
  : never;

/** The body of a command; the number is the exit code. */
export type RunCommand<Options> = (
  options: Options,
  context: CommandContext,
) => Promise<number>;

/** A table with its body, as the list of commands holds it. */
export interface Command {
  readonly spec: CommandSpec;
  /** Loads the module of the body. */
  readonly load: () => Promise<RunCommand<Record<string, unknown>>>;
}

/** An event of `--json`: one line of JSON. */
export interface CommandEvent {
  readonly event: string;
  readonly [key: string]: unknown;
}

/** An address in the banner. */
export interface BannerLine {
  /** `Local`, `Player`, `Page`; without the colon. */
  readonly label: string;
  /** The whole URL, with the bound port. */
  readonly url: string;
}

/** What a server says when it listens. */
export interface Banner {
  readonly lines: readonly BannerLine[];
  /** One command to try now. */
  readonly tryLine?: string;
  /** Name in the first line; the program's and the command's by default. */
  readonly name?: string;
  /** The program's version by default. */
  readonly version?: string;
  /** When it began, in milliseconds of `performance.now()`; the start of the process by default. */
  readonly startedAt?: number;
}

/** Progress of a long job. */
export interface Progress {
  /** Tells how far the job is; call as often as you like. `note` is a word behind the figures. */
  update(value: number, note?: string): void;
  /** Ends the bar, leaving one line, or none when no `summary` is given. */
  done(summary?: string): void;
}

/** How to start another process of this program. */
export interface SelfCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** All that a command's body has of the outside. */
export interface CommandContext {
  /** Aborts at the first SIGINT or SIGTERM, or when standard output is closed. Stop cleanly then, within 5 s. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Whether `--json` is on. */
  readonly json: boolean;
  /** Path given with `--ffmpeg` or in the configuration file; the environment variable is looked up by `findFfmpeg`. */
  readonly ffmpegFlag: string | undefined;
  /** Whether what is written with `print` should be coloured. */
  readonly colorOutput: boolean;
  /** Columns of the terminal that `print` writes to; `undefined` when it is none. */
  readonly outputColumns: number | undefined;
  /** Changes what a signal means, for commands where it depends on the flags. */
  setLifetime(lifetime: Lifetime): void;
  /**
   * Under `--json` writes the event as a line on standard output, else nothing.
   * The `end` event is kept until the command returns and is then written with
   * its exit code, last; a second one, or any event after it, throws.
   */
  emit(event: CommandEvent): void;
  /** Writes text and a line break to standard output; nothing under `--json` and `--quiet`. */
  print(text: string): void;
  /** Writes bytes to standard output, for `-o -`; resolves when they are written. Rejects once the reader is gone. */
  writeOutput(bytes: Uint8Array): Promise<void>;
  /** Says on standard error where we listen; under `--json` one `listening` event a line. */
  banner(banner: Banner): void;
  /**
   * A progress bar, or a line every 5 s, or events: whatever fits. `total` is in the unit of `update`;
   * `unit` is shown behind the figures, and `bytes` are shown as kB and MB.
   */
  progress(label: string, total?: number, unit?: string): Progress;
  /** Opens a page in the user's browser when `--open` was given. */
  open(url: string): void;
  /** Lines typed on standard input, trimmed, without empty ones; ends at end of input or with the signal. */
  stdinWords(): AsyncIterable<string>;
  /** Command and arguments that start this same program with other arguments. */
  selfCommand(args: readonly string[]): SelfCommand;
}

/**
 * The table of a command; the types of its options follow from it
 * ({@link OptionsOf}).
 */
export function defineCommand<
  const F extends FlagTable,
  const P extends readonly PositionalSpec[] = readonly [],
>(spec: CommandSpec<F, P>): CommandSpec<F, P> {
  return spec;
}

/**
 * Joins a table with its body. The body lives in a module of its own that
 * exports `run`, and `load` names it literally, so that `deno compile` sees it:
 *
 * ```ts ignore
 * bindCommand(chainPeer, () => import("./commands/chain_peer_run.ts"))
 * ```
 */
export function bindCommand<
  F extends FlagTable,
  P extends readonly PositionalSpec[],
>(
  spec: CommandSpec<F, P>,
  load: () => Promise<
    { readonly run: RunCommand<OptionsOf<CommandSpec<F, P>>> }
  >,
): Command {
  // The parser makes the options from this very table, so the body gets what its type says.
  const erased = async (): Promise<RunCommand<Record<string, unknown>>> =>
    (await load()).run as unknown as RunCommand<Record<string, unknown>>;
  return { spec: spec as CommandSpec, load: erased };
}
