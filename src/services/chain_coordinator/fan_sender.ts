/**
 * Sends each frame to the first peer of every chain: the coordinator is the
 * root of a tree with as many branches as `--fan-out` says.
 *
 * @module
 */

import type { AnswerFigures, DatagramSeal } from "../../chain/mod.ts";
import type { PacerOptions, UdpAddress, UdpSocket } from "../../net/mod.ts";
import {
  FrameSender,
  type Hop,
  type StrandcastOptions,
  type TimedFrame,
} from "../chain/frame_sender.ts";

/** One {@linkcode FrameSender} a chain, all through one socket. */
export class FanSender {
  readonly #senders: readonly FrameSender[];

  /** Sends to the heads of `chains` chains. */
  constructor(
    socket: UdpSocket,
    strandcast: StrandcastOptions,
    chains: number,
  ) {
    this.#senders = Array.from(
      { length: chains },
      () => new FrameSender(socket, strandcast),
    );
  }

  /** Where frames go, by chain; `undefined` for one without a peer. */
  get hops(): readonly (Hop | undefined)[] {
    return this.#senders.map(({ next }) => next);
  }

  set hops(hops: readonly (Hop | undefined)[]) {
    for (const [chain, sender] of this.#senders.entries()) {
      sender.next = hops[chain];
    }
  }

  /** As {@linkcode FrameSender.seal}. */
  set seal(seal: DatagramSeal | undefined) {
    for (const sender of this.#senders) sender.seal = seal;
  }

  /** As {@linkcode FrameSender.fragmentBytes}. */
  set fragmentBytes(bytes: number) {
    for (const sender of this.#senders) sender.fragmentBytes = bytes;
  }

  /** As {@linkcode FrameSender.parityPercent}. */
  set parityPercent(percent: number) {
    for (const sender of this.#senders) sender.parityPercent = percent;
  }

  /** What the heads asked for again, and what they got, of all chains. */
  get repairFigures(): AnswerFigures {
    const all = this.#senders.map(({ repairFigures }) => repairFigures);
    const sum = (name: keyof AnswerFigures): number =>
      all.reduce((total, figures) => total + figures[name], 0);
    return {
      asked: sum("asked"),
      resent: sum("resent"),
      withheld: sum("withheld"),
      unknown: sum("unknown"),
    };
  }

  /** As {@linkcode FrameSender.receive}. */
  receive(datagram: Uint8Array, from: UdpAddress | undefined): boolean {
    return this.#senders.some((sender) => sender.receive(datagram, from));
  }

  /** As {@linkcode FrameSender.pace}. */
  pace(options: PacerOptions): void {
    for (const sender of this.#senders) sender.pace(options);
  }

  /** As {@linkcode FrameSender.beginStream}. */
  beginStream(streamId: number): void {
    for (const sender of this.#senders) sender.beginStream(streamId);
  }

  /** As {@linkcode FrameSender.sendFrame}, to all heads at once. */
  async sendFrame(frame: TimedFrame, signal: AbortSignal): Promise<void> {
    await Promise.all(
      this.#senders.map((sender) => sender.sendFrame(frame, signal)),
    );
  }

  /** As {@linkcode FrameSender.sendEnd}. */
  async sendEnd(frames: number): Promise<void> {
    await Promise.all(this.#senders.map((sender) => sender.sendEnd(frames)));
  }

  /** As {@linkcode FrameSender.settled}. */
  async settled(): Promise<void> {
    await Promise.all(this.#senders.map((sender) => sender.settled()));
  }
}
