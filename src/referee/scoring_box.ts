/**
 * From a scoring box's serial line to a signal file, while the phrase is
 * recorded.
 *
 * A line that brings a time of its own is trusted in its distance to the
 * others and not in its zero: the box's clock began when the box did. What the
 * serial line delays a line by is never negative, so the least delayed line
 * says how the clocks lie.
 *
 * @module
 */

/** Longest line that is kept, in characters. */
const MAX_LINE = 1024;

/** Most lines that are kept: an hour of a box that talks twice a second. */
const MAX_LINES = 8192;

interface BoxLine {
  readonly text: string;
  /** Seconds on the recording's clock when it came. */
  readonly arrival: number;
  /** Seconds on the box's clock, where the line has it. */
  readonly own: number | undefined;
}

/** Collects lines and writes the signal file of the wire's text form. */
export class ScoringBoxLog {
  readonly #lines: BoxLine[] = [];
  readonly #decoder = new TextDecoder();
  #rest = "";
  #restAt = 0;

  /** Adds bytes of the serial line that came at `seconds` on the recording's clock. */
  push(bytes: Uint8Array, seconds: number): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true }))
      .split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "").slice(0, MAX_LINE);
    this.#restAt = seconds;
    for (const line of lines) this.#add(line, seconds);
  }

  /** Lines so far. */
  get length(): number {
    return this.#lines.length;
  }

  /** The signal file of a recording that lasted `seconds`. */
  finish(seconds: number): string {
    if (this.#rest !== "") this.#add(this.#rest, this.#restAt);
    this.#rest = "";
    const delays = this.#lines
      .flatMap(({ arrival, own }) => own === undefined ? [] : [arrival - own]);
    const shift = delays.length === 0 ? 0 : Math.min(...delays);
    const timed = this.#lines
      .map(({ text, arrival, own }) => ({
        text,
        time: own === undefined ? arrival : own + shift,
      }))
      .sort((a, b) => a.time - b.time);
    const has = (words: RegExp): boolean =>
      timed.some(({ text }) => words.test(text));
    return [
      ...(has(/recording started/i)
        ? []
        : [line(0, "Phrase recording started")]),
      ...timed.map(({ text, time }) => isNote(text) ? text : line(time, text)),
      ...(has(/recording ended/i)
        ? []
        : [line(seconds, "Phrase recording ended")]),
    ].join("\n") + "\n";
  }

  #add(text: string, arrival: number): void {
    const trimmed = text.slice(0, MAX_LINE).trim();
    if (trimmed === "" || this.#lines.length >= MAX_LINES) return;
    const timed =
      /^(-?\d{1,9}(?:\.\d{1,9})?)\s*s?\s*\|\s*(?:frame\s+\d+\s*\|\s*)?(.*)$/i
        .exec(trimmed);
    this.#lines.push({
      text: timed?.[2] ?? trimmed,
      arrival,
      own: timed === null ? undefined : Number(timed[1]),
    });
  }
}

/** Lines that stand without a time in the text form. */
function isNote(text: string): boolean {
  return /^scores\s*->|manual selection winner:/i.test(text);
}

function line(seconds: number, text: string): string {
  return `${seconds.toFixed(3).padStart(6)}s | ${text}`;
}
