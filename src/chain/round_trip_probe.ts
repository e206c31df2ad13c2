/**
 * Measures the time to the sender of a hop and back.
 *
 * @module
 */

import type { Sealing } from "./binary_datagram.ts";
import { ChainProtocolError } from "./chain_error.ts";
import { decodeFeedback, encodeProbe } from "./feedback_datagram.ts";

/** Time between two questions: the figure is for people, not for repair. */
const SPACING_US = 1_000_000;
/** An answer to an older question is none. */
const TIMEOUT_US = 10_000_000;
/** Weight of a new measurement (RFC 6298 section 2). */
const WEIGHT = 1 / 8;

/** Asks one sender; the shell sends. */
export class RoundTripProbe {
  #askedUs: number | undefined;
  #roundTripUs: number | undefined;

  /** The time to the sender and back, smoothed, µs; `undefined` before the first answer. */
  get roundTripUs(): number | undefined {
    return this.#roundTripUs;
  }

  /** The next question, if it is time for one. */
  ask(nowUs: number, seal?: Sealing): Uint8Array<ArrayBuffer> | undefined {
    if (this.#askedUs !== undefined && nowUs - this.#askedUs < SPACING_US) {
      return undefined;
    }
    this.#askedUs = nowUs;
    return encodeProbe("ask", nowUs, nowUs, seal);
  }

  /** Takes what came from the sender; false when it is no answer to our question. */
  hear(datagram: Uint8Array, nowUs: number): boolean {
    try {
      const feedback = decodeFeedback(datagram);
      const askedUs = this.#askedUs;
      if (
        feedback.type !== "probe" || feedback.kind !== "answer" ||
        askedUs === undefined || nowUs - askedUs > TIMEOUT_US ||
        feedback.timeUs !== Math.floor(askedUs) % 2 ** 32
      ) return false;
      const sampleUs = nowUs - askedUs;
      this.#roundTripUs ??= sampleUs;
      this.#roundTripUs += (sampleUs - this.#roundTripUs) * WEIGHT;
      return true;
    } catch (error) {
      if (!(error instanceof ChainProtocolError)) throw error;
      return false;
    }
  }
}
