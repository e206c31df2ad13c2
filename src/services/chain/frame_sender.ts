/**
 * Puts frames on a hop's wire: the coordinator's to the first peer, and that
 * of a peer whose two neighbours speak different wires.
 *
 * @module
 */

import {
  BinaryFragmenter,
  DEFAULT_FRAGMENT_BYTES,
  encodeBinaryEnd,
  encodeStrandcastEnd,
  encodeStrandcastFrame,
} from "../../chain/mod.ts";
import type { ChainWire } from "../../chain/mod.ts";
import { DatagramBatch, nowMicros, Pacer, sleepUntil } from "../../net/mod.ts";
import type { UdpAddress, UdpSocket } from "../../net/mod.ts";

/**
 * Payload of a fragment on a chain that never leaves this machine. A datagram
 * of 15,872 bytes just fits one of the kernel's 16 KiB buffers, so the default
 * receive buffer (212,992 bytes) holds 13 of them, 206 KB of video, where it
 * holds only 130 KB in datagrams of 1400; and it costs a tenth of the calls.
 */
export const LOOPBACK_FRAGMENT_BYTES = 15_832;

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
  /** Datagrams sent. */
  datagramsSent = 0;
  readonly #socket: UdpSocket;
  readonly #strandcast: StrandcastOptions;
  readonly #pacer = new Pacer();
  #batch = new DatagramBatch(64, 8192);
  #next: Hop | undefined;
  #streamId = 0;

  /** Sends through `socket`. */
  constructor(socket: UdpSocket, strandcast: StrandcastOptions) {
    this.#socket = socket;
    this.#strandcast = strandcast;
  }

  /** Where frames go; `undefined` sends them nowhere. */
  get next(): Hop | undefined {
    return this.#next;
  }

  set next(hop: Hop | undefined) {
    this.#next = hop;
  }

  /** Starts a stream; `streamId` is not zero. */
  beginStream(streamId: number): void {
    this.#streamId = streamId;
  }

  /**
   * Sends a frame over its share of the frame time; resolves when the last
   * datagram left, or the signal aborted. A frame with nobody next waits for
   * no time.
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
    });
    const count = fragmenter.begin(frame.bytes, frame.number);
    const slotBytes = fragmenter.datagramBytes;
    if (this.#batch.slotBytes < slotBytes) {
      this.#batch = new DatagramBatch(64, slotBytes);
    }
    let index = 0;
    await this.#paced(frame, count, slotBytes, signal, async (due) => {
      while (due > 0) {
        const batch = this.#batch;
        const some = Math.min(due, batch.capacity);
        const now = nowMicros();
        let at = 0;
        for (let i = 0; i < some; i++) {
          const length = fragmenter.write(index++, now, batch.bytes, at);
          batch.starts[i] = at;
          batch.lengths[i] = length;
          at += length;
        }
        batch.count = some;
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
      const end = encodeBinaryEnd(this.#streamId, frames, nowMicros());
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
