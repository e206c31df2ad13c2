/**
 * The server's clock, by asking it: quickly at first, then now and again.
 *
 * @module
 */

import { ClockOffset } from "./clock_offset.ts";
import type { PartySocket } from "./party_state.ts";
import type { PartyClock } from "./transport.ts";

/** Round trips at the start, and their distance, ms. */
const FIRST_PINGS = 10;
const FIRST_PING_MS = 60;
/** Later there is one this often, ms. */
const PING_MS = 2000;

/** Knows the server's clock. */
export class ServerClock {
  readonly #socket: PartySocket;
  readonly #clock: PartyClock;
  readonly #offset = new ClockOffset();
  #pings = 0;
  #cancel: () => void = () => {};

  /** Does not ask yet. */
  constructor(socket: PartySocket, clock: PartyClock) {
    this.#socket = socket;
    this.#clock = clock;
    socket.on("clock-pong", (value) => {
      const { echo, serverTime } = (value ?? {}) as Readonly<
        Record<string, unknown>
      >;
      if (typeof echo !== "number" || typeof serverTime !== "number") return;
      this.#offset.add({
        sent: echo,
        remote: serverTime,
        received: clock.now(),
      });
    });
  }

  /** Round trip to the server at its best, ms. */
  get roundTripMs(): number | undefined {
    return this.#offset.roundTripMs;
  }

  /** The server's clock now, ms. */
  now(): number {
    return this.at(this.#clock.now());
  }

  /** The server's clock at a moment of ours, ms. */
  at(local: number): number {
    return this.#offset.toRemote(local);
  }

  /** The server said what its time is now: better than nothing. */
  hint(serverTime: number): void {
    if (this.#offset.known) return;
    const now = this.#clock.now();
    this.#offset.add({ sent: now, remote: serverTime, received: now });
  }

  /** Asks from now on. */
  start(): void {
    this.#pings = 0;
    this.#ping();
  }

  /** Asks no more. */
  stop(): void {
    this.#cancel();
  }

  #ping(): void {
    this.#cancel();
    if (!this.#socket.connected) return;
    this.#socket.emit("clock-ping", { echo: this.#clock.now() });
    const wait = this.#pings++ < FIRST_PINGS ? FIRST_PING_MS : PING_MS;
    this.#cancel = this.#clock.after(wait, () => this.#ping());
  }
}
