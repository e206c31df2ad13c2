/**
 * Programs under test: started, listened to, measured, and gone for sure when
 * the test is.
 *
 * @module
 */

import {
  PROGRAM_PERMISSIONS,
  PROGRAM_V8_FLAGS,
  ROOT,
} from "../../scripts/support.ts";
import { killTree, processUsage, type Usage } from "./process_table.ts";
import { PATIENCE_MS, settled, type WaitOptions } from "./wait.ts";

/** Lines of output kept for the message of a failure. */
const TAIL_LINES = 60;

/** How long the output of a process may go on after its end. */
const ORPHAN_PIPE_MS = 2_000;

/** An event of `--json`: one line of standard output. */
export type JsonEvent = Record<string, unknown> & { event: string };

/** How to start a program. */
export interface StartOptions {
  /** The working folder; by default a new one that goes with the process. */
  cwd?: string;
  /** Added to the environment. */
  env?: Record<string, string>;
  /** Standard output is NDJSON, read into {@linkcode RunningProcess.events}. */
  json?: boolean;
}

/** A test that waits for a line or an event, and what it waits for. */
interface Waiter {
  look: () => boolean;
  fail: (error: Error) => void;
  what: string;
}

/** Starts streamtool (`--json` is added unless `json` is false) from source, or STREAMTOOL_BIN. */
export function startStreamtool(
  args: readonly string[],
  options: StartOptions = {},
): RunningProcess {
  const json = options.json ?? true;
  const [command, ...all] = streamtoolCommand(
    json ? [...args, "--json"] : args,
  );
  return startProcess(command, all, { ...options, json });
}

/** Program and arguments that start streamtool. */
export function streamtoolCommand(
  args: readonly string[],
): [string, ...string[]] {
  const binary = Deno.env.get("STREAMTOOL_BIN");
  return binary ? [binary, ...args] : [
    Deno.execPath(),
    "run",
    "--quiet",
    "--config",
    `${ROOT}deno.json`,
    PROGRAM_V8_FLAGS,
    ...PROGRAM_PERMISSIONS,
    `${ROOT}main.ts`,
    ...args,
  ];
}

/** Starts any program; use it with `await using`. */
export function startProcess(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): RunningProcess {
  return new RunningProcess(command, args, options);
}

/** A program that runs until it ends or is disposed of. */
export class RunningProcess implements AsyncDisposable {
  /** The events of standard output so far, when the process speaks JSON. */
  readonly events: JsonEvent[] = [];
  /** The lines of standard output so far, when it does not. */
  readonly lines: string[] = [];
  /** The last lines of standard error. */
  readonly errorLines: string[] = [];
  /** The folder the process runs in. */
  readonly cwd: string;
  /** How the process ended. */
  readonly status: Promise<Deno.CommandStatus>;

  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #ownsCwd: boolean;
  readonly #json: boolean;
  readonly #command: string;
  #waiters: Waiter[] = [];
  #ended = false;

  /** Starts `command`. */
  constructor(command: string, args: readonly string[], options: StartOptions) {
    this.#ownsCwd = options.cwd === undefined;
    this.cwd = options.cwd ??
      Deno.makeTempDirSync({ prefix: "streamtool_test_" });
    this.#json = options.json ?? false;
    this.#command = [command, ...args].join(" ");
    this.#child = new Deno.Command(command, {
      args: [...args],
      cwd: this.cwd,
      env: { NO_COLOR: "1", ...options.env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    // A process may end while it is written to; its status tells that, not the pipe.
    this.#stdin.closed.catch(() => {});
    const stdout = this.#child.stdout.getReader();
    const stderr = this.#child.stderr.getReader();
    const read = Promise.all([
      eachLine(stdout, (line) => this.#take(line)),
      eachLine(stderr, (line) => {
        this.errorLines.push(line);
        if (this.errorLines.length > TAIL_LINES) this.errorLines.shift();
        this.#wake();
      }),
    ]);
    this.status = this.#finish(read, () => {
      stdout.cancel();
      stderr.cancel();
    });
    this.status.catch(() => {});
  }

  /** The number of the process. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * The first event, seen already or still to come, with this name or for
   * which `match` holds, at index `from` of {@linkcode RunningProcess.events} or later.
   *
   * @throws {Error} with the tail of standard error, when the process ends
   * first or the time is over.
   */
  async event(
    match: string | ((event: JsonEvent) => boolean),
    { from = 0, ...options }: WaitOptions & { from?: number } = {},
  ): Promise<JsonEvent> {
    const holds = typeof match === "string"
      ? (event: JsonEvent): boolean => event.event === match
      : match;
    const what = typeof match === "string"
      ? `the event "${match}"`
      : `an event with ${match}`;
    let at = from;
    return await this.#wait(() => {
      for (; at < this.events.length; at++) {
        const event = this.events[at]!;
        if (holds(event)) return event;
      }
      return undefined;
    }, { what, ...options });
  }

  /**
   * The first line of standard output or standard error that holds `pattern`.
   *
   * @throws {Error} as {@linkcode RunningProcess.event}.
   */
  async line(
    pattern: RegExp | string,
    options: WaitOptions = {},
  ): Promise<string> {
    const holds = (line: string): boolean =>
      typeof pattern === "string" ? line.includes(pattern) : pattern.test(line);
    return await this.#wait(
      () => this.lines.find(holds) ?? this.errorLines.find(holds),
      { what: `a line with ${pattern}`, ...options },
    );
  }

  /** Writes a line to standard input. */
  async write(line: string): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Closes standard input. */
  async closeInput(): Promise<void> {
    await this.#stdin.close();
  }

  /** Sends a signal; none when the process has ended. */
  signal(name: Deno.Signal): void {
    if (!this.#ended) this.#child.kill(name);
  }

  /** CPU time and memory of the process itself. */
  usage(): Promise<Usage> {
    return processUsage(this.pid);
  }

  /**
   * How the process ended.
   *
   * @throws {Error} when it does not end in time.
   */
  async exited(
    { within = PATIENCE_MS }: WaitOptions = {},
  ): Promise<Deno.CommandStatus> {
    try {
      return await settled(this.status, { within, what: "the process to end" });
    } catch (error) {
      throw this.#withTail((error as Error).message);
    }
  }

  /** Ends the process and every process it started, without asking. */
  async kill(): Promise<void> {
    if (!this.#ended) await killTree(this.pid);
    await this.status;
  }

  /** Kills what still runs and removes the folder that was made for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#stdin.close().catch(() => {});
    if (this.#ownsCwd) await Deno.remove(this.cwd, { recursive: true });
  }

  #take(line: string): void {
    if (!this.#json) {
      this.lines.push(line);
    } else {
      try {
        this.events.push(JSON.parse(line));
      } catch {
        this.lines.push(line);
        const error = this.#withTail(
          `Cannot read standard output as JSON: the line is "${line}"`,
        );
        for (const waiter of this.#waiters.splice(0)) waiter.fail(error);
      }
    }
    this.#wake();
  }

  #wake(): void {
    this.#waiters = this.#waiters.filter((waiter) => !waiter.look());
  }

  async #finish(
    read: Promise<unknown>,
    stopReading: () => void,
  ): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    // A grandchild that outlives its parent keeps the pipes open.
    const timer = setTimeout(stopReading, ORPHAN_PIPE_MS);
    await read;
    clearTimeout(timer);
    this.#ended = true;
    for (const waiter of this.#waiters.splice(0)) {
      waiter.fail(this.#withTail(
        `Cannot wait for ${waiter.what}: the process ended with ${
          status.signal ?? `code ${status.code}`
        }`,
      ));
    }
    return status;
  }

  async #wait<T>(
    find: () => T | undefined,
    { within = PATIENCE_MS, what = "output" }: WaitOptions,
  ): Promise<T> {
    const found = find();
    if (found !== undefined) return found;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiter: Waiter = {
      look: () => {
        const value = find();
        if (value === undefined) return false;
        resolve(value);
        return true;
      },
      fail: reject,
      what,
    };
    if (this.#ended) {
      throw this.#withTail(`Cannot wait for ${what}: the process has ended`);
    }
    this.#waiters.push(waiter);
    const timer = setTimeout(() =>
      reject(this.#withTail(
        `Cannot wait longer for ${what}: ${within} ms are over`,
      )), within);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    }
  }

  #withTail(message: string): Error {
    const said = this.#json
      ? this.events.slice(-5).map((event) => JSON.stringify(event))
      : this.lines.slice(-TAIL_LINES);
    return new Error(
      [
        message,
        `  command: ${this.#command}`,
        "  last output:",
        ...said.map((line) => `    ${line}`),
        "  last of standard error:",
        ...this.errorLines.map((line) => `    ${line}`),
      ].join("\n"),
    );
  }
}

/** Calls `take` with each line of a stream; a last line without an end counts. */
async function eachLine(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const parts = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = parts.pop()!;
    for (const line of parts) take(line);
  }
  if (rest !== "") take(rest);
}
