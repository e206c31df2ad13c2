/**
 * Frames in a connection's `$` frames: one write a frame.
 *
 * @module
 */

import { packetOffset, retargetPackets } from "../../rtp/mod.ts";
import { encodeInterleaved } from "../../rtsp/mod.ts";
import type { ByteSupplier, ConnectionWriter } from "./connection_writer.ts";
import { RtpOutput } from "./output.ts";
import { HEADROOM, NO_NUMBERS, type PackedFrame } from "./packed_frame.ts";
import type { Protection } from "./protection.ts";
import { type RtpStream, sameNumbers } from "./rtp_stream.ts";

/** Sends to one viewer; at most one frame waits while one is being written. */
export class TcpOutput extends RtpOutput implements ByteSupplier {
  readonly #writer: ConnectionWriter;
  readonly #channels: readonly [rtp: number, rtcp: number];
  #waiting: { frame: PackedFrame; timestamp: number } | undefined;
  #saysBye = false;
  /** The copy that is being written, with this viewer's numbers. */
  #copy = new Uint8Array(0);

  /** Sends through `writer` on two channels; `protection` makes it SRTP. */
  constructor(
    writer: ConnectionWriter,
    stream: RtpStream,
    channels: readonly [rtp: number, rtcp: number],
    protection?: Protection,
  ) {
    super(stream, protection);
    this.#writer = writer;
    this.#channels = channels;
  }

  /** Takes a frame; one that still waits is left out. */
  frame(frame: PackedFrame, timestamp: number): void {
    if (this.closed) return;
    if (this.#waiting !== undefined) this.skipped++;
    this.#waiting = { frame, timestamp };
    this.#writer.wake(this);
  }

  /** Says goodbye behind the last frame. */
  ended(): void {
    this.#saysBye = true;
    this.#writer.wake(this);
  }

  /** Forgets the frame that waits. */
  flush(): void {
    this.#waiting = undefined;
    this.#saysBye = false;
  }

  /** What the connection writes next. */
  take(atOnce: boolean): Uint8Array | undefined {
    const waiting = this.#waiting;
    if (waiting === undefined) {
      if (!this.#saysBye) return undefined;
      this.#saysBye = false;
      return this.#rtcp(this.stream.bye());
    }
    this.#waiting = undefined;
    const { frame, timestamp } = waiting;
    const now = performance.now();
    const numbers = this.stream.claim(frame, timestamp, now);
    this.sendReport(this.stream.report(now));
    const channel = this.#channels[0];
    if (this.protection !== undefined) {
      return this.protection.protect(frame, numbers, channel).bytes;
    }
    if (channel === 0 && sameNumbers(numbers, frame.numbers)) {
      return frame.bytes;
    }
    const { run, bytes } = frame;
    if (atOnce && channel === 0 && frame.numbers === NO_NUMBERS) {
      // Nobody else looks at it before it has left.
      retargetPackets(bytes, run, numbers);
      return bytes;
    }
    if (this.#copy.length < bytes.length) {
      this.#copy = new Uint8Array(Math.ceil(bytes.length * 1.25));
    }
    const copy = this.#copy.subarray(0, bytes.length);
    copy.set(bytes);
    retargetPackets(copy, run, numbers);
    if (channel !== 0) {
      for (let index = 0; index < run.count; index++) {
        copy[packetOffset(run, index) - HEADROOM + 1] = channel;
      }
    }
    return copy;
  }

  protected override sendReport(report: Uint8Array | undefined): void {
    const bytes = this.#rtcp(report);
    if (bytes !== undefined) this.#writer.send(bytes);
  }

  #rtcp(report: Uint8Array | undefined): Uint8Array<ArrayBuffer> | undefined {
    return report === undefined
      ? undefined
      : encodeInterleaved(this.#channels[1], this.protectReport(report));
  }
}
