/**
 * Turns a flood of equal events into one line a second: a peer under fire
 * must not spend its time, or its disk, on saying so.
 *
 * @module
 */

import type { LogLevel } from "./format.ts";
import type { Logger } from "./logger.ts";

/** Time between two lines about the same thing, in milliseconds. */
const DEFAULT_INTERVAL = 1000;

/** Most different messages counted at a time; more are counted together, so that hostile texts take no memory. */
const MAX_MESSAGES = 64;

/** Stands for every message beyond {@link MAX_MESSAGES}. */
const OVERFLOW_MESSAGE = "{n} other event{s}";

/** How a flood counter speaks. */
export interface FloodCounterOptions {
  /** Level of its lines; `warn` by default. */
  readonly level?: LogLevel;
  /** Milliseconds between lines about the same message; 1000 by default. */
  readonly interval?: number;
}

interface Count {
  pending: number;
  lastLineAt: number;
}

/**
 * Counts events by message. The first is reported at once, the ones of the
 * next second together.
 *
 * The message is a template: `{n}` is the count and `{s}` is an "s" unless
 * the count is 1, so `dropped {n} datagram{s}` reads `dropped 312 datagrams`.
 * There is no timer inside: a line is due at the first `count` or `flush`
 * after its second, so call `flush` from a tick you have anyway, and `close`
 * at the end.
 */
export class FloodCounter {
  readonly #log: Logger;
  readonly #level: LogLevel;
  readonly #interval: number;
  readonly #counts = new Map<string, Count>();

  /** Writes to `log`. */
  constructor(log: Logger, options: FloodCounterOptions = {}) {
    this.#log = log;
    this.#level = options.level ?? "warn";
    this.#interval = options.interval ?? DEFAULT_INTERVAL;
  }

  /** Adds `amount` events at time `now` (milliseconds of any steady clock). */
  count(message: string, now: number, amount = 1): void {
    let key = message;
    let entry = this.#counts.get(key);
    if (entry === undefined && this.#counts.size >= MAX_MESSAGES) {
      this.flush(now);
      if (this.#counts.size >= MAX_MESSAGES) {
        key = OVERFLOW_MESSAGE;
        entry = this.#counts.get(key);
      }
    }
    if (entry === undefined) {
      entry = { pending: 0, lastLineAt: -Infinity };
      this.#counts.set(key, entry);
    }
    entry.pending += amount;
    if (now - entry.lastLineAt >= this.#interval) this.#report(key, entry, now);
  }

  /** Writes the lines that are due at `now` and forgets messages that have been quiet since theirs. */
  flush(now: number): void {
    for (const [message, entry] of this.#counts) {
      if (now - entry.lastLineAt < this.#interval) continue;
      if (entry.pending > 0) this.#report(message, entry, now);
      else this.#counts.delete(message);
    }
  }

  /** Writes everything still counted, due or not. */
  close(): void {
    for (const [message, entry] of this.#counts) {
      if (entry.pending > 0) this.#report(message, entry, entry.lastLineAt);
    }
    this.#counts.clear();
  }

  #report(message: string, entry: Count, now: number): void {
    const text = message
      .replaceAll("{n}", String(entry.pending))
      .replaceAll("{s}", entry.pending === 1 ? "" : "s");
    entry.pending = 0;
    entry.lastLineAt = now;
    this.#log[this.#level](text);
  }
}
