/**
 * A hop whose two ends speak different wires: whole frames are packed anew.
 *
 * @module
 */

import type {
  AnswerFigures,
  ChainWire,
  DatagramSeal,
  RelayFrame,
} from "../../chain/mod.ts";
import { nowMicros, type UdpAddress, type UdpSocket } from "../../net/mod.ts";
import {
  FrameSender,
  type Hop,
  newStreamId,
  type StrandcastOptions,
} from "../chain/frame_sender.ts";

/**
 * Frames that may wait for their turn: packing takes longer than receiving,
 * and old pictures are worth nothing.
 */
const MAX_WAITING = 3;
/**
 * The frame time assumed before two frames have shown what it is: 30 frames a
 * second.
 */
const ASSUMED_FRAME_TIME_US = 33_333;

/** Sends whole frames to a next peer that speaks the other wire, one after another. */
export class Transcoder {
  readonly #sender: FrameSender;
  readonly #stop = new AbortController();
  #sending: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** Sends through `socket`. */
  constructor(socket: UdpSocket, strandcast: StrandcastOptions) {
    this.#sender = new FrameSender(socket, strandcast);
  }

  /** The next peer. */
  set next(hop: Hop | undefined) {
    this.#sender.next = hop;
  }

  /** What datagrams are sealed with on a chain with a key. */
  set seal(seal: DatagramSeal | undefined) {
    this.#sender.seal = seal;
  }

  /** Datagrams sent. */
  get datagramsSent(): number {
    return this.#sender.datagramsSent;
  }

  /** What the next peer asked for again, and what it got. */
  get repairFigures(): AnswerFigures {
    return this.#sender.repairFigures;
  }

  /** As {@linkcode FrameSender.receive}. */
  receive(datagram: Uint8Array, from: UdpAddress | undefined): boolean {
    return this.#sender.receive(datagram, from);
  }

  /** A stream begins; 0 stands for one whose id is not known. */
  beginStream(streamId: number): void {
    this.#sender.beginStream(streamId || newStreamId());
  }

  /** Sends a frame if it is on another wire than the next peer's and has a place in the queue. */
  send(frame: RelayFrame, fps: number): void {
    if (!this.#isNeededFor(frame.wire) || this.#waiting >= MAX_WAITING) return;
    this.#waiting++;
    const dueUs = nowMicros();
    frame.jpeg.retain();
    this.#sending = this.#sending.then(async () => {
      try {
        await this.#sender.sendFrame({
          bytes: frame.jpeg.bytes,
          number: frame.number,
          dueUs,
          frameTimeUs: fps > 0 ? 1e6 / fps : ASSUMED_FRAME_TIME_US,
        }, this.#stop.signal);
      } finally {
        this.#waiting--;
        frame.jpeg.release();
      }
    });
  }

  /** Says that the stream is over, likewise, behind its frames. */
  sendEnd(frames: number, wire: ChainWire): void {
    if (!this.#isNeededFor(wire)) return;
    this.#sending = this.#sending.then(() => this.#sender.sendEnd(frames));
  }

  /** Leaves out what waits; resolves when what was begun has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#sending;
    await this.#sender.settled();
  }

  #isNeededFor(wire: ChainWire): boolean {
    const { next } = this.#sender;
    return next !== undefined && next.wire !== wire;
  }
}
