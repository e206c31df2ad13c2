/**
 * The receiver's half of a hop's repair: notices which fragments are missing,
 * and says when to ask the sender for them again.
 *
 * A fragment is missing when later ones have come and it has not, for longer
 * than this hop reorders. It is asked for again with growing patience until it
 * comes, the frame is too old, or it was asked for often enough: what cannot
 * be repaired costs a bounded number of questions.
 *
 * @module
 */

import { type WantedFragment, WHOLE_FRAME } from "./feedback_datagram.ts";

/** How long a fragment may be overtaken before it is missed, µs: at first, at least and at most. */
const FIRST_PATIENCE_US = 5000;
const LEAST_PATIENCE_US = 3000;
const MOST_PATIENCE_US = 40_000;
/** What a wrong guess adds to the lateness that it showed. */
const PATIENCE_MARGIN = 1.25;
/** Share of the patience that each frame without a wrong guess takes away. */
const PATIENCE_DECAY = 0.002;

/** Time from question to answer before one was measured, µs. */
const FIRST_ROUND_TRIP_US = 15_000;
/** Weight of a new measurement (RFC 6298 section 2). */
const ROUND_TRIP_WEIGHT = 1 / 8;
/** A question is repeated after this many round trips, and no sooner than this. */
const RETRY_ROUND_TRIPS = 1.5;
const LEAST_RETRY_US = 10_000;

/**
 * Questions for one fragment. With a tenth of everything lost both ways a
 * question fails one time in five, so ten of them leave one in ten million.
 */
const MAX_QUESTIONS = 10;
/** A picture that is older than this since its gap was noticed is worth nothing. */
const DEADLINE_US = 450_000;
/** Fragments asked for at a time: what a sender may answer at once. */
const MAX_WANTED = 512;

/**
 * Fragments that one look goes through: the window's of a stream of 60 MB/s.
 * Who claims frames of 65,000 fragments must not keep us busy with them.
 */
const MAX_SCANNED = 16_384;

/** What the requester sees of the frames that are being put together. */
export interface RepairWindow {
  /** The oldest frame that may still become whole. */
  readonly oldestOpen: number;
  /** The newest of which anything came; -1 before the first. */
  readonly newest: number;
  /** How far a frame is. */
  progressOf(frame: number): "absent" | "partial" | "settled";
  /** Fragments of a partial frame. */
  totalOf(frame: number): number;
  /** Whether a partial frame has that fragment. */
  has(frame: number, index: number): boolean;
}

/** What repair has done on a hop since the stream began. */
export interface RepairFigures {
  /** Fragments that were missing long enough to be asked for. */
  readonly missed: number;
  /** Of those, the ones that came after all because they were sent again. */
  readonly repaired: number;
  /** Fragments that were only overtaken. */
  readonly reordered: number;
  /** Questions sent. */
  readonly questions: number;
  /** Time from question to answer, smoothed, µs; 0 before the first. */
  readonly roundTripUs: number;
}

/** What is known of a frame with a gap. */
class Gap {
  frame = -1;
  noticedUs = 0;
  /** Questions for the frame as a whole, and the time of the last. */
  wholeAsked = 0;
  wholeAskedUs = 0;
  asked = new Uint8Array(0);
  askedUs = new Float64Array(0);

  begin(frame: number, nowUs: number): void {
    this.frame = frame;
    this.noticedUs = nowUs;
    this.wholeAsked = 0;
    this.asked.fill(0);
  }

  reach(total: number): void {
    if (this.asked.length >= total) return;
    const asked = new Uint8Array(total);
    const askedUs = new Float64Array(total);
    asked.set(this.asked);
    askedUs.set(this.askedUs);
    this.asked = asked;
    this.askedUs = askedUs;
  }
}

/** Watches one stream at a time. Nothing is allocated while nothing is lost. */
export class RepairRequester {
  readonly #window: RepairWindow;
  readonly #gaps: Gap[];
  #frame = -1;
  #highest = -1;
  #total = 0;
  #endFrames = -1;
  #patienceUs = FIRST_PATIENCE_US;
  #roundTripUs = 0;
  #waitsForParity = false;
  #scanned = 0;
  #nextLookUs: number | undefined;
  /** How far the stream was when the next look was decided on: what is missing before that is late. */
  #horizonFrame = -1;
  #horizonIndex = -1;
  #missed = 0;
  #repaired = 0;
  #reordered = 0;
  #questions = 0;

  /** `frames` is how many frames `window` keeps track of. */
  constructor(window: RepairWindow, frames: number) {
    this.#window = window;
    this.#gaps = Array.from({ length: frames }, () => new Gap());
  }

  /** When to `look` next; `undefined` while nothing is missing. */
  get nextLookUs(): number | undefined {
    return this.#nextLookUs;
  }

  /** What repair has done. */
  get figures(): RepairFigures {
    return {
      missed: this.#missed,
      repaired: this.#repaired,
      reordered: this.#reordered,
      questions: this.#questions,
      roundTripUs: this.#roundTripUs,
    };
  }

  /** Another stream begins. */
  reset(): void {
    this.#frame = this.#highest = this.#endFrames = -1;
    this.#total = 0;
    this.#nextLookUs = undefined;
    this.#waitsForParity = false;
    this.#missed =
      this.#repaired =
      this.#reordered =
      this.#questions =
        0;
    for (const gap of this.#gaps) gap.frame = -1;
  }

  /** The stream has `frames` frames: everything was sent, what is not here is missing. */
  ended(frames: number, nowUs: number): void {
    this.#endFrames = frames;
    this.#lookWithin(nowUs);
  }

  /**
   * The stream has parity, which comes at a frame's end: until then nothing of
   * the frame is asked for, because nothing may be needed.
   */
  expectParity(): void {
    this.#waitsForParity = true;
  }

  /** Fragment `index` of `total` was taken; `isRepair`: it was sent again. */
  arrived(
    frame: number,
    index: number,
    total: number,
    isRepair: boolean,
    nowUs: number,
  ): void {
    if (frame === this.#frame && index > this.#highest) {
      const isNext = index === this.#highest + 1;
      this.#highest = index;
      if (!isNext) this.#lookWithin(nowUs);
    } else if (frame > this.#frame) {
      const isNext = index === 0 && this.#highest === this.#total - 1 &&
        frame === this.#frame + 1;
      this.#frame = frame;
      this.#highest = index;
      this.#total = total;
      if (isNext) this.#decay();
      else this.#lookWithin(nowUs);
    } else this.#late(frame, index, isRepair, nowUs);
  }

  #decay(): void {
    const less = this.#patienceUs * (1 - PATIENCE_DECAY);
    this.#patienceUs = Math.max(LEAST_PATIENCE_US, less);
  }

  #late(frame: number, index: number, isRepair: boolean, nowUs: number): void {
    const gap = this.#gaps[frame % this.#gaps.length]!;
    const asked = gap.frame !== frame
      ? 0
      : (gap.asked[index] ?? 0) || gap.wholeAsked;
    if (!isRepair) {
      this.#reordered++;
      if (asked === 0) return;
      // It was on its way: the guess was wrong, and next time we wait longer.
      const lateUs = nowUs - gap.noticedUs;
      this.#patienceUs = Math.min(
        MOST_PATIENCE_US,
        Math.max(this.#patienceUs, lateUs * PATIENCE_MARGIN),
      );
      return;
    }
    if (asked === 0) return; // somebody before us lost it, and we only saw it late
    this.#repaired++;
    const askedUs = gap.asked[index] === 1
      ? gap.askedUs[index]!
      : gap.wholeAsked === 1
      ? gap.wholeAskedUs
      : undefined;
    // An answer to one of several questions tells no time (Karn's algorithm).
    if (askedUs === undefined) return;
    const sampleUs = nowUs - askedUs;
    this.#roundTripUs += this.#roundTripUs === 0
      ? sampleUs
      : (sampleUs - this.#roundTripUs) * ROUND_TRIP_WEIGHT;
  }

  #lookWithin(nowUs: number): void {
    if (this.#nextLookUs === undefined) this.#planLook(nowUs);
  }

  #planLook(nowUs: number): void {
    this.#nextLookUs = nowUs + this.#patienceUs;
    this.#horizonFrame = this.#endFrames < 0 ? this.#frame : Infinity;
    this.#horizonIndex = this.#highest;
  }

  /**
   * What to ask for now, in order; empty when it is not time yet or nothing is
   * to be asked for. The caller sends it.
   */
  look(nowUs: number): WantedFragment[] {
    const wanted: WantedFragment[] = [];
    if (this.#nextLookUs === undefined || nowUs < this.#nextLookUs) {
      return wanted;
    }
    const { oldestOpen, newest } = this.#window;
    const size = this.#gaps.length;
    const last = Math.min(
      Math.max(newest, this.#endFrames - 1),
      newest + size - 1,
    );
    let isOpen = false;
    this.#scanned = 0;
    for (
      let frame = Math.max(oldestOpen, last - size + 1);
      frame <= last;
      frame++
    ) {
      if (this.#lookAt(frame, nowUs, wanted)) isOpen = true;
    }
    this.#nextLookUs = undefined;
    if (isOpen) this.#planLook(nowUs);
    if (wanted.length > 0) this.#questions++;
    return wanted;
  }

  /** True when the frame has a gap that may still be filled. */
  #lookAt(frame: number, nowUs: number, wanted: WantedFragment[]): boolean {
    const window = this.#window;
    const progress = window.progressOf(frame);
    if (progress === "settled") return false;
    const gap = this.#gaps[frame % this.#gaps.length]!;
    if (progress === "absent") {
      if (gap.frame !== frame) gap.begin(frame, nowUs);
      return nowUs - gap.noticedUs <= DEADLINE_US &&
        this.#askWhole(gap, nowUs, wanted);
    }
    const total = window.totalOf(frame);
    const isSent = frame < this.#frame || this.#endFrames >= 0;
    const sent = isSent ? total : this.#highest;
    const late = frame < this.#horizonFrame
      ? sent
      : frame === this.#horizonFrame && !this.#waitsForParity
      ? Math.min(sent, this.#horizonIndex)
      : 0;
    let isOpen = false;
    for (let index = 0; index < sent; index++) {
      if (++this.#scanned > MAX_SCANNED) return true;
      if (window.has(frame, index)) continue;
      if (gap.frame !== frame) gap.begin(frame, nowUs);
      if (nowUs - gap.noticedUs > DEADLINE_US) return false;
      gap.reach(total);
      const asked = gap.asked[index]!;
      if (asked >= MAX_QUESTIONS) continue;
      isOpen = true;
      if (index >= late || wanted.length >= MAX_WANTED) continue;
      if (asked > 0 && nowUs - gap.askedUs[index]! < this.#retryUs(asked)) {
        continue;
      }
      // What was asked for as a part of its frame was missed already.
      if (asked === 0 && gap.wholeAsked === 0) this.#missed++;
      gap.asked[index] = asked + 1;
      gap.askedUs[index] = nowUs;
      wanted.push({ frame, index });
    }
    return isOpen;
  }

  #askWhole(gap: Gap, nowUs: number, wanted: WantedFragment[]): boolean {
    const asked = gap.wholeAsked;
    if (asked >= MAX_QUESTIONS) return false;
    const isDue = asked === 0 ||
      nowUs - gap.wholeAskedUs >= this.#retryUs(asked);
    if (gap.frame < this.#horizonFrame && isDue && wanted.length < MAX_WANTED) {
      if (asked === 0) this.#missed++;
      gap.wholeAsked++;
      gap.wholeAskedUs = nowUs;
      wanted.push({ frame: gap.frame, index: WHOLE_FRAME });
    }
    return true;
  }

  #retryUs(asked: number): number {
    const roundTripUs = this.#roundTripUs || FIRST_ROUND_TRIP_US;
    const onceUs = Math.max(LEAST_RETRY_US, roundTripUs * RETRY_ROUND_TRIPS);
    return onceUs * Math.min(4, 1 + asked / 4);
  }
}
