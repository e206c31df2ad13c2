/**
 * A frame's packets as datagrams, a few at a time.
 *
 * @module
 */

import {
  DatagramBatch,
  type UdpAddress,
  type UdpSocket,
} from "../../net/mod.ts";
import { packetLengthAt, packetOffset, type PacketRun } from "../../rtp/mod.ts";
import { type FrameClock, SLOT_MS } from "./frame_clock.ts";

/**
 * Packets that leave in one slot of the clock: more at once overrun the
 * receive buffers of players, whose default holds 92.
 */
export const BURST_PACKETS = 32;
/** Bursts of a frame are so far apart, ms; one that is late leaves with the next. */
const BURST_GAP_MS = SLOT_MS / 2;

/** Sends one frame at a time to one address. */
export class PacketBursts {
  readonly #socket: UdpSocket;
  readonly #clock: FrameClock;
  readonly #to: UdpAddress;
  readonly #batch: DatagramBatch;
  /** Whether the burst before left without waiting. */
  #caughtUp = false;
  #busy = false;
  /** When the next burst is to leave. */
  #dueAt = 0;

  /** For bursts of at most `burstBytes`. */
  constructor(
    options: {
      socket: UdpSocket;
      clock: FrameClock;
      to: UdpAddress;
      burstBytes: number;
    },
  ) {
    this.#socket = options.socket;
    this.#clock = options.clock;
    this.#to = options.to;
    this.#batch = new DatagramBatch(
      BURST_PACKETS,
      Math.ceil(options.burstBytes / BURST_PACKETS),
    );
  }

  /** Whether a frame is on its way. */
  get busy(): boolean {
    return this.#busy;
  }

  /**
   * Sends the packets that lie in `bytes` as `run` says. `number` is called with
   * each burst, packed together, and puts the numbers in. `done` is called when
   * the last has left; until then `bytes` must stay.
   */
  send(
    bytes: Uint8Array,
    run: PacketRun,
    number: (batch: DatagramBatch, first: number) => void,
    done: () => void,
  ): void {
    this.#busy = true;
    this.#dueAt = this.#clock.now;
    this.#burst(bytes, run, 0, number, done);
  }

  #burst(
    bytes: Uint8Array,
    run: PacketRun,
    first: number,
    number: (batch: DatagramBatch, first: number) => void,
    done: () => void,
  ): void {
    const batch = this.#batch;
    batch.count = 0;
    const end = Math.min(run.count, first + BURST_PACKETS);
    for (let index = first; index < end; index++) {
      const at = packetOffset(run, index);
      batch.append(bytes.subarray(at, at + packetLengthAt(run, index)));
    }
    number(batch, first);
    this.#socket.send(batch, 0, batch.count, this.#to).then(() => {
      if (end < run.count) {
        this.#dueAt += BURST_GAP_MS;
        const next = (): void => this.#burst(bytes, run, end, number, done);
        // A busy machine wakes us late: two at once still fit into a player's
        // buffer, and a large frame is gone before the next.
        const isLate = performance.now() >= this.#dueAt + SLOT_MS;
        if (isLate && !this.#caughtUp) {
          this.#caughtUp = true;
          next();
        } else {
          this.#caughtUp = false;
          this.#clock.schedule(this.#dueAt, next);
        }
      } else {
        this.#busy = false;
        done();
      }
    });
  }
}
