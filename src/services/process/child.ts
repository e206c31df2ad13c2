/**
 * A process of our own that speaks `--json`.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";

/** A child that was asked to stop is killed after this. */
const KILL_AFTER_MS = 6000;
/** Longest line that is read from a child; a report of 256 peers has 200 KB. */
const MAX_LINE_CHARS = 1_000_000;

/** Events remembered for who asks later; what matters happens at the start. */
const MAX_SEEN = 1000;

const LEVELS = new Set(["debug", "info", "warn", "error"]);

/** An event of a child. */
export interface ChildEvent {
  /** What happened. */
  readonly event: string;
  /** The event's figures. */
  readonly [field: string]: unknown;
}

/** How to start a child. */
export interface ChildOptions {
  /** Who it is in our log. */
  readonly name: string;
  /** Program to run. */
  readonly command: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Where its log lines go on. */
  readonly log: Logger;
  /** Told of each event. */
  onEvent(event: ChildEvent): void;
}

/** A running child; it ends when its standard input does, so never outlives us. */
export class Child {
  /** Who it is. */
  readonly name: string;
  /** Resolves with the exit code when it has ended and all its output was read. */
  readonly ended: Promise<number>;
  readonly #process: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Set<{
    wanted: (event: ChildEvent) => boolean;
    resolve: (event: ChildEvent) => void;
    reject: (error: Error) => void;
  }>();
  readonly #seen: ChildEvent[] = [];
  #lastError = "";
  #gone = false;

  /** Starts the process. */
  constructor(options: ChildOptions) {
    this.name = options.name;
    this.#process = new Deno.Command(options.command, {
      args: [...options.args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdin = this.#process.stdin.getWriter();
    this.#stdin.closed.catch(() => {});
    const output = Promise.all([
      forEachLine(this.#process.stdout, (line) => {
        this.#onLine(line, options);
      }),
      forEachLine(this.#process.stderr, (line) => {
        if (line.trim() !== "") this.#onLogLine(line, options.log);
      }),
    ]);
    this.ended = this.#end(output);
  }

  /** Last line that the child wrote to standard error. */
  get lastError(): string {
    return this.#lastError;
  }

  /**
   * The first event, past or future, that `wanted` accepts.
   *
   * @throws {Error} when the child ends before.
   */
  event(wanted: (event: ChildEvent) => boolean): Promise<ChildEvent> {
    const found = this.#seen.find(wanted);
    if (found !== undefined) return Promise.resolve(found);
    if (this.#gone) return Promise.reject(this.#deathOf());
    return new Promise((resolve, reject) => {
      this.#waiting.add({ wanted, resolve, reject });
    });
  }

  /**
   * Ends the child's standard input, upon which it stops, and kills it when it
   * does not; gives its exit code.
   */
  async stop(): Promise<number> {
    const timer = setTimeout(() => this.#kill(), KILL_AFTER_MS);
    await this.#stdin.close().catch(() => {});
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  #kill(): void {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }

  #onLine(line: string, options: ChildOptions): void {
    let event: ChildEvent;
    try {
      event = JSON.parse(line);
    } catch {
      options.log.warn(`${this.name} wrote what is no event: ${line}`);
      return;
    }
    if (this.#seen.length < MAX_SEEN) this.#seen.push(event);
    for (const waiter of this.#waiting) {
      if (!waiter.wanted(event)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(event);
    }
    options.onEvent(event);
  }

  /** Says again what the child said with `--log-format json`. */
  #onLogLine(line: string, log: Logger): void {
    try {
      const { level, message, time: _, component: _component, ...fields } = JSON
        .parse(line);
      this.#lastError = message;
      if (LEVELS.has(level)) log[level as "info"](message, fields);
    } catch {
      this.#lastError = line;
      log.warn(line);
    }
  }

  async #end(output: Promise<unknown>): Promise<number> {
    const { code } = await this.#process.status;
    await output;
    await this.#stdin.close().catch(() => {});
    this.#gone = true;
    for (const { reject } of this.#waiting) reject(this.#deathOf());
    this.#waiting.clear();
    return code;
  }

  #deathOf(): Error {
    return new Error(
      this.#lastError === ""
        ? `Cannot go on: ${this.name} has ended`
        : `Cannot go on: ${this.name} has ended: ${this.#lastError}`,
    );
  }
}

async function forEachLine(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = (lines.pop() ?? "").slice(-MAX_LINE_CHARS);
    for (const line of lines) take(line);
  }
  if (rest !== "") take(rest);
}
