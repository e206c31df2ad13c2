/**
 * A relay's counters, rates and latencies.
 *
 * @module
 */

import {
  type DropCounts,
  type DropReason,
  sumDrops,
  zeroDropCounts,
} from "./drop_reason.ts";
import { LatencyWindow } from "./latency_window.ts";
import { RateMeter } from "./rate_meter.ts";
import type { PeerReport } from "./report.ts";

/** The fields of a peer's report that the relay knows, and a little more. */
export interface RelaySnapshot extends
  Pick<
    PeerReport,
    | "wire"
    | "streamId"
    | "frameNumber"
    | "framesReceived"
    | "framesLost"
    | "duplicates"
    | "corrupt"
    | "invalidFrames"
    | "datagramsReceived"
    | "bytesReceived"
    | "fps"
    | "kbps"
    | "hopLatency"
    | "chainLatency"
    | "framesInStream"
  > {
  /** Datagrams of this stream dropped, by reason. */
  readonly drops: Readonly<DropCounts>;
  /** Variation of a datagram's time under way (RFC 3550 section 6.4.1), µs. */
  readonly jitterUs: number;
  /** The upstream's clock differs from ours: hop latencies are above the smallest. */
  readonly hopLatencyRelative: boolean;
  /** The coordinator's clock differs from ours: likewise. */
  readonly chainLatencyRelative: boolean;
}

/** Weight of the past in the jitter (RFC 3550 section 6.4.1). */
const JITTER_DIVISOR = 16;

/** What the figures do not know: the stream and its frames. */
type StreamFields = Pick<
  RelaySnapshot,
  "wire" | "streamId" | "framesReceived" | "framesLost" | "framesInStream"
>;

/** Counts for one stream; adding allocates nothing. */
export class RelayFigures {
  readonly #hopLatency = new LatencyWindow();
  readonly #chainLatency = new LatencyWindow();
  readonly #rate = new RateMeter();
  readonly #totals = zeroDropCounts();
  #drops = zeroDropCounts();
  #datagrams = 0;
  #bytes = 0;
  #newestWhole = -1;
  #transitUs: number | undefined;
  #jitterUs = 0;

  /** Drops over all streams. */
  get dropTotals(): Readonly<DropCounts> {
    return this.#totals;
  }

  /** Newest whole frame; -1 before the first. */
  get newestWhole(): number {
    return this.#newestWhole;
  }

  /** Begins with another stream. */
  reset(): void {
    this.#hopLatency.reset();
    this.#chainLatency.reset();
    this.#rate.reset();
    this.#drops = zeroDropCounts();
    this.#datagrams = this.#bytes = 0;
    this.#newestWhole = -1;
    this.#transitUs = undefined;
    this.#jitterUs = 0;
  }

  /** A datagram came, and was dropped unless `drop` is 0. */
  countDatagram(drop: DropReason | 0): void {
    this.#datagrams++;
    if (drop === 0) return;
    this.#drops[drop]++;
    this.#totals[drop]++;
  }

  /** Frame `number` of `bytes` bytes became whole. */
  countFrame(number: number, bytes: number, nowUs: number): void {
    this.#newestWhole = Math.max(this.#newestWhole, number);
    this.#bytes += bytes;
    this.#rate.add(nowUs, bytes);
  }

  /** A frame's last fragment was so long under way, µs. */
  measure(hopUs: number, chainUs: number, nowUs: number): void {
    this.#hopLatency.add(hopUs, nowUs);
    this.#chainLatency.add(chainUs, nowUs);
  }

  /** A datagram was so long under way, µs: for how much that varies. */
  countTransit(transitUs: number): void {
    if (this.#transitUs !== undefined) {
      const change = Math.abs(transitUs - this.#transitUs);
      this.#jitterUs += (change - this.#jitterUs) / JITTER_DIVISOR;
    }
    this.#transitUs = transitUs;
  }

  /** All of it at `nowUs`. */
  snapshot(stream: StreamFields, nowUs: number): RelaySnapshot {
    return {
      ...stream,
      frameNumber: this.#newestWhole,
      duplicates: sumDrops(this.#drops, "duplicate"),
      corrupt: sumDrops(this.#drops, "corrupt"),
      invalidFrames: sumDrops(this.#drops, "invalid"),
      datagramsReceived: this.#datagrams,
      bytesReceived: this.#bytes,
      fps: this.#rate.fps(nowUs),
      kbps: this.#rate.kbps(nowUs),
      hopLatency: this.#hopLatency.summary(nowUs),
      chainLatency: this.#chainLatency.summary(nowUs),
      drops: { ...this.#drops },
      jitterUs: this.#jitterUs,
      hopLatencyRelative: this.#hopLatency.relative,
      chainLatencyRelative: this.#chainLatency.relative,
    };
  }
}
