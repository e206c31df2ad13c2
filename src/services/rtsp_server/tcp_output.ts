/**
 * Frames in a connection's `$` frames: one write a frame.
 *
 * @module
 */

import { packetOffset, retargetPackets } from "../../rtp/mod.ts";
import { encodeInterleaved } from "../../rtsp/mod.ts";
import type { ByteSupplier, ConnectionWriter } from "./connection_writer.ts";
import type { MediaOutput, OutputFigures } from "./output.ts";
import { HEADROOM, NO_NUMBERS, type PackedFrame } from "./packed_frame.ts";
import type { Protection } from "./protection.ts";
import { type RtpStream, sameNumbers } from "./rtp_stream.ts";

/** Sends to one viewer; at most one frame waits while one is being written. */
export class TcpOutput implements MediaOutput, ByteSupplier {
  readonly #writer: ConnectionWriter;
  readonly #stream: RtpStream;
  readonly #channels: readonly [rtp: number, rtcp: number];
  readonly #protection: Protection | undefined;
  #waiting: { frame: PackedFrame; timestamp: number } | undefined;
  #saysBye = false;
  #skipped = 0;
  #closed = false;
  /** The copy that is being written, with this viewer's numbers. */
  #copy = new Uint8Array(0);

  /** Sends through `writer` on two channels; `protection` makes it SRTP. */
  constructor(
    writer: ConnectionWriter,
    stream: RtpStream,
    channels: readonly [rtp: number, rtcp: number],
    protection?: Protection,
  ) {
    this.#writer = writer;
    this.#stream = stream;
    this.#channels = channels;
    this.#protection = protection;
  }

  /** See {@linkcode MediaOutput.sequence}. */
  get sequence(): number {
    return this.#stream.sequence;
  }

  /** See {@linkcode MediaOutput.join}. */
  join(sequence: number): void {
    this.#stream.join(sequence);
  }

  /** Takes a frame; one that still waits is left out. */
  frame(frame: PackedFrame, timestamp: number): void {
    if (this.#closed) return;
    if (this.#waiting !== undefined) this.#skipped++;
    this.#waiting = { frame, timestamp };
    this.#writer.wake(this);
  }

  /** Says goodbye behind the last frame. */
  ended(): void {
    this.#saysBye = true;
    this.#writer.wake(this);
  }

  /** See {@linkcode MediaOutput.flush}. */
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
      return this.#rtcp(this.#stream.bye());
    }
    this.#waiting = undefined;
    const { frame, timestamp } = waiting;
    const now = performance.now();
    const numbers = this.#stream.claim(frame, timestamp, now);
    const report = this.#rtcp(this.#stream.report(now));
    if (report !== undefined) this.#writer.send(report);
    const channel = this.#channels[0];
    if (this.#protection !== undefined) {
      return this.#protection.protect(frame, numbers, channel).bytes;
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

  /** See {@linkcode MediaOutput.receiveReports}. */
  receiveReports(bytes: Uint8Array): boolean {
    const clear = this.#protection === undefined
      ? bytes
      : this.#protection.openReport(bytes);
    return clear !== undefined && this.#stream.receiveReports(clear);
  }

  /** See {@linkcode MediaOutput.figures}. */
  figures(): OutputFigures {
    const { framesSent, packets, octets, receiver } = this.#stream;
    return {
      framesSent,
      framesSkipped: this.#skipped,
      packetsSent: packets,
      bytesSent: octets,
      receiver,
    };
  }

  /** See {@linkcode MediaOutput.close}. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.flush();
    const bye = this.#rtcp(this.#stream.bye());
    if (bye !== undefined) this.#writer.send(bye);
  }

  #rtcp(
    bytes: Uint8Array<ArrayBuffer> | undefined,
  ): Uint8Array<ArrayBuffer> | undefined {
    return bytes === undefined ? undefined : encodeInterleaved(
      this.#channels[1],
      this.#protection?.protectReport(bytes) ?? bytes,
    );
  }
}
