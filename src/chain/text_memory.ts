/**
 * Which of the older text messages have been seen.
 *
 * @module
 */

import type { StrandcastText } from "./strandcast_datagram.ts";

/** Messages remembered by origin and number, so that none is shown twice. */
const MAX_TEXTS_REMEMBERED = 1024;

/** Remembers the newest text messages. */
export class TextMemory {
  readonly #seen = new Set<string>();

  /** Whether the message is new; it is remembered then. */
  take(message: StrandcastText): boolean {
    const key = JSON.stringify([message.origin, message.seq]);
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    if (this.#seen.size > MAX_TEXTS_REMEMBERED) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    }
    return true;
  }
}
