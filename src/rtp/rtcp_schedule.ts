/**
 * When to send RTCP reports (RFC 3550 section 6.2 and appendix A.7, without
 * the timer reconsideration that only large groups need).
 *
 * @module
 */

/** Share of the session bandwidth that is RTCP's. */
const RTCP_SHARE = 0.05;
/** Share of that for senders, while they are at most a quarter of the members. */
const SENDER_SHARE = 0.25;
/** Shortest mean interval in milliseconds (section 6.2). */
const MIN_INTERVAL = 5000;
/** e − 3/2: makes up for what the randomness takes away (appendix A.7). */
const COMPENSATION = Math.E - 1.5;

/** What the interval depends on. */
export interface RtcpIntervalInput {
  /** Everybody in the session, ourselves included. */
  readonly members: number;
  /** Those of them who send. */
  readonly senders: number;
  /** Session bandwidth in bits a second. */
  readonly bandwidth: number;
  /** Whether we send. */
  readonly weSend: boolean;
  /** Mean size of RTCP packets in bytes, UDP and IP headers included. */
  readonly averageSize: number;
  /** Before the first report the minimum is halved. */
  readonly initial: boolean;
  /** 0 ≤ randomness < 1. */
  readonly randomness: number;
}

/** Milliseconds to the next report. */
export function rtcpInterval(input: RtcpIntervalInput): number {
  const octetsPerMillisecond = (input.bandwidth * RTCP_SHARE) / 8 / 1000;
  let members = input.members;
  let share = 1;
  if (input.senders <= input.members * SENDER_SHARE) {
    share = input.weSend ? SENDER_SHARE : 1 - SENDER_SHARE;
    members = input.weSend ? input.senders : input.members - input.senders;
  }
  const fair = octetsPerMillisecond > 0
    ? (input.averageSize * members) / (octetsPerMillisecond * share)
    : 0;
  const mean = Math.max(input.initial ? MIN_INTERVAL / 2 : MIN_INTERVAL, fair);
  return (mean * (input.randomness + 0.5)) / COMPENSATION;
}

/** Keeps the time of the next report of one unicast session: two members. */
export class RtcpSchedule {
  readonly #weSend: boolean;
  readonly #bandwidth: number;
  #averageSize = 128;
  #initial = true;
  #nextAt: number;

  /**
   * First report at `firstAt` (milliseconds): a sender reports at once, so
   * that receivers can map its timestamps. `bandwidth` in bits a second.
   */
  constructor(
    options: { weSend: boolean; bandwidth: number; firstAt: number },
  ) {
    this.#weSend = options.weSend;
    this.#bandwidth = options.bandwidth;
    this.#nextAt = options.firstAt;
  }

  /** When the next report is due. */
  nextTimeoutAt(): number {
    return this.#nextAt;
  }

  /** A report of `size` bytes went out at `now`; `randomness` is 0 ≤ r < 1. */
  sent(size: number, now: number, randomness: number): void {
    this.#averageSize += (size + 28 - this.#averageSize) / 16;
    this.#nextAt = now + rtcpInterval({
      members: 2,
      senders: 1,
      bandwidth: this.#bandwidth,
      weSend: this.#weSend,
      averageSize: this.#averageSize,
      initial: this.#initial,
      randomness,
    });
    this.#initial = false;
  }
}
