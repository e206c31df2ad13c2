/**
 * The logger every layer is given: it formats and filters, and knows neither
 * a clock nor an output of its own.
 *
 * @module
 */

import { formatJson, formatText } from "./format.ts";
import type { LogFields, LogLevel } from "./format.ts";

/** Levels from the chattiest to none at all. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

/** The least severe level a logger lets through; `silent` lets nothing through. */
export type LogThreshold = (typeof LOG_LEVELS)[number];

/** `text` for people, `json` for programs. */
export type LogFormat = "text" | "json";

/** What code writes its remarks to. */
export interface Logger {
  /** Details for whoever looks for a fault. */
  debug(message: string, fields?: LogFields): void;
  /** What a user wants to know while all is well. */
  info(message: string, fields?: LogFields): void;
  /** Something is wrong and we go on. */
  warn(message: string, fields?: LogFields): void;
  /** Something failed. */
  error(message: string, fields?: LogFields): void;
  /** Whether a line of this level would be written: ask before building dear fields. */
  isEnabled(level: LogLevel): boolean;
  /** A logger for a part, named in each of its lines; a child's child is `parent/part`. */
  child(component: string): Logger;
}

/** How a logger writes. */
export interface LoggerOptions {
  /** Lines below this are dropped. */
  readonly level: LogThreshold;
  /** Text or JSON. */
  readonly format: LogFormat;
  /** Receives each line, without a line break. */
  readonly write: (line: string) => void;
  /** The clock. */
  readonly now: () => Date;
  /** Colours in text lines. */
  readonly color: boolean;
}

class LineLogger implements Logger {
  readonly #options: LoggerOptions;
  readonly #component: string;
  readonly #threshold: number;

  constructor(options: LoggerOptions, component: string) {
    this.#options = options;
    this.#component = component;
    this.#threshold = LOG_LEVELS.indexOf(options.level);
  }

  debug(message: string, fields?: LogFields): void {
    this.#log("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#log("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#log("error", message, fields);
  }

  isEnabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.#threshold;
  }

  child(component: string): Logger {
    const name = this.#component === ""
      ? component
      : `${this.#component}/${component}`;
    return new LineLogger(this.#options, name);
  }

  #log(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (!this.isEnabled(level)) return;
    const { format, write, now, color } = this.#options;
    const record = {
      time: now(),
      level,
      component: this.#component,
      message,
      fields,
    };
    write(format === "json" ? formatJson(record) : formatText(record, color));
  }
}

/** A logger that writes lines through `options.write`. */
export function createLogger(options: LoggerOptions): Logger {
  return new LineLogger(options, "");
}

/** A logger that writes nothing, for library users and tests that do not care. */
export const silentLogger: Logger = createLogger({
  level: "silent",
  format: "text",
  write: () => {},
  now: () => new Date(0),
  color: false,
});
