/**
 * The events of `--json`: JSON lines with exactly one `end`, last.
 *
 * @module
 */

import type { CommandEvent } from "./command.ts";

/** Writes events, and sees to it that the last and only the last is `end`. */
export class EventWriter {
  readonly #write: ((line: string) => void) | undefined;
  #end: CommandEvent | undefined;
  #finished = false;

  /** `write` receives each line without its break; without it (no `--json`) only the rules are kept. */
  constructor(write: ((line: string) => void) | undefined) {
    this.#write = write;
  }

  /**
   * Writes an event; keeps `end` until {@link finish}.
   *
   * @throws {Error} for a second `end` and for an event behind one: a mistake in the command
   */
  emit(event: CommandEvent): void {
    if (this.#end !== undefined) {
      throw new Error(
        `Cannot emit ${JSON.stringify(event.event)}: the end event was emitted`,
      );
    }
    if (event.event === "end") this.#end = event;
    else if (!this.#finished) this.#writeEvent(event);
  }

  /** Writes the `end` event, with the exit code and, when it failed, the error. */
  finish(code: number, error?: string): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#writeEvent({
      ...this.#end,
      event: "end",
      code,
      ...(error === undefined ? {} : { error }),
    });
  }

  #writeEvent(event: CommandEvent): void {
    if (this.#write === undefined) return;
    const { event: name, ...fields } = event;
    const text = JSON.stringify(
      { event: name, ...fields },
      (_, value: unknown) => typeof value === "bigint" ? Number(value) : value,
    );
    this.#write(text);
  }
}
