/**
 * Frames of the teaching dialect: whole JPEG files over UDP.
 *
 * @module
 */

import type { UdpAddress } from "../../net/mod.ts";
import {
  LAB_PIECE_LENGTH,
  labRunLength,
  packetizeLab,
  RTP_HEADER_LENGTH,
} from "../../rtp/mod.ts";
import type { FrameClock } from "./frame_clock.ts";
import type { MediaOutput, OutputFigures } from "./output.ts";
import type { PackedFrame } from "./packed_frame.ts";
import { BURST_PACKETS, PacketBursts } from "./packet_bursts.ts";
import type { UdpPorts } from "./udp_ports.ts";

/** Sends to one client, numbering frames from 1. */
export class LabOutput implements MediaOutput {
  readonly #maxPacketSize: number;
  readonly #bursts: PacketBursts;
  #sequence = 1;
  #buffer = new Uint8Array(0);
  #framesSent = 0;
  #skipped = 0;
  #packets = 0;
  #bytes = 0;
  #closed = false;

  /** Sends to `to`; larger frames than `maxPacketSize` leave in pieces. */
  constructor(
    options: {
      ports: UdpPorts;
      clock: FrameClock;
      to: UdpAddress;
      maxPacketSize: number;
    },
  ) {
    const { ports, clock, to, maxPacketSize } = options;
    this.#maxPacketSize = maxPacketSize;
    this.#bursts = new PacketBursts({
      socket: ports.rtp,
      clock,
      to,
      burstBytes: Math.max(
        RTP_HEADER_LENGTH + maxPacketSize,
        BURST_PACKETS * (RTP_HEADER_LENGTH + LAB_PIECE_LENGTH),
      ),
    });
  }

  /** Number of the next packet. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Nothing: a client's numbers are its own. */
  join(_sequence: number): void {}

  /** Sends a frame, unless the one before is still leaving. */
  frame({ jpeg }: PackedFrame, _timestamp: number): void {
    if (this.#closed) return;
    if (this.#bursts.busy) {
      this.#skipped++;
      return;
    }
    const maxPacketSize = this.#maxPacketSize;
    const length = labRunLength(jpeg.length, maxPacketSize);
    if (this.#buffer.length < length) {
      this.#buffer = new Uint8Array(Math.ceil(length * 1.25));
    }
    const run = packetizeLab(jpeg, {
      sequence: this.#sequence,
      timestamp: Math.floor(Date.now() / 1000),
      maxPacketSize,
    }, this.#buffer);
    this.#sequence = (this.#sequence + run.count) & 0xffff;
    this.#framesSent++;
    this.#packets += run.count;
    this.#bytes += run.octets;
    this.#bursts.send(this.#buffer, run, () => {}, () => {});
  }

  /** Nothing: the dialect has no word for it. */
  ended(): void {}

  /** Nothing waits here. */
  flush(): void {}

  /** The dialect has no reports. */
  receiveReports(_bytes: Uint8Array): boolean {
    return false;
  }

  /** See {@linkcode MediaOutput.figures}. */
  figures(): OutputFigures {
    return {
      framesSent: this.#framesSent,
      framesSkipped: this.#skipped,
      packetsSent: this.#packets,
      bytesSent: this.#bytes,
      receiver: undefined,
    };
  }

  /** Sends no more. */
  close(): void {
    this.#closed = true;
  }
}
