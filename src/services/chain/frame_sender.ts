/**
 * Puts frames on a hop's wire: the coordinator's to the first peer, and that
 * of a peer whose two neighbours speak different wires.
 *
 * @module
 */

import {
  type AnswerFigures,
  BinaryFragmenter,
  type DatagramSeal,
  DEFAULT_FRAGMENT_BYTES,
  encodeBinaryEnd,
  encodeStrandcastEnd,
  encodeStrandcastFrame,
  PARITY_PREFIX_BYTES,
  parityGroups,
  writeParity,
} from "../../chain/mod.ts";
import type { ChainWire } from "../../chain/mod.ts";
import {
  DatagramBatch,
  nowMicros,
  Pacer,
  type PacerOptions,
  sleepUntil,
} from "../../net/mod.ts";
import type { UdpAddress, UdpSocket } from "../../net/mod.ts";
import { HopRepair } from "./hop_repair.ts";
import { SentFrames } from "./sent_frames.ts";

/** Copies of an end of stream on the binary wire: UDP may lose two of them. */
const END_COPIES = 3;
/** Time between those copies, so that one burst of loss does not take them all. */
const END_SPACING_US = 5000;

/** The next peer and what it speaks. */
export interface Hop {
  /** The peer's name. */
  readonly name: string;
  /** Where it receives. */
  readonly address: UdpAddress;
  /** What both ends agreed on. */
  readonly wire: ChainWire;
}

/** How frames are written on the StrandCast wire. */
export interface StrandcastOptions {
  /** Text form of the compressed bytes. */
  readonly dataEncoding: "hex" | "base64";
  /** A bare JPEG, or a pickled numpy array that holds it. */
  readonly payload: "jpeg" | "pickle";
  /** zlib's level, 0–9. */
  readonly zlibLevel: number;
  /** Largest datagram in bytes. */
  readonly maxDatagram: number;
}

/** A frame and when it shall leave. */
export interface TimedFrame {
  /** The JPEG. */
  readonly bytes: Uint8Array;
  /** Its number in the stream, from 0. */
  readonly number: number;
  /** When its first datagram is due, µs since the epoch. */
  readonly dueUs: number;
  /** Time until the next frame is due, µs. */
  readonly frameTimeUs: number;
}

/** Sends one frame at a time, paced, to whoever is next at that moment. */
export class FrameSender {
  /** Payload bytes of a binary fragment; may change between frames. */
  fragmentBytes = DEFAULT_FRAGMENT_BYTES;
  /** Parity in percent of a frame's fragments; 0 sends none. May change between frames. */
  parityPercent = 0;
  /** Datagrams sent. */
  datagramsSent = 0;
  readonly #socket: UdpSocket;
  readonly #strandcast: StrandcastOptions;
  #pacer = new Pacer();
  readonly #sent = new SentFrames();
  readonly #repair: HopRepair;
  #batch = new DatagramBatch(64, 8192);
  #next: Hop | undefined;
  #seal: DatagramSeal | undefined;
  #streamId = 0;

  /** Sends through `socket`. */
  constructor(socket: UdpSocket, strandcast: StrandcastOptions) {
    this.#socket = socket;
    this.#strandcast = strandcast;
    this.#repair = new HopRepair(socket, this.#sent);
  }

  /** What the next peer asked for again, and what it got. */
  get repairFigures(): AnswerFigures {
    return this.#repair.figures;
  }

  /**
   * Takes a datagram that came to the socket, if it is the next peer's and
   * goes against the stream; false when it is for somebody else.
   */
  receive(datagram: Uint8Array, from: UdpAddress | undefined): boolean {
    return this.#repair.receive(datagram, from);
  }

  /** Waits until what was asked for again has left. */
  async settled(): Promise<void> {
    await this.#repair.settled();
  }

  /** Seals what is sent from the next frame on; `undefined` leaves it open. */
  set seal(seal: DatagramSeal | undefined) {
    this.#seal = seal;
    this.#repair.seal = seal;
  }

  /** Where frames go; `undefined` sends them nowhere. */
  get next(): Hop | undefined {
    return this.#next;
  }

  set next(hop: Hop | undefined) {
    this.#next = hop;
    this.#repair.next = hop?.wire === "binary" ? hop.address : undefined;
  }

  /** Spreads frames so from the next one on. */
  pace(options: PacerOptions): void {
    this.#pacer = new Pacer(options);
  }

  /** Starts a stream; `streamId` is not zero. */
  beginStream(streamId: number): void {
    this.#streamId = streamId;
    this.#sent.beginStream(streamId);
  }

  /**
   * Sends a frame over its share of the frame time; resolves when the last
   * datagram left, or the signal aborted. A frame with nobody next waits for
   * no time. Its bytes must not change afterwards: they may be sent again.
   */
  async sendFrame(frame: TimedFrame, signal: AbortSignal): Promise<void> {
    const hop = this.#next;
    if (hop === undefined) return;
    if (hop.wire === "binary") await this.#sendBinary(frame, hop, signal);
    else await this.#sendStrandcast(frame, hop, signal);
  }

  async #sendBinary(
    frame: TimedFrame,
    hop: Hop,
    signal: AbortSignal,
  ): Promise<void> {
    const fragmenter = new BinaryFragmenter({
      streamId: this.#streamId,
      fragmentBytes: this.fragmentBytes,
      seal: this.#seal,
    });
    const count = fragmenter.begin(frame.bytes, frame.number);
    const slotBytes = fragmenter.datagramBytes + PARITY_PREFIX_BYTES;
    if (this.#batch.slotBytes < slotBytes) {
      this.#batch = new DatagramBatch(64, slotBytes);
    }
    const groups = parityGroups(count, this.parityPercent);
    const parityFrame = {
      streamId: this.#streamId,
      frameNumber: frame.number,
      bytes: frame.bytes,
      total: count,
    };
    let index = 0;
    const sent = this.#sent.begin(
      frame.number,
      frame.bytes,
      count,
      nowMicros(),
    );
    const all = count + groups;
    await this.#paced(frame, all, slotBytes, signal, async (due) => {
      while (due > 0) {
        const batch = this.#batch;
        const some = Math.min(due, batch.capacity);
        const now = nowMicros();
        let at = 0;
        for (let i = 0; i < some; i++) {
          const length = index < count
            ? fragmenter.write(index, now, batch.bytes, at)
            : writeParity(
              parityFrame,
              index - count,
              groups,
              now,
              batch.bytes,
              at,
              this.#seal,
            );
          index++;
          batch.starts[i] = at;
          batch.lengths[i] = length;
          at += length;
        }
        batch.count = some;
        this.#repair.sent(at);
        sent.sent = Math.min(index, count);
        await this.#socket.send(batch, 0, some, hop.address);
        due -= some;
      }
    });
  }

  async #sendStrandcast(
    frame: TimedFrame,
    hop: Hop,
    signal: AbortSignal,
  ): Promise<void> {
    const { dataEncoding, payload, zlibLevel, maxDatagram } = this.#strandcast;
    const datagrams = encodeStrandcastFrame(frame.bytes, {
      frameNumber: frame.number,
      encoding: dataEncoding,
      payload,
      zlibLevel,
      maxDatagram,
    });
    let index = 0;
    const size = datagrams[0]?.length ?? 1;
    await this.#paced(frame, datagrams.length, size, signal, async (due) => {
      for (const datagram of datagrams.slice(index, index + due)) {
        await this.#socket.sendOne(datagram, hop.address);
      }
      index += due;
    });
  }

  async #paced(
    frame: TimedFrame,
    count: number,
    datagramBytes: number,
    signal: AbortSignal,
    send: (due: number) => Promise<void>,
  ): Promise<void> {
    const pacer = this.#pacer;
    const { dueUs, frameTimeUs } = frame;
    pacer.begin(count, datagramBytes, dueUs, frameTimeUs, nowMicros());
    while (!pacer.done && !signal.aborted) {
      const due = pacer.take(nowMicros());
      if (due > 0) {
        await send(due);
        this.datagramsSent += due;
      }
      const nextAt = pacer.nextAt();
      if (nextAt !== undefined) await sleepUntil(nextAt, signal);
    }
  }

  /** Tells the next peer that the stream ended after `frames` frames. */
  async sendEnd(frames: number): Promise<void> {
    const hop = this.#next;
    if (hop === undefined) return;
    if (hop.wire === "strandcast") {
      await this.#socket.sendOne(encodeStrandcastEnd(frames), hop.address);
      this.datagramsSent++;
      return;
    }
    for (let copy = 0; copy < END_COPIES; copy++) {
      if (copy > 0) await sleepUntil(nowMicros() + END_SPACING_US);
      const end = encodeBinaryEnd(
        this.#streamId,
        frames,
        nowMicros(),
        this.#seal,
      );
      await this.#socket.sendOne(end, hop.address);
      this.datagramsSent++;
    }
  }
}

/** A random stream id from 1 to 2^32 − 1; 0 means "no stream". */
export function newStreamId(): number {
  const [id = 0] = crypto.getRandomValues(new Uint32Array(1));
  return id === 0 ? 1 : id;
}
