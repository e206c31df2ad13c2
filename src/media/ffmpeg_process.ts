/**
 * Running ffmpeg such that it never outlives us.
 *
 * A child is ended on `stop`, on dispose, when the signal aborts, and when
 * this process exits in an orderly way. When this process is killed, its ends
 * of the pipes close: an ffmpeg that writes to us dies of SIGPIPE, and one
 * that reads from us meets the end of its input, finishes its file and exits.
 *
 * @module
 */

import { redact } from "../log/mod.ts";
import { MediaError, MissingProgramError } from "./errors.ts";
import { meaningfulLine, StderrTail } from "./ffmpeg_messages.ts";

/** Time between SIGTERM and SIGKILL in milliseconds: ffmpeg needs some ms to close its files. */
export const KILL_AFTER = 1000;

/** What the user can do when there is no ffmpeg. */
export const FFMPEG_REMEDY = "Install ffmpeg or pass --ffmpeg <path>";

/** How an ffmpeg is run. */
export interface SpawnOptions {
  /** Ends the process when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Whether we write its standard input; closed by default. */
  readonly stdin?: "piped" | "null";
  /** Whether we read its standard output; thrown away by default. */
  readonly stdout?: "piped" | "null";
  /** ffmpeg's own log level; `error` by default. */
  readonly logLevel?: "error" | "warning" | "info";
  /** Receives each line of stderr. */
  readonly onLine?: (line: string) => void;
  /**
   * Lets setsid(1) make the process group where there is one: with a child that
   * does it itself Deno copies our page tables, 10 to 20 ms in which nothing else runs.
   */
  readonly swift?: boolean;
}

/** Where systems with Linux have setsid(1). */
const SETSID_PLACES = ["/usr/bin/setsid", "/bin/setsid"];

function findSetsid(): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  return SETSID_PLACES.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** How an ffmpeg ended. */
export interface FfmpegExit {
  /** Whether it ended with 0. */
  readonly success: boolean;
  /** Its exit code. */
  readonly code: number;
}

const running = new Set<Deno.ChildProcess>();

function killAll(): void {
  for (const child of running) killQuietly(child, "SIGKILL");
}

function killQuietly(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // it has exited already
  }
}

/** One ffmpeg that runs; made by {@linkcode spawnFfmpeg}. */
export class FfmpegProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdout: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  readonly #stdin: WritableStream<Uint8Array> | undefined;
  readonly #tail = new StderrTail();
  readonly #exit: Promise<FfmpegExit>;
  #stopped = false;
  #exited = false;

  /** Wraps a child whose stderr is piped. */
  constructor(child: Deno.ChildProcess, options: SpawnOptions) {
    this.#child = child;
    this.#stdout = options.stdout === "piped" ? child.stdout : undefined;
    this.#stdin = options.stdin === "piped" ? child.stdin : undefined;
    this.#exit = this.#watch(options);
  }

  /** The process's number. */
  get pid(): number {
    return this.#child.pid;
  }

  /** What it writes; only when spawned with `stdout: "piped"`. */
  get stdout(): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (this.#stdout === undefined) {
      throw new TypeError("Cannot read ffmpeg's output: it is not piped");
    }
    return this.#stdout;
  }

  /** What it reads; only when spawned with `stdin: "piped"`. */
  get stdin(): WritableStream<Uint8Array> {
    if (this.#stdin === undefined) {
      throw new TypeError("Cannot write ffmpeg's input: it is not piped");
    }
    return this.#stdin;
  }

  /** Settles when the process has ended and its stderr is read; never rejects. */
  get exit(): Promise<FfmpegExit> {
    return this.#exit;
  }

  /** Whether we ended it. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Why it failed, in one line without credentials; `undefined` when it said nothing of use. */
  reason(inputName?: string): string | undefined {
    const line = meaningfulLine(this.#tail.lines, inputName);
    return line === undefined ? undefined : redact(line);
  }

  async #watch(options: SpawnOptions): Promise<FfmpegExit> {
    const { signal, onLine } = options;
    const onAbort = (): void => void this.stop();
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
    if (running.size === 0) globalThis.addEventListener("unload", killAll);
    running.add(this.#child);
    const decoder = new TextDecoder();
    try {
      for await (const bytes of this.#child.stderr) {
        const lines = this.#tail.push(decoder.decode(bytes, { stream: true }));
        if (onLine !== undefined) lines.forEach(onLine);
      }
    } catch {
      // the pipe broke: the process is ending
    }
    const { success, code } = await this.#child.status;
    this.#exited = true;
    running.delete(this.#child);
    if (running.size === 0) globalThis.removeEventListener("unload", killAll);
    signal?.removeEventListener("abort", onAbort);
    return { success, code };
  }

  /**
   * Ends the process, by force when it does not go by itself within
   * {@linkcode KILL_AFTER}, and waits until it is gone.
   */
  async stop(): Promise<void> {
    if (!this.#exited && !this.#stopped) {
      this.#stopped = true;
      killQuietly(this.#child, "SIGTERM");
      const timer = setTimeout(
        () => killQuietly(this.#child, "SIGKILL"),
        KILL_AFTER,
      );
      // an ffmpeg that waits for its pipe to drain ends at once when the pipe is gone
      this.#closePipes();
      await this.#exit;
      clearTimeout(timer);
    }
    await this.#exit;
    this.#closePipes();
  }

  /** Same as {@linkcode FfmpegProcess.stop}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #closePipes(): void {
    if (this.#stdout !== undefined && !this.#stdout.locked) {
      this.#stdout.cancel().catch(ignore);
    }
    if (this.#stdin !== undefined && !this.#stdin.locked) {
      this.#stdin.abort().catch(ignore);
    }
  }
}

function ignore(): void {}

/**
 * Starts `ffmpeg` (a path) with `args`, in a process group of its own, so that
 * Ctrl-C in the terminal reaches us and not it.
 *
 * @throws {MissingProgramError} when it cannot be started at all.
 */
export function spawnFfmpeg(
  ffmpeg: string,
  args: readonly string[],
  options: SpawnOptions = {},
): FfmpegProcess {
  let child: Deno.ChildProcess;
  const setsid = options.swift ? findSetsid() : undefined;
  try {
    child = new Deno.Command(setsid ?? ffmpeg, {
      args: [
        ...(setsid === undefined ? [] : [ffmpeg]),
        "-nostdin",
        "-hide_banner",
        "-loglevel",
        options.logLevel ?? "error",
        ...args,
      ],
      stdin: options.stdin ?? "null",
      stdout: options.stdout ?? "null",
      stderr: "piped",
      detached: setsid === undefined,
    }).spawn();
  } catch (cause) {
    throw new MissingProgramError(
      "ffmpeg",
      `Cannot start ffmpeg at ${JSON.stringify(ffmpeg)}: ${
        (cause as Error).message
      }`,
      FFMPEG_REMEDY,
      { cause },
    );
  }
  return new FfmpegProcess(child, options);
}

/** How far a run has come. */
export interface FfmpegProgress {
  /** Frames written. */
  readonly frames: number;
  /** Time reached in the output, seconds. */
  readonly seconds: number;
}

/** Reads the `key=value` lines of `-progress` and tells each whole report. */
export class ProgressParser {
  #partial = "";
  #frames = 0;
  #seconds = 0;

  /** Adds output in any pieces; returns the newest whole report in it. */
  push(text: string): FfmpegProgress | undefined {
    const lines = (this.#partial + text).split("\n");
    this.#partial = lines.pop() ?? "";
    let report: FfmpegProgress | undefined;
    for (const line of lines) {
      const [key = "", value = ""] = line.split("=", 2);
      const number = Number(value);
      if (key === "progress") {
        report = { frames: this.#frames, seconds: this.#seconds };
      } else if (!Number.isFinite(number)) {
        continue; // "N/A" before the first frame
      } else if (key === "frame") {
        this.#frames = number;
      } else if (key === "out_time_us") {
        this.#seconds = number / 1e6;
      }
    }
    return report;
  }
}

/**
 * Runs ffmpeg to its end.
 *
 * @throws {MediaError} with ffmpeg's own reason when it fails.
 * @throws the signal's reason when it aborts.
 */
export async function runFfmpeg(
  ffmpeg: string,
  args: readonly string[],
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: (progress: FfmpegProgress) => void;
  } = {},
): Promise<void> {
  await using process = spawnFfmpeg(
    ffmpeg,
    ["-nostats", "-progress", "pipe:1", ...args],
    { signal: options.signal, stdout: "piped" },
  );
  const parser = new ProgressParser();
  const decoder = new TextDecoder();
  for await (const bytes of process.stdout) {
    const report = parser.push(decoder.decode(bytes, { stream: true }));
    if (report !== undefined) options.onProgress?.(report);
  }
  const { success, code } = await process.exit;
  options.signal?.throwIfAborted();
  if (!success) {
    throw new MediaError(
      "ffmpeg_failed",
      `Cannot finish with ffmpeg: ${process.reason() ?? `exit code ${code}`}`,
    );
  }
}
