/**
 * Makes the context a command's body is given.
 *
 * @module
 */

import type { Logger } from "../log/mod.ts";
import { escapeControls, redact } from "../log/mod.ts";
import type {
  Banner,
  CommandContext,
  CommandEvent,
  Lifetime,
  Progress,
  SelfCommand,
} from "./command.ts";
import { createPaint, useColor } from "./color.ts";
import type { EventWriter } from "./events.ts";
import { errorLine } from "./errors.ts";
import { PROGRAM } from "./help.ts";
import type { Host } from "./host.ts";
import { openUrl } from "./open_url.ts";
import type { OutputWriter } from "./output.ts";
import { createProgress } from "./progress.ts";
import type { ProgressStyle } from "./progress.ts";
import type { ResolvedOptions } from "./resolve.ts";
import type { Screen } from "./screen.ts";
import { readWords } from "./stdin_words.ts";
import { VERSION } from "./version.ts";

/** The flags every command has, with their values. */
export interface CommonOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly progress: boolean;
  readonly open: boolean;
  readonly color: "auto" | "always" | "never";
  readonly logFormat: "text" | "json";
  readonly ffmpeg: string | undefined;
}

/** What a context is made of. */
export interface ContextParts {
  readonly name: string;
  readonly resolved: ResolvedOptions;
  readonly host: Host;
  readonly log: Logger;
  readonly events: EventWriter;
  readonly stdout: OutputWriter;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  readonly setLifetime: (lifetime: Lifetime) => void;
}

/** The common flags among the resolved options. */
export function commonOptions(resolved: ResolvedOptions): CommonOptions {
  // The parser made these from the same table the interface describes.
  return resolved.options as unknown as CommonOptions;
}

function progressStyle(common: CommonOptions, host: Host): ProgressStyle {
  if (common.json) return "events";
  if (!common.progress || common.quiet) return "none";
  const inCi = !["", "0", "false"].includes(host.env("CI") ?? "");
  return host.stderr.isTerminal && !inCi && host.env("TERM") !== "dumb"
    ? "bar"
    : "lines";
}

class Context implements CommandContext {
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly json: boolean;
  readonly ffmpegFlag: string | undefined;
  readonly colorOutput: boolean;
  readonly outputColumns: number | undefined;
  readonly setLifetime: (lifetime: Lifetime) => void;
  readonly #parts: ContextParts;
  readonly #common: CommonOptions;
  readonly #paint;

  constructor(parts: ContextParts) {
    const { host, resolved } = parts;
    const common = commonOptions(resolved);
    const env = host.env.bind(host);
    this.#parts = parts;
    this.#common = common;
    this.#paint = createPaint(
      useColor({
        choice: common.color,
        env,
        isTerminal: host.stderr.isTerminal,
      }),
    );
    this.signal = parts.signal;
    this.log = parts.log;
    this.json = common.json;
    this.ffmpegFlag = resolved.sources.get("ffmpeg") === "environment"
      ? undefined
      : common.ffmpeg;
    this.colorOutput = useColor({
      choice: common.color,
      env,
      isTerminal: host.stdout.isTerminal,
    });
    this.outputColumns = host.stdout.columns();
    this.setLifetime = parts.setLifetime;
  }

  emit(event: CommandEvent): void {
    this.#parts.events.emit(event);
  }

  print(text: string): void {
    if (!this.#common.json && !this.#common.quiet) {
      this.#parts.stdout.write(`${text}\n`);
    }
  }

  async writeOutput(bytes: Uint8Array): Promise<void> {
    const { stdout, signal } = this.#parts;
    await stdout.writeBytes(bytes);
    if (stdout.closed.aborted) signal.throwIfAborted();
  }

  banner(banner: Banner): void {
    const { screen, host, name } = this.#parts;
    if (this.#common.json) {
      for (const { label, url } of banner.lines) {
        this.emit({ event: "listening", label, url: redact(url) });
      }
      return;
    }
    if (this.#common.quiet) return;
    if (this.#common.logFormat === "json") {
      for (const { label, url } of banner.lines) {
        this.log.info("listening", { label, url });
      }
      return;
    }
    const title = banner.name ?? `${PROGRAM} ${name}`;
    const milliseconds = Math.max(
      0,
      Math.round(host.elapsed() - (banner.startedAt ?? 0)),
    );
    screen.line(
      `  ${this.#paint.bold(title)} ${banner.version ?? VERSION}   ${
        this.#paint.dim(`ready in ${milliseconds} ms`)
      }`,
    );
    const rows = banner.lines.map(({ label, url }) =>
      [label, this.#paint.cyan(clean(url))] as const
    );
    const all = banner.tryLine === undefined
      ? rows
      : [...rows, ["Try", clean(banner.tryLine)] as const];
    const width = Math.max(8, ...all.map(([label]) => label.length + 2));
    for (const [label, text] of all) {
      screen.line(
        `  ${this.#paint.green("➜")}  ${`${label}:`.padEnd(width)} ${text}`,
      );
    }
  }

  progress(label: string, total?: number, unit?: string): Progress {
    const { host, screen } = this.#parts;
    return createProgress(
      {
        style: progressStyle(this.#common, host),
        paint: this.#paint,
        elapsed: () => host.elapsed(),
        columns: () => host.stderr.columns(),
        line: (text) => screen.line(text),
        status: (text) => screen.status(text),
        emit: (event) => this.emit(event),
      },
      label,
      total,
      unit,
    );
  }

  open(url: string): void {
    if (!this.#common.open) return;
    try {
      openUrl(url, this.#parts.host);
    } catch (error) {
      this.log.warn(errorLine(error));
    }
  }

  stdinWords(): AsyncIterable<string> {
    return readWords(this.#parts.host.stdin, this.#parts.signal);
  }

  selfCommand(args: readonly string[]): SelfCommand {
    return this.#parts.host.selfCommand(args);
  }
}

function clean(text: string): string {
  return escapeControls(redact(text));
}

/** The context of a running command. */
export function createContext(parts: ContextParts): CommandContext {
  return new Context(parts);
}
