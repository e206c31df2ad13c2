/**
 * Frames as RTP over UDP.
 *
 * @module
 */

import type { UdpAddress } from "../../net/mod.ts";
import { retargetPackets } from "../../rtp/mod.ts";
import type { FrameClock } from "./frame_clock.ts";
import type { MediaOutput, OutputFigures } from "./output.ts";
import { MAX_PACKET_BYTES, type PackedFrame } from "./packed_frame.ts";
import { BURST_PACKETS, PacketBursts } from "./packet_bursts.ts";
import type { RtpStream } from "./rtp_stream.ts";
import type { UdpPorts } from "./udp_ports.ts";

/** Sends to one viewer or group; at most one frame waits while one leaves. */
export class UdpOutput implements MediaOutput {
  readonly #ports: UdpPorts;
  readonly #stream: RtpStream;
  readonly #reportsTo: UdpAddress;
  readonly #bursts: PacketBursts;
  #waiting: { frame: PackedFrame; timestamp: number } | undefined;
  #saysBye = false;
  #skipped = 0;
  #closed = false;

  /** Sends packets and reports to two ports of one address. */
  constructor(
    options: {
      ports: UdpPorts;
      stream: RtpStream;
      clock: FrameClock;
      hostname: string;
      clientPorts: readonly [rtp: number, rtcp: number];
    },
  ) {
    const { ports, stream, clock, hostname, clientPorts } = options;
    this.#ports = ports;
    this.#stream = stream;
    this.#reportsTo = { hostname, port: clientPorts[1] };
    this.#bursts = new PacketBursts({
      socket: ports.rtp,
      clock,
      to: { hostname, port: clientPorts[0] },
      burstBytes: BURST_PACKETS * MAX_PACKET_BYTES,
    });
    ports.listen(this.#reportsTo, stream.ssrc, this);
  }

  /** Called with what came to the reports' port from this viewer. */
  onReport: (bytes: Uint8Array) => void = () => {};

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
    this.#next();
  }

  /** Says goodbye behind the last frame. */
  ended(): void {
    this.#saysBye = true;
    this.#next();
  }

  /** See {@linkcode MediaOutput.flush}. */
  flush(): void {
    this.#waiting = undefined;
    this.#saysBye = false;
  }

  #next(): void {
    if (this.#bursts.busy) return;
    const waiting = this.#waiting;
    if (waiting === undefined) {
      if (this.#saysBye) this.#sendReport(this.#stream.bye());
      this.#saysBye = false;
      return;
    }
    this.#waiting = undefined;
    const { frame: { bytes, run }, timestamp } = waiting;
    const { ssrc, sequence } = this.#stream.claim(waiting.frame, timestamp);
    this.#bursts.send(bytes, run, (batch, first) => {
      retargetPackets(batch.bytes, {
        ...run,
        count: batch.count,
        firstOffset: 0,
        stride: run.packetLength,
      }, { ssrc, timestamp, sequence: sequence + first });
    }, () => this.#next());
    this.#sendReport(this.#stream.report());
  }

  #sendReport(report: Uint8Array | undefined): void {
    if (report !== undefined) {
      void this.#ports.rtcp.sendOne(report, this.#reportsTo);
    }
  }

  /** See {@linkcode MediaOutput.receiveReports}. */
  receiveReports(bytes: Uint8Array): boolean {
    return this.#stream.receiveReports(bytes);
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
    this.#ports.forget(this.#reportsTo, this.#stream.ssrc, this);
    this.#sendReport(this.#stream.bye());
  }
}
