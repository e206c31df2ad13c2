/**
 * Frames as RTP over UDP.
 *
 * @module
 */

import type { UdpAddress } from "../../net/mod.ts";
import { retargetPackets } from "../../rtp/mod.ts";
import type { FrameClock } from "./frame_clock.ts";
import { RtpOutput } from "./output.ts";
import { MAX_PACKET_BYTES, type PackedFrame } from "./packed_frame.ts";
import { BURST_PACKETS, PacketBursts } from "./packet_bursts.ts";
import { MAX_TAG_BYTES, type Protection } from "./protection.ts";
import type { RtpStream } from "./rtp_stream.ts";
import type { UdpPorts } from "./udp_ports.ts";

/** What packets leave through, and who hears of reports. */
export type SendingPorts = Pick<UdpPorts, "rtp" | "rtcp" | "listen" | "forget">;

/**
 * From the last packet to the goodbye: players hear of it on another port and
 * stop at once, with what they have not read yet.
 */
const GOODBYE_DELAY_MS = 250;

/**
 * Frames that wait while one leaves: when a busy machine has kept us waiting, a
 * few are due at once. They are what all viewers share: waiting costs no memory.
 */
const MAX_WAITING = 4;

/** Sends to one viewer or group. */
export class UdpOutput extends RtpOutput {
  readonly #ports: SendingPorts;
  readonly #reportsTo: UdpAddress;
  readonly #clock: FrameClock;
  readonly #bursts: PacketBursts;
  readonly #waiting: { frame: PackedFrame; timestamp: number }[] = [];
  #saysBye = false;

  /** Sends packets and reports to two ports of one address. */
  constructor(
    options: {
      ports: SendingPorts;
      stream: RtpStream;
      clock: FrameClock;
      hostname: string;
      clientPorts: readonly [rtp: number, rtcp: number];
      /** Makes it SRTP. */
      protection?: Protection | undefined;
    },
  ) {
    const { ports, stream, clock, hostname, clientPorts, protection } = options;
    super(stream, protection);
    this.#ports = ports;
    this.#clock = clock;
    this.#reportsTo = { hostname, port: clientPorts[1] };
    this.#bursts = new PacketBursts({
      socket: ports.rtp,
      clock,
      to: { hostname, port: clientPorts[0] },
      burstBytes: BURST_PACKETS * (MAX_PACKET_BYTES + MAX_TAG_BYTES),
    });
    ports.listen(this.#reportsTo, stream.ssrc, this);
  }

  /** Called with what came to the reports' port from this viewer. */
  onReport: (bytes: Uint8Array) => void = () => {};

  /** Takes a frame; when too many wait the oldest is left out. */
  frame(frame: PackedFrame, timestamp: number): void {
    if (this.closed) return;
    if (this.#waiting.push({ frame, timestamp }) > MAX_WAITING) {
      this.#waiting.shift();
      this.skipped++;
    }
    this.#next();
  }

  /** Says goodbye a while behind the last frame. */
  ended(): void {
    this.#saysBye = true;
    this.#clock.schedule(performance.now() + GOODBYE_DELAY_MS, () => {
      if (!this.#saysBye || this.closed) return;
      this.#saysBye = false;
      this.sendReport(this.stream.bye());
    });
  }

  /** Forgets the frames that wait. */
  flush(): void {
    this.#waiting.length = 0;
    this.#saysBye = false;
  }

  #next(): void {
    if (this.#bursts.busy) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return;
    const { frame, timestamp } = waiting;
    const { now } = this.#clock;
    const numbers = this.stream.claim(frame, timestamp, now);
    const secure = this.protection?.protect(frame, numbers, 0);
    const { bytes, run } = secure ?? frame;
    this.#bursts.send(bytes, run, (batch, first) => {
      if (secure !== undefined) return;
      retargetPackets(batch.bytes, {
        ...run,
        count: batch.count,
        firstOffset: 0,
        stride: run.packetLength,
      }, { ...numbers, sequence: numbers.sequence + first });
    }, () => this.#next());
    this.sendReport(this.stream.report(now));
  }

  protected override sendReport(report: Uint8Array | undefined): void {
    if (report === undefined) return;
    void this.#ports.rtcp.sendOne(this.protectReport(report), this.#reportsTo);
  }

  protected override release(): void {
    this.#ports.forget(this.#reportsTo, this.stream.ssrc, this);
  }
}
