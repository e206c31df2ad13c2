/**
 * Which of two ways is quicker: each alone for a moment. Side by side they say
 * little, because they share the line and both machines.
 *
 * @module
 */

/** The two ways. */
export type TriedWay = "rtc" | "relay";

/** Times that were looked: to come to rest, and to measure, for each. */
const ROUNDS = [
  { holds: "relay", measures: undefined },
  { holds: "relay", measures: "rtc" },
  { holds: "rtc", measures: undefined },
  { holds: "rtc", measures: "relay" },
] as const;

/** The relay stays when it gives so many times what WebRTC does. */
const FASTER = 1.2;
/** WebRTC rests when the relay gives so many times as much: it would only take processor and line from it. */
const MUCH_FASTER = 1.5;

/** A comparison, looked at again and again at even distances. */
export class WayTrial {
  #round = -1;
  #at = 0;
  #bytes: Readonly<Record<TriedWay, number>> = { rtc: 0, relay: 0 };
  /** What each gave alone, bytes a second. */
  readonly alone: Record<TriedWay, number> = { rtc: 0, relay: 0 };

  /** Whether both were measured. */
  get isOver(): boolean {
    return this.#round >= ROUNDS.length;
  }

  /** The way that is to be asked for nothing now. */
  get holds(): TriedWay | undefined {
    return this.isOver
      ? this.alone.relay > MUCH_FASTER * this.alone.rtc ? "rtc" : undefined
      : ROUNDS[this.#round]?.holds;
  }

  /** Whether the relay is worth the server's trouble; asked when it is over. */
  get isRelayFaster(): boolean {
    return this.alone.relay > FASTER * this.alone.rtc;
  }

  /** It is looked at; `bytes` is what came by each so far. */
  look(now: number, bytes: Readonly<Record<TriedWay, number>>): void {
    if (this.isOver) return;
    const measured = ROUNDS[this.#round]?.measures;
    if (measured !== undefined && now > this.#at) {
      this.alone[measured] = 1000 * (bytes[measured] - this.#bytes[measured]) /
        (now - this.#at);
    }
    this.#round++;
    this.#at = now;
    this.#bytes = bytes;
  }
}
