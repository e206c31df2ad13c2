/**
 * The numbers of one viewer's packets, and its reports.
 *
 * @module
 */

import {
  cnameDescription,
  decodeRtcpCompound,
  encodeRtcpCompound,
  JPEG_CLOCK_RATE,
  type ReceiverView,
  RtcpSchedule,
  RtpProtocolError,
  SenderStatistics,
} from "../../rtp/mod.ts";
import type { PackedFrame, PacketNumbers } from "./packed_frame.ts";

/**
 * Bandwidth for the report interval, bits a second: with this much a report
 * every five seconds is far below its share, and RFC 3550's minimum rules.
 */
const ASSUMED_BANDWIDTH = 5_000_000;

/** Numbers packets of one source and counts them. */
export class RtpStream {
  /** Of all its packets. */
  readonly ssrc: number;
  readonly #cname: string;
  readonly #statistics: SenderStatistics;
  readonly #schedule: RtcpSchedule;
  #sequence: number;
  #framesSent = 0;
  #saidBye = false;

  /** Begins with `sequence`; `cname` names the server in reports. */
  constructor(options: { ssrc: number; sequence: number; cname: string }) {
    this.ssrc = options.ssrc;
    this.#sequence = options.sequence & 0xffff;
    this.#cname = options.cname;
    this.#statistics = new SenderStatistics(options.ssrc, JPEG_CLOCK_RATE);
    this.#schedule = new RtcpSchedule({
      weSend: true,
      bandwidth: ASSUMED_BANDWIDTH,
      firstAt: 0,
    });
  }

  /** Number of the next packet. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Frames that were numbered. */
  get framesSent(): number {
    return this.#framesSent;
  }

  /** Packets that were numbered. */
  get packets(): number {
    return this.#statistics.packets;
  }

  /** Their payload bytes. */
  get octets(): number {
    return this.#statistics.octets;
  }

  /** What the viewer reported last. */
  get receiver(): ReceiverView | undefined {
    return this.#statistics.receiver;
  }

  /** Begins where the packets of a shared stream are, unless it has begun. */
  join(sequence: number): void {
    if (this.#framesSent === 0) this.#sequence = sequence & 0xffff;
  }

  /** Numbers of a frame that leaves at `now` (`performance.now()`). */
  claim({ run }: PackedFrame, timestamp: number, now: number): PacketNumbers {
    const { ssrc } = this;
    const numbers = { sequence: this.#sequence, timestamp, ssrc };
    this.#sequence = (this.#sequence + run.count) & 0xffff;
    this.#framesSent++;
    this.#saidBye = false;
    this.#statistics.sent(run.count, run.octets, timestamp, now);
    return numbers;
  }

  /** A sender report when one is due at `now`. */
  report(now: number): Uint8Array<ArrayBuffer> | undefined {
    if (now < this.#schedule.nextTimeoutAt()) return undefined;
    const report = encodeRtcpCompound([
      this.#statistics.report(now, Date.now()),
      cnameDescription(this.ssrc, this.#cname),
    ]);
    this.#schedule.sent(report.length, now, Math.random());
    return report;
  }

  /** The goodbye; `undefined` when nothing was sent, or it was said before. */
  bye(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#framesSent === 0 || this.#saidBye) return undefined;
    this.#saidBye = true;
    return encodeRtcpCompound([
      this.#statistics.report(performance.now(), Date.now()),
      cnameDescription(this.ssrc, this.#cname),
      { type: "bye", ssrcs: [this.ssrc] },
    ]);
  }

  /** Reads a viewer's reports; `false` when the bytes are none. */
  receiveReports(bytes: Uint8Array): boolean {
    try {
      for (const packet of decodeRtcpCompound(bytes)) {
        if (
          packet.type !== "receiver-report" && packet.type !== "sender-report"
        ) continue;
        for (const block of packet.reports) {
          this.#statistics.receiveReport(block, Date.now());
        }
      }
      return true;
    } catch (error) {
      if (error instanceof RtpProtocolError) return false;
      throw error;
    }
  }
}

/** Whether packets with one set of numbers are right for another. */
export function sameNumbers(a: PacketNumbers, b: PacketNumbers): boolean {
  return a.sequence === b.sequence && a.timestamp === b.timestamp &&
    a.ssrc === b.ssrc;
}
