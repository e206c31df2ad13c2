/**
 * Hears from the peers which hop cannot carry the rate, and says how much of
 * the stream to send.
 *
 * Loss alone is no sign: a bad radio link loses as much at any rate, and repair
 * fills the gaps. A hop is too narrow when repair itself does not get through:
 * frames stay incomplete, or the sender has nothing left to repeat with. Then
 * pictures get coarser, and where that is not enough or cannot be, whole frames
 * are left out before they are sent, instead of fragments of all of them on the
 * way.
 *
 * @module
 */

import type { PeerReport } from "./report.ts";

/** What a congested second leaves of the rate, and the least that is ever sent. */
const DECREASE = 0.7;
const LEAST_SHARE = 0.2;
/** Of a picture's bytes so much is left at least: frames are left out beyond that. */
const LEAST_DETAIL = 0.5;
/** Time for a change to show before the next one. */
const REACTION_US = 1_000_000;
/** A hop that was quiet for so long is tried with a little more, every second. */
const RECOVERY_US = 3_000_000;
const INCREASE = 0.05;

/** Weight of a new report in the loss: a second of them. */
const LOSS_WEIGHT = 1 / 4;

/** Where a chain is tight, and what is done about it. */
export interface CongestionState {
  /** Part of the source's bytes that is sent, up to 1. */
  readonly share: number;
  /** Part of each picture's bytes that is to be left, up to 1. */
  readonly detail: number;
  /** The peer at the end of the hop that is too narrow; `null` when none was lately. */
  readonly tightAt: string | null;
  /** Frames left out in this stream. */
  readonly framesLeftOut: number;
}

interface Heard {
  readonly streamId: number;
  readonly upstream: string | null;
  /** Since when it has this upstream. */
  readonly sinceUs: number;
  readonly lost: number;
  readonly withheld: number;
  readonly missed: number;
  readonly packets: number;
  /** Share of fragments that were missing, smoothed over some reports. */
  readonly loss: number;
}

/** Listens to the whole chain; decides for one stream at a time. */
export class CongestionControl {
  readonly #isAdapting: boolean;
  readonly #heard = new Map<string, Heard>();
  #share = 1;
  #coarsens = true;
  #credit = 0;
  #tightAt: string | null = null;
  #tightUs = -Infinity;
  #changedUs = -Infinity;
  #leftOut = 0;

  /** `isAdapting`: whether less is sent, or only the place is told. */
  constructor(isAdapting: boolean) {
    this.#isAdapting = isAdapting;
  }

  /** The state at `nowUs`. */
  state(nowUs: number): CongestionState {
    return {
      share: this.#share,
      detail: this.#detail,
      tightAt: nowUs - this.#tightUs < RECOVERY_US ? this.#tightAt : null,
      framesLeftOut: this.#leftOut,
    };
  }

  /** Another stream begins: the way is tried in full. */
  reset(): void {
    this.#heard.clear();
    this.#share = 1;
    this.#coarsens = true;
    this.#credit = this.#leftOut = 0;
    this.#tightUs = this.#changedUs = -Infinity;
    this.#tightAt = null;
  }

  /** This stream's pictures cannot be made coarser: frames alone are left out. */
  keepDetail(): void {
    this.#coarsens = false;
  }

  get #detail(): number {
    return this.#coarsens ? Math.max(LEAST_DETAIL, this.#share) : 1;
  }

  /** A peer reports; `before` is the one that sends to it. */
  hear(report: PeerReport, nowUs: number): void {
    const { name, streamId, framesLost: lost, upstream, hop } = report;
    const last = this.#heard.get(name);
    const withheld = hop?.withheld ?? 0;
    const sinceUs = last?.upstream === upstream ? last.sinceUs : nowUs;
    // What parity replaced was missing, too, though nobody asked for it.
    const missed = (hop?.missed ?? 0) + (hop?.replaced ?? 0);
    const packets = hop?.packets ?? 0;
    const more = packets - (last?.packets ?? 0);
    const now = more <= 0 ? 0 : (missed - (last?.missed ?? 0)) / more;
    const before = last?.streamId === streamId ? last.loss : 0;
    const loss = Math.max(0, before + (now - before) * LOSS_WEIGHT);
    this.#heard.set(name, {
      ...{ streamId, upstream, sinceUs, lost, withheld },
      ...{ missed, packets, loss },
    });
    if (report.state !== "playing" || last?.streamId !== streamId) return;
    // What was lost while the chain was closed over a gap says nothing.
    if (nowUs - sinceUs < REACTION_US) return;
    // What a peer refuses to repeat is lacking at the one after it.
    if (withheld > last.withheld) {
      this.#tight(report.downstream?.name ?? name, nowUs);
    } else if (lost > last.lost) {
      // The frame is lacking at all that follow: the first of them is the one.
      const one = upstream === null ? undefined : this.#heard.get(upstream);
      const isFirst = one === undefined || one.lost < lost;
      if (isFirst) this.#tight(name, nowUs);
    }
  }

  #tight(name: string, nowUs: number): void {
    this.#tightAt = name;
    this.#tightUs = nowUs;
    if (!this.#isAdapting || nowUs - this.#changedUs < REACTION_US) return;
    this.#changedUs = nowUs;
    this.#share = Math.max(LEAST_SHARE, this.#share * DECREASE);
  }

  /** The worst hop's share of fragments that were missing, lately. */
  get loss(): number {
    let worst = 0;
    for (const { loss } of this.#heard.values()) worst = Math.max(worst, loss);
    return worst;
  }

  /** Whether the next frame is to be sent. */
  take(nowUs: number): boolean {
    const isQuiet = nowUs - this.#tightUs >= RECOVERY_US &&
      nowUs - this.#changedUs >= REACTION_US;
    if (this.#share < 1 && isQuiet) {
      this.#share = Math.min(1, this.#share + INCREASE);
      this.#changedUs = nowUs;
    }
    this.#credit += this.#share / this.#detail;
    // The rounding of many shares must not leave out one more.
    if (this.#credit < 1 - 1e-9) {
      this.#leftOut++;
      return false;
    }
    this.#credit -= 1;
    return true;
  }
}
