/**
 * The process as the command line sees it, so that tests can put another in
 * its place.
 *
 * @module
 */

import type { SelfCommand } from "./command.ts";

/** Signals that stop us. */
export type StopSignal = "SIGINT" | "SIGTERM";

/** Standard output or standard error. */
export interface OutputSink {
  /** Writes some of the bytes and tells how many. */
  write(bytes: Uint8Array): Promise<number>;
  readonly isTerminal: boolean;
  /** Columns of the terminal; `undefined` when it is none. */
  columns(): number | undefined;
}

/** Standard input. */
export interface InputSource {
  /** Reads some bytes and tells how many; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  readonly isTerminal: boolean;
  /** Whether we may read the terminal: a background job that does is stopped by the system (SIGTTIN). */
  isForeground(): Promise<boolean>;
}

/** The process. */
export interface Host {
  env(name: string): string | undefined;
  readonly stdout: OutputSink;
  readonly stderr: OutputSink;
  readonly stdin: InputSource;
  /** Reads a file of text; throws the runtime's errors. */
  readTextFile(path: string): string;
  /** The wall clock. */
  now(): Date;
  /** Milliseconds since the process started. */
  elapsed(): number;
  /** Calls the handler at each signal; the result stops that. */
  onSignal(handler: (signal: StopSignal) => void): () => void;
  /** Calls the handler for errors nobody caught; the result stops that. */
  onUncaught(handler: (error: unknown) => void): () => void;
  /** Starts a program that may outlive us and whose output nobody wants. */
  launch(command: string, args: readonly string[]): void;
  /** How to start this program again. */
  selfCommand(args: readonly string[]): SelfCommand;
  /** Operating system, as in `Deno.build.os`. */
  readonly os: string;
}
