/**
 * A process made of memory, for tests of the command line.
 *
 * @module
 */

import type { Host, OutputSink, StopSignal } from "../../src/cli/host.ts";

/** What a fake process may be given. */
export interface FakeHostOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly stdoutIsTerminal?: boolean;
  readonly stderrIsTerminal?: boolean;
  /** Columns of both terminals. */
  readonly columns?: number;
  /** What is typed, piece by piece; afterwards the input ends. */
  readonly input?: readonly string[];
  /** Leaves the input open instead of ending it. */
  readonly inputStaysOpen?: boolean;
  readonly os?: string;
}

class MemorySink implements OutputSink {
  readonly isTerminal: boolean;
  readonly #columns: number | undefined;
  readonly #decoder = new TextDecoder();
  text = "";
  /** When set, every write fails with it. */
  failure: Error | undefined;
  /** When set, writes wait for it. */
  gate: Promise<void> | undefined;
  /** Most bytes one write takes. */
  limit = Infinity;

  constructor(isTerminal: boolean, columns: number | undefined) {
    this.isTerminal = isTerminal;
    this.#columns = isTerminal ? columns : undefined;
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    const taken = bytes.subarray(0, this.limit);
    this.text += this.#decoder.decode(taken, { stream: true });
    return taken.length;
  }

  columns(): number | undefined {
    return this.#columns;
  }
}

/** A process made of memory. */
export class FakeHost implements Host {
  readonly stdout: MemorySink;
  readonly stderr: MemorySink;
  readonly stdin;
  readonly os: string;
  readonly launched: string[][] = [];
  /** What `elapsed` says. */
  time = 41.4;
  readonly #options: FakeHostOptions;
  readonly #signalHandlers = new Set<(signal: StopSignal) => void>();
  readonly #errorHandlers = new Set<(error: unknown) => void>();

  constructor(options: FakeHostOptions = {}) {
    this.#options = options;
    this.os = options.os ?? "linux";
    const columns = options.columns ?? 80;
    this.stdout = new MemorySink(options.stdoutIsTerminal ?? false, columns);
    this.stderr = new MemorySink(options.stderrIsTerminal ?? false, columns);
    const pieces = [...options.input ?? []].map((piece) =>
      new TextEncoder().encode(piece)
    );
    this.stdin = {
      isTerminal: false,
      isForeground: () => Promise.resolve(true),
      read: (buffer: Uint8Array): Promise<number | null> => {
        const piece = pieces.shift();
        if (piece === undefined) {
          return options.inputStaysOpen === true
            ? new Promise(() => {})
            : Promise.resolve(null);
        }
        buffer.set(piece);
        return Promise.resolve(piece.length);
      },
    };
  }

  env(name: string): string | undefined {
    return this.#options.env?.[name];
  }

  readTextFile(path: string): string {
    const text = this.#options.files?.[path];
    if (text === undefined) throw new Deno.errors.NotFound("no such file");
    return text;
  }

  now(): Date {
    return new Date(2025, 0, 2, 12, 3, 4, 123);
  }

  elapsed(): number {
    return this.time;
  }

  onSignal(handler: (signal: StopSignal) => void): () => void {
    this.#signalHandlers.add(handler);
    return () => this.#signalHandlers.delete(handler);
  }

  onUncaught(handler: (error: unknown) => void): () => void {
    this.#errorHandlers.add(handler);
    return () => this.#errorHandlers.delete(handler);
  }

  launch(command: string, args: readonly string[]): void {
    if (command === "missing") {
      throw new Deno.errors.NotFound("no such program");
    }
    this.launched.push([command, ...args]);
  }

  selfCommand(args: readonly string[]): { command: string; args: string[] } {
    return { command: "streamtool", args: [...args] };
  }

  /** Sends a signal. */
  signal(name: StopSignal): void {
    for (const handler of [...this.#signalHandlers]) handler(name);
  }

  /** Has an error that nobody caught. */
  uncaught(error: unknown): void {
    for (const handler of [...this.#errorHandlers]) handler(error);
  }

  /** How many handlers are left: none when a run has cleaned up. */
  get handlers(): number {
    return this.#signalHandlers.size + this.#errorHandlers.size;
  }

  /** The events on standard output. */
  get events(): Record<string, unknown>[] {
    return this.stdout.text.split("\n").filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  }
}
