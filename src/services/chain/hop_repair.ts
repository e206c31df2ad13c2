/**
 * Answers the next peer's questions: sends again what got lost on the hop.
 *
 * @module
 */

import {
  type AnswerFigures,
  ChainProtocolError,
  type DatagramSeal,
  decodeFeedback,
  encodeProbe,
  type FragmentStore,
  isFeedback,
  RepairResponder,
  ReplayWindow,
  storedDatagramBytes,
  type WantedFragment,
  writeStoredFragment,
} from "../../chain/mod.ts";
import { SerialExtender } from "../../bytes/mod.ts";
import { DatagramBatch, nowMicros } from "../../net/mod.ts";
import { isSameHost } from "./addresses.ts";
import type { UdpAddress, UdpSocket } from "../../net/mod.ts";

/** Datagrams sent again in one call. */
const BATCH_DATAGRAMS = 16;
/** Answers under way at once; a sender that cannot keep up answers no more. */
const MAX_ANSWERS = 4;

/** The sender's half of a hop's repair, on its socket. */
export class HopRepair {
  /** What questions must be sealed with, and what is sent again is. */
  seal: DatagramSeal | undefined;
  /** Feedback that could not be read, was forged, or came again. */
  refused = 0;
  readonly #replays = new ReplayWindow();
  #times = new SerialExtender(32);
  #next: UdpAddress | undefined;
  readonly #socket: UdpSocket;
  readonly #store: FragmentStore;
  readonly #responder = new RepairResponder();
  #batch: DatagramBatch | undefined;
  #answering: Promise<void> = Promise.resolve();
  #answers = 0;

  /** Sends again from `store` through `socket`. */
  constructor(socket: UdpSocket, store: FragmentStore) {
    this.#socket = socket;
    this.#store = store;
  }

  /** Where datagrams are sent to: only from there questions are answered. */
  get next(): UdpAddress | undefined {
    return this.#next;
  }

  set next(next: UdpAddress | undefined) {
    this.#next = next;
    // Another peer's clock is another.
    this.#replays.reset();
    this.#times = new SerialExtender(32);
  }

  /** What was asked, and what was sent again. */
  get figures(): AnswerFigures {
    return this.#responder.figures;
  }

  /** So many bytes left for the first time. */
  sent(bytes: number): void {
    this.#responder.sent(bytes);
  }

  /**
   * Takes a datagram if it goes against the stream and comes from the next
   * peer; false when it is for somebody else.
   */
  receive(datagram: Uint8Array, from: UdpAddress | undefined): boolean {
    const { next } = this;
    if (
      next === undefined || !isFeedback(datagram) || from?.port !== next.port ||
      !isSameHost(from.hostname, next.hostname)
    ) return false;
    if (this.seal !== undefined && this.seal.check(datagram) !== 0) {
      this.refused++;
      return true;
    }
    try {
      const feedback = decodeFeedback(datagram);
      const now = nowMicros();
      if (feedback.type === "probe") {
        if (feedback.kind === "answer") return false;
        const answer = encodeProbe(
          "answer",
          feedback.timeUs,
          now,
          this.seal,
        );
        this.#then(() => this.#socket.sendOne(answer, next));
      } else if (!this.#isFresh(feedback.timeMs)) this.refused++;
      else if (feedback.streamId === this.#store.storedStreamId) {
        const wanted = this.#responder.answer(
          feedback.wanted,
          this.#store,
          now,
        );
        if (wanted.length > 0) this.#then(() => this.#sendAgain(wanted, next));
      }
    } catch (error) {
      if (!(error instanceof ChainProtocolError)) throw error;
      this.refused++;
    }
    return true;
  }

  /** Sealed questions count once. */
  #isFresh(timeMs: number): boolean {
    return this.seal === undefined ||
      this.#replays.take(this.#times.extend(timeMs));
  }

  /** Waits until what was begun has left. */
  async settled(): Promise<void> {
    await this.#answering;
  }

  #then(send: () => Promise<void>): void {
    if (this.#answers >= MAX_ANSWERS) return;
    this.#answers++;
    this.#answering = this.#answering.then(send).finally(() => this.#answers--);
  }

  async #sendAgain(
    wanted: readonly WantedFragment[],
    to: UdpAddress,
  ): Promise<void> {
    const { storedStreamId } = this.#store;
    for (let first = 0; first < wanted.length; first += BATCH_DATAGRAMS) {
      const some = wanted.slice(first, first + BATCH_DATAGRAMS).flatMap(
        (one) => {
          const stored = this.#store.stored(one.frame);
          return stored === undefined ? [] : [{ stored, index: one.index }];
        },
      );
      const slotBytes = Math.max(
        0,
        ...some.map(({ stored }) => storedDatagramBytes(stored, this.seal)),
      );
      const batch = this.#batchFor(slotBytes);
      const now = nowMicros();
      let at = 0;
      batch.count = 0;
      for (const { stored, index } of some) {
        const length = writeStoredFragment(
          stored,
          index,
          storedStreamId,
          now,
          batch.bytes,
          at,
          this.seal,
        );
        batch.starts[batch.count] = at;
        batch.lengths[batch.count++] = length;
        at += length;
      }
      await this.#socket.send(batch, 0, batch.count, to);
    }
  }

  #batchFor(slotBytes: number): DatagramBatch {
    if ((this.#batch?.slotBytes ?? 0) < slotBytes) {
      this.#batch = undefined;
    }
    return this.#batch ??= new DatagramBatch(BATCH_DATAGRAMS, slotBytes);
  }
}
