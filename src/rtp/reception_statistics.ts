/**
 * What a receiver knows of one source, for its report blocks (RFC 3550
 * section 6.4.1, appendices A.1, A.3 and A.8).
 *
 * @module
 */

import { ntpMiddle } from "./ntp.ts";
import type { NtpTime } from "./ntp.ts";
import type { ReportBlock } from "./rtcp.ts";

/** A larger step forward is a restart (appendix A.1). */
const MAX_DROPOUT = 3000;
/** A larger step back is a restart (appendix A.1). */
const MAX_MISORDER = 100;
const SEQUENCE_MODULUS = 0x1_0000;

/** Counts packets of one source and makes its report blocks. */
export class ReceptionStatistics {
  readonly #ssrc: number;
  readonly #clockRate: number;
  #started = false;
  #baseSequence = 0;
  #maxSequence = 0;
  #cycles = 0;
  /** Sequence number that would confirm a restart, -1 for none. */
  #badSequence = -1;
  #received = 0;
  #expectedPrior = 0;
  #receivedPrior = 0;
  #transit: number | undefined;
  /** In timestamp units times 16, as in appendix A.8. */
  #jitter = 0;
  #octets = 0;
  #senderReport: { middle: number; at: number } | undefined;

  /** For packets of `ssrc`, whose timestamps count `clockRate` ticks a second. */
  constructor(ssrc: number, clockRate: number) {
    this.#ssrc = ssrc;
    this.#clockRate = clockRate;
  }

  /** The source. */
  get ssrc(): number {
    return this.#ssrc;
  }

  /** Packets received, duplicates included, since the source (re)started. */
  get received(): number {
    return this.#received;
  }

  /** Payload bytes received. */
  get octets(): number {
    return this.#octets;
  }

  /** Highest sequence number, extended by its cycles. */
  get highestSequence(): number {
    return this.#cycles + this.#maxSequence;
  }

  /** Packets expected less packets received; negative when duplicates came. */
  get cumulativeLost(): number {
    return this.#started ? this.#expected() - this.#received : 0;
  }

  /** Interarrival jitter in milliseconds. */
  get jitterMilliseconds(): number {
    return (this.#jitter / 16 / this.#clockRate) * 1000;
  }

  /**
   * Counts a packet that arrived at `now` (milliseconds). Returns whether it
   * is taken: one far out of sequence is not, until a second one follows it.
   */
  receive(
    packet: { sequence: number; timestamp: number; payload: Uint8Array },
    now: number,
  ): boolean {
    if (!this.#updateSequence(packet.sequence)) return false;
    this.#octets += packet.payload.length;
    const arrival = Math.round((now * this.#clockRate) / 1000);
    const transit = (arrival - packet.timestamp) | 0;
    if (this.#transit !== undefined) {
      const difference = Math.abs((transit - this.#transit) | 0);
      this.#jitter += difference - Math.floor((this.#jitter + 8) / 16);
    }
    this.#transit = transit;
    return true;
  }

  /** Remembers a sender report that came at `now` (milliseconds). */
  receiveSenderReport(ntp: NtpTime, now: number): void {
    this.#senderReport = { middle: ntpMiddle(ntp), at: now };
  }

  /** The report block of this interval; the next one begins. */
  report(now: number): ReportBlock {
    const expected = this.#started ? this.#expected() : 0;
    const expectedInterval = expected - this.#expectedPrior;
    const lostInterval = expectedInterval -
      (this.#received - this.#receivedPrior);
    this.#expectedPrior = expected;
    this.#receivedPrior = this.#received;
    const fractionLost = expectedInterval === 0 || lostInterval <= 0
      ? 0
      : Math.min(255, Math.floor((lostInterval * 256) / expectedInterval));
    const lost = expected - this.#received;
    const report = this.#senderReport;
    return {
      ssrc: this.#ssrc,
      fractionLost,
      cumulativeLost: Math.max(-0x80_0000, Math.min(0x7f_ffff, lost)),
      highestSequence: this.highestSequence >>> 0,
      jitter: Math.floor(this.#jitter / 16) >>> 0,
      lastSenderReport: report?.middle ?? 0,
      delaySinceLastSenderReport: report === undefined
        ? 0
        : Math.round(((now - report.at) / 1000) * 65536) >>> 0,
    };
  }

  #expected(): number {
    return this.highestSequence - this.#baseSequence + 1;
  }

  #restart(sequence: number): void {
    this.#started = true;
    this.#baseSequence = sequence;
    this.#maxSequence = sequence;
    this.#badSequence = -1;
    this.#cycles = 0;
    this.#received = 0;
    this.#receivedPrior = 0;
    this.#expectedPrior = 0;
    this.#transit = undefined;
  }

  /** `update_seq` of appendix A.1; no probation, as RTSP names the source. */
  #updateSequence(sequence: number): boolean {
    if (!this.#started) {
      this.#restart(sequence);
      this.#received = 1;
      return true;
    }
    const delta = (sequence - this.#maxSequence) & 0xffff;
    if (delta < MAX_DROPOUT) {
      if (sequence < this.#maxSequence) this.#cycles += SEQUENCE_MODULUS;
      this.#maxSequence = sequence;
    } else if (delta <= SEQUENCE_MODULUS - MAX_MISORDER) {
      if (sequence !== this.#badSequence) {
        this.#badSequence = (sequence + 1) & 0xffff;
        return false;
      }
      this.#restart(sequence);
    }
    this.#received++;
    return true;
  }
}
