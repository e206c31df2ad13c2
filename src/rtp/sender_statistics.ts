/**
 * What a sender counts for its reports, and what its receivers say back.
 *
 * @module
 */

import { serialDistance } from "../bytes/mod.ts";
import { ntpFromUnix, roundTripTime } from "./ntp.ts";
import type { ReportBlock, RtcpSenderReport } from "./rtcp.ts";

/** What the last reception report said. */
export interface ReceiverView {
  /** Share of packets lost in the last interval, 0–1. */
  readonly fractionLost: number;
  /** Packets lost since the beginning. */
  readonly cumulativeLost: number;
  /** Interarrival jitter in milliseconds. */
  readonly jitter: number;
  /** Milliseconds there and back, `undefined` before it can be known. */
  readonly roundTripTime: number | undefined;
}

/** Counts one outgoing stream and makes its sender reports. */
export class SenderStatistics {
  readonly #ssrc: number;
  readonly #clockRate: number;
  #packets = 0;
  #octets = 0;
  #lastTimestamp = 0;
  #lastSentAt: number | undefined;
  #view: ReceiverView | undefined;

  /** For a stream of `ssrc` whose clock has `clockRate` ticks a second. */
  constructor(ssrc: number, clockRate: number) {
    this.#ssrc = ssrc;
    this.#clockRate = clockRate;
  }

  /** Packets sent. */
  get packets(): number {
    return this.#packets;
  }

  /** Payload bytes sent. */
  get octets(): number {
    return this.#octets;
  }

  /** What the receiver reported last, `undefined` before its first report. */
  get receiver(): ReceiverView | undefined {
    return this.#view;
  }

  /** Counts a frame of `packets` packets and `octets` payload bytes, sent at `now` (milliseconds). */
  sent(packets: number, octets: number, timestamp: number, now: number): void {
    this.#packets += packets;
    this.#octets += octets;
    this.#lastTimestamp = timestamp;
    this.#lastSentAt = now;
  }

  /**
   * The sender report of the moment `now` (milliseconds), which is `unixTime`
   * on the wall clock. Its RTP timestamp runs on from the last frame's.
   */
  report(now: number, unixTime: number): RtcpSenderReport {
    const since = this.#lastSentAt === undefined ? 0 : now - this.#lastSentAt;
    return {
      type: "sender-report",
      ssrc: this.#ssrc,
      ntp: ntpFromUnix(unixTime),
      rtpTimestamp: (this.#lastTimestamp +
        Math.round((since * this.#clockRate) / 1000)) >>> 0,
      packetCount: this.#packets >>> 0,
      octetCount: this.#octets >>> 0,
      reports: [],
    };
  }

  /** Takes a report block about this stream that came at `unixTime`; others are ignored. */
  receiveReport(block: ReportBlock, unixTime: number): void {
    if (block.ssrc !== this.#ssrc) return;
    this.#view = {
      fractionLost: block.fractionLost / 256,
      cumulativeLost: block.cumulativeLost,
      jitter: (block.jitter / this.#clockRate) * 1000,
      roundTripTime: roundTripTime(
        ntpFromUnix(unixTime),
        block.lastSenderReport,
        block.delaySinceLastSenderReport,
      ),
    };
  }
}

/**
 * Maps RTP timestamps to the sender's wall clock by its reports (RFC 3550
 * section 6.4.1). Milliseconds since 1970; `undefined` before the first report.
 */
export class RtpClock {
  readonly #clockRate: number;
  #reference: { timestamp: number; unixTime: number } | undefined;

  /** For timestamps of `clockRate` ticks a second. */
  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /** Takes the pair of times a sender report brought. */
  update(timestamp: number, unixTime: number): void {
    this.#reference = { timestamp, unixTime };
  }

  /** Wall-clock time of `timestamp`. */
  unixTime(timestamp: number): number | undefined {
    const reference = this.#reference;
    if (reference === undefined) return undefined;
    return reference.unixTime +
      (serialDistance(timestamp, reference.timestamp, 32) * 1000) /
        this.#clockRate;
  }
}
