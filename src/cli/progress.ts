/**
 * Progress in the form that fits the output. There is no timer inside: it is
 * drawn when the job tells how far it is.
 *
 * @module
 */

import type { CommandEvent, Progress } from "./command.ts";
import type { Paint } from "./color.ts";

/** Milliseconds between two drawings of the bar: more is flicker. */
const BAR_INTERVAL = 100;

/** Milliseconds between two lines where there is no terminal. */
const LINE_INTERVAL = 5000;

/** Milliseconds between two events. */
const EVENT_INTERVAL = 1000;

/** Characters of the bar itself. */
const BAR_WIDTH = 24;

/** Bytes are shown in units of 1000. */
const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"];

/** How progress is shown. */
export type ProgressStyle = "bar" | "lines" | "events" | "none";

/** What progress needs of the outside. */
export interface ProgressWorld {
  readonly style: ProgressStyle;
  readonly paint: Paint;
  /** Milliseconds of a steady clock. */
  readonly elapsed: () => number;
  /** Columns of the terminal. */
  readonly columns: () => number | undefined;
  readonly line: (text: string) => void;
  readonly status: (text: string) => void;
  readonly emit: (event: CommandEvent) => void;
}

/** `1234567` → `1.2 MB`. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 9.95 ? 1 : 0)} ${
    BYTE_UNITS[unit]
  }`;
}

const INTERVALS: Readonly<Record<ProgressStyle, number>> = {
  bar: BAR_INTERVAL,
  lines: LINE_INTERVAL,
  events: EVENT_INTERVAL,
  none: Infinity,
};

class ShownProgress implements Progress {
  readonly #world: ProgressWorld;
  readonly #label: string;
  readonly #total: number | undefined;
  readonly #unit: string;
  #value = 0;
  #note = "";
  #shownAt: number;
  #ended = false;

  constructor(
    world: ProgressWorld,
    label: string,
    total: number | undefined,
    unit: string,
  ) {
    this.#world = world;
    this.#label = label;
    this.#total = total;
    this.#unit = unit;
    // A bar and an event appear with the first figure; a line only after its interval.
    this.#shownAt = world.style === "lines" ? world.elapsed() : -Infinity;
  }

  update(value: number, note = ""): void {
    if (this.#ended) return;
    this.#value = value;
    this.#note = note;
    const now = this.#world.elapsed();
    if (now - this.#shownAt < INTERVALS[this.#world.style]) return;
    this.#shownAt = now;
    this.#show();
  }

  done(summary?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const { style, status, line } = this.#world;
    if (style === "events") this.#show();
    if (style === "bar") status("");
    if (summary !== undefined && (style === "bar" || style === "lines")) {
      line(summary);
    }
  }

  #show(): void {
    const { style, line, status, emit } = this.#world;
    if (style === "bar") status(this.#bar());
    else if (style === "lines") line(`${this.#label}: ${this.#figures()}`);
    else if (style === "events") {
      emit({
        event: "progress",
        label: this.#label,
        value: this.#value,
        ...(this.#total === undefined ? {} : { total: this.#total }),
        ...(this.#unit === "" ? {} : { unit: this.#unit }),
        ...(this.#note === "" ? {} : { note: this.#note }),
      });
    }
  }

  #figures(): string {
    const show = (value: number): string =>
      this.#unit === "bytes" ? formatBytes(value) : String(value);
    const unit = this.#unit === "bytes" || this.#unit === ""
      ? ""
      : ` ${this.#unit}`;
    const note = this.#note === "" ? "" : `  ${this.#note}`;
    if (this.#total === undefined) return `${show(this.#value)}${unit}${note}`;
    return `${show(this.#value)} of ${show(this.#total)}${unit} (${
      Math.floor(this.#share() * 100)
    } %)${note}`;
  }

  #share(): number {
    const total = this.#total ?? 0;
    return total <= 0 ? 0 : Math.min(1, Math.max(0, this.#value / total));
  }

  #bar(): string {
    const { paint, columns } = this.#world;
    // One column stays free, so that no terminal wraps the line.
    const room = (columns() ?? 80) - 1;
    const figures = this.#figures();
    const full = Math.round(this.#share() * BAR_WIDTH);
    const plain = `${this.#label}  ${figures}`;
    if (this.#total === undefined || plain.length + BAR_WIDTH + 2 > room) {
      return plain.slice(0, room);
    }
    const bar = paint.cyan("█".repeat(full)) +
      paint.dim("░".repeat(BAR_WIDTH - full));
    return `${this.#label}  ${bar}  ${figures}`;
  }
}

/** Progress in the style of `world`. */
export function createProgress(
  world: ProgressWorld,
  label: string,
  total?: number,
  unit = "",
): Progress {
  return new ShownProgress(world, label, total, unit);
}
