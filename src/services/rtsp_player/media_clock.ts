/**
 * Where a stream is in time: seconds into it, how late it is, how its clock
 * runs.
 *
 * @module
 */

import { serialDistance } from "../../bytes/mod.ts";
import { RtpClock } from "../../rtp/mod.ts";
import { ClockDrift } from "./clock_drift.ts";
import { smooth } from "./smooth.ts";

/** A latency beyond this, milliseconds, says that the clocks have nothing to do with each other. */
const MAX_CREDIBLE_LATENCY = 60_000;

/** Follows the timestamps of one track. */
export class MediaClock {
  readonly #clockRate: number;
  readonly #drift = new ClockDrift();
  #wallClock: RtpClock;
  /** Where media time is counted from. */
  #base: {
    seconds: number;
    timestamp: number | undefined;
    at: number | undefined;
  } = { seconds: 0, timestamp: undefined, at: undefined };
  #mediaTime = 0;
  #latency: number | undefined;

  /** For timestamps of `clockRate` ticks a second. */
  constructor(clockRate: number) {
    this.#clockRate = clockRate;
    this.#wallClock = new RtpClock(clockRate);
  }

  /** Seconds into the stream. */
  get mediaTime(): number {
    return this.#mediaTime;
  }

  /** See `PlayerReport.latencyMs`. */
  get latencyMs(): number | undefined {
    return this.#latency;
  }

  /** See `PlayerReport.driftMs`. */
  get driftMs(): number {
    return this.#drift.milliseconds;
  }

  /** Media time is `seconds` at `timestamp`, or at the first frame. */
  begin(seconds: number, timestamp: number | undefined): void {
    this.#base = { seconds, timestamp, at: undefined };
    this.#mediaTime = seconds;
    this.#drift.reset();
  }

  /** Another source with a clock of its own goes on where this one was. */
  changeSource(): void {
    this.#drift.reset();
    this.#wallClock = new RtpClock(this.#clockRate);
    this.#base = {
      seconds: this.#mediaTime,
      timestamp: undefined,
      at: undefined,
    };
  }

  /** A sender report: `timestamp` was at `unixTime`, milliseconds. */
  report(timestamp: number, unixTime: number): void {
    this.#wallClock.update(timestamp, unixTime);
  }

  /**
   * A frame came at `now` (milliseconds, steady) and `unixTime`; without a
   * timestamp that is a clock our own counts.
   */
  follow(
    timestamp: number | undefined,
    now: number,
    unixTime: number | undefined,
  ): void {
    const base = this.#base;
    base.at ??= now;
    if (timestamp === undefined) {
      this.#mediaTime = base.seconds + (now - base.at) / 1000;
      return;
    }
    base.timestamp ??= timestamp;
    const ticks = serialDistance(timestamp, base.timestamp, 32);
    const seconds = base.seconds + ticks / this.#clockRate;
    // 32 bits of a 90 kHz clock last 13 hours: the base moves along.
    base.seconds = seconds;
    base.timestamp = timestamp;
    this.#mediaTime = Math.max(0, seconds);
    this.#drift.add(seconds * 1000, now);
    const sentAt = this.#wallClock.unixTime(timestamp);
    if (sentAt === undefined || unixTime === undefined) return;
    const latency = unixTime - sentAt;
    this.#latency = Math.abs(latency) > MAX_CREDIBLE_LATENCY
      ? undefined
      : smooth(this.#latency, latency);
  }
}
