/**
 * Standard error: lines, and under them one line that changes (the progress
 * bar), which lines push down instead of breaking.
 *
 * @module
 */

import type { OutputWriter } from "./output.ts";

/** Back to the first column and clear the line (ECMA-48 EL). */
const CLEAR_LINE = "\r\x1b[K";

/** What people see while the program runs. */
export class Screen {
  readonly #output: OutputWriter;
  #status = "";

  constructor(output: OutputWriter) {
    this.#output = output;
  }

  /** Writes a line above the changing one. */
  line(text: string): void {
    this.#output.write(
      this.#status === ""
        ? `${text}\n`
        : `${CLEAR_LINE}${text}\n${this.#status}`,
    );
  }

  /** Shows, or with an empty text removes, the changing line. Only for terminals. */
  status(text: string): void {
    if (text === this.#status) return;
    this.#status = text;
    this.#output.write(`${CLEAR_LINE}${text}`);
  }
}
