/**
 * How much we send, and to whom first. An uplink has no sign on it that says
 * how quick it is; sending more than it holds shows as a queue, and a queue is
 * what makes calls and games of the household bad. So the rate is found by the
 * delay (as LEDBAT does it, RFC 6817) and some of it is left free.
 *
 * When there is too little for all, those who give come before those who only
 * take.
 *
 * @module
 */

import { TokenBucket } from "./token_bucket.ts";

/** With a longer queue than this we send too much, ms. */
export const HIGH_QUEUE_MS = 150;
/** With a shorter one we may send more, ms. */
export const LOW_QUEUE_MS = 50;
/** Part of what got through that is sent after a queue: the rest is the headroom. */
const BACK_OFF = 0.85;
/** What the rate grows by, as a factor, when it is used and there is no queue. */
const GROWTH = 1.05;
/** Part of the rate that counts as using it. */
const USED = 0.8;
/** The rate changes no more often than this, ms: the queue must have shown it. */
const PAUSE_MS = [1000, 500] as const;
/** What got through is measured over this, ms. */
const MEASURE_MS = 2000;
/** The rate never falls below this, bytes a second: half a megabit. */
const LEAST_RATE = 64 * 1024;
/** Bytes of a bucket at least: two blocks with their headers. */
const LEAST_BURST = 36 * 1024;
/** A bucket holds what goes within this, seconds. */
const BURST_S = 0.125;
/** The shortest delay is one of the last so many samples, per neighbour. */
const MAX_SAMPLES = 64;
/** The last so many samples all show a queue, where there is one (RFC 6817, section 4.2). */
const QUEUE_SAMPLES = 3;
/** What anybody gets before it has to give, bytes: 64 chunks. */
const GIFT_BYTES = 4 * 1024 * 1024;
/** Who takes more than so many times what it gives comes last. */
const FAIR_RATIO = 8;
/** Part of the bucket that those who come last leave to the others. */
const RESERVED = 0.5;

/** What was exchanged with a neighbour. */
export interface Exchange {
  /** Bytes that we sent. */
  readonly sent: number;
  /** Bytes that came. */
  readonly received: number;
  /** It takes and does not give: it comes last. */
  readonly demoted: boolean;
}

interface Account {
  sent: number;
  received: number;
  readonly delays: number[];
}

/** Watches over one member's uplink. Times are ms of any one clock. */
export class UplinkGovernor {
  readonly #cap: number;
  readonly #accounts = new Map<string, Account>();
  readonly #sent: { at: number; bytes: number }[] = [];
  #rate: number;
  #bucket: TokenBucket | undefined;
  #changedAt = -Infinity;

  /** `cap` is the most that somebody wants to give, bytes a second; without it what the line holds. */
  constructor(cap?: number) {
    this.#cap = cap ?? Infinity;
    this.#rate = this.#cap;
    this.#setRate(this.#cap, 0);
  }

  /** Bytes a second that may be sent; `Infinity` while nobody knows what the line holds. */
  get rate(): number {
    return this.#rate;
  }

  /** Bytes a second that were sent in the last seconds. */
  sending(now: number): number {
    while ((this.#sent[0]?.at ?? now) < now - MEASURE_MS) this.#sent.shift();
    const bytes = this.#sent.reduce((sum, one) => sum + one.bytes, 0);
    return bytes * 1000 / MEASURE_MS;
  }

  /** What was exchanged with a neighbour. */
  exchange(peer: string): Exchange {
    const { sent, received } = this.#account(peer);
    return { sent, received, demoted: isDemoted(sent, received) };
  }

  /** What was exchanged with all so far. */
  totals(): { readonly sent: number; readonly received: number } {
    let sent = 0;
    let received = 0;
    for (const account of this.#accounts.values()) {
      sent += account.sent;
      received += account.received;
    }
    return { sent, received };
  }

  /** Sends to a neighbour: 0, and it is counted, or ms to wait before asking again. */
  take(peer: string, bytes: number, now: number): number {
    const account = this.#account(peer);
    const bucket = this.#bucket;
    if (bucket !== undefined) {
      const kept = isDemoted(account.sent, account.received)
        ? RESERVED * burstOf(this.#rate)
        : 0;
      const wait = bucket.waitFor(bytes + kept, now);
      if (wait > 0) return wait;
      if (!bucket.take(bytes, now)) return 1;
    }
    account.sent += bytes;
    this.#sent.push({ at: now, bytes });
    return 0;
  }

  /** A neighbour gave us something. */
  received(peer: string, bytes: number): void {
    this.#account(peer).received += bytes;
  }

  /** A small message took this long to a neighbour, ms, by two clocks that need not agree. */
  delay(peer: string, oneWay: number, now: number): void {
    const { delays } = this.#account(peer);
    delays.push(oneWay);
    if (delays.length > MAX_SAMPLES) delays.shift();
    // A machine that was busy for a moment is no queue: those last.
    const queue = Math.min(...delays.slice(-QUEUE_SAMPLES)) -
      Math.min(...delays);
    const sending = this.sending(now);
    if (queue > HIGH_QUEUE_MS && now - this.#changedAt >= PAUSE_MS[0]) {
      // The queue may be somebody else's: who sends nothing has nothing to take back.
      if (sending < LEAST_RATE) return;
      this.#changedAt = now;
      this.#setRate(BACK_OFF * Math.min(this.#rate, sending), now);
    } else if (
      queue < LOW_QUEUE_MS && this.#rate < this.#cap &&
      sending > USED * this.#rate && now - this.#changedAt >= PAUSE_MS[1]
    ) {
      this.#changedAt = now;
      this.#setRate(this.#rate * GROWTH, now);
    }
  }

  /** A neighbour is gone; what was exchanged is remembered should it come back. */
  forgetDelays(peer: string): void {
    this.#account(peer).delays.length = 0;
  }

  #setRate(rate: number, now: number): void {
    this.#rate = Math.max(LEAST_RATE, Math.min(rate, this.#cap));
    this.#bucket = this.#rate === Infinity
      ? undefined
      : new TokenBucket(burstOf(this.#rate), this.#rate);
    // A new rate is no new burst.
    this.#bucket?.take(burstOf(this.#rate), now);
  }

  #account(peer: string): Account {
    let account = this.#accounts.get(peer);
    if (account === undefined) {
      account = { sent: 0, received: 0, delays: [] };
      this.#accounts.set(peer, account);
    }
    return account;
  }
}

function burstOf(rate: number): number {
  return Math.max(LEAST_BURST, rate * BURST_S);
}

function isDemoted(sent: number, received: number): boolean {
  return sent > GIFT_BYTES + FAIR_RATIO * received;
}

/** What a browser knows of its line (`navigator.connection`). */
export interface LineHints {
  /** The person wants to save data. */
  readonly saveData?: boolean;
  /** `cellular`, `wifi`, `ethernet`, … */
  readonly type?: string;
}

/** Whether others may be sent to over such a line: what is sent from a phone plan is paid for. */
export function mayUpload({ saveData, type }: LineHints): boolean {
  return saveData !== true && type !== "cellular";
}
