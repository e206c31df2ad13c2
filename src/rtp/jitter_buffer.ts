/**
 * Puts packets back in order and counts what the network did to them.
 *
 * A packet that follows the one before leaves at once; behind a gap packets
 * wait at most the latency for the missing ones, which then count as lost.
 *
 * @module
 */

import { serialDistance } from "../bytes/mod.ts";

/**
 * Packets held behind gaps at most. 512 hold 700 KB of 1,400-byte packets,
 * more than a second of a 5 Mbit/s stream; GStreamer's rtpjitterbuffer has
 * no limit, FFmpeg's reorder queue 500.
 */
export const MAX_HELD_PACKETS = 512;
/** A larger jump forward is a restart, not a gap (RFC 3550 appendix A.1, MAX_DROPOUT). */
export const MAX_DROPOUT = 3000;
/** Sequence numbers remembered, to tell a late packet from a second copy. */
const HISTORY = 4096;
/** Packets that may be missing before the first that arrives, when the first's number is known. */
const MAX_MISSING_AT_START = 64;

/** What the buffer needs of a packet. */
export interface SequencedPacket {
  /** 16 bit, wraps. */
  readonly sequence: number;
}

/** What has happened since the start; all figures only grow, but `lost`. */
export interface JitterBufferCounts {
  /** Packets pushed, duplicates included. */
  readonly received: number;
  /** Packets handed on. */
  readonly released: number;
  /** Sequence numbers given up and never seen since. */
  readonly lost: number;
  /** Second copies, dropped. */
  readonly duplicates: number;
  /** Packets that came behind a higher sequence number. */
  readonly reordered: number;
  /** Packets that came after they were given up, dropped; they no longer count as lost. */
  readonly late: number;
  /** Times the sequence jumped so far that counting began anew. */
  readonly restarts: number;
}

/** Reorders packets of one source. */
export class JitterBuffer<T extends SequencedPacket> {
  readonly #latency: number;
  readonly #maxHeld: number;
  /** Extended sequence number that is due next. */
  #next: number | undefined;
  #highest = 0;
  /** Extended number that counting began with. */
  #first = 0;
  /** What the first packet's number should be, when it is known. */
  #expected: number | undefined;
  /** Packets behind a gap by extended sequence number. */
  readonly #held = new Map<number, { packet: T; at: number }>();
  /** In order and ready to leave. */
  #ready: T[] = [];
  #readyIndex = 0;
  /** `#seen[sequence % HISTORY]` is the extended number last received there, plus one. */
  readonly #seen = new Float64Array(HISTORY);
  /** First of two packets that a restart needs (RFC 3550 appendix A.1). */
  #suspect: { sequence: number; packet: T } | undefined;
  #received = 0;
  #released = 0;
  #lost = 0;
  #duplicates = 0;
  #reordered = 0;
  #late = 0;
  #restarts = 0;

  /**
   * Waits `latency` milliseconds for a missing packet, holds at most
   * `maxHeld` packets meanwhile.
   */
  constructor(latency: number, maxHeld = MAX_HELD_PACKETS) {
    this.#latency = latency;
    this.#maxHeld = maxHeld;
  }

  /** What was counted so far. */
  get counts(): JitterBufferCounts {
    return {
      received: this.#received,
      released: this.#released,
      lost: this.#lost,
      duplicates: this.#duplicates,
      reordered: this.#reordered,
      late: this.#late,
      restarts: this.#restarts,
    };
  }

  /** Packets waiting behind a gap. */
  get held(): number {
    return this.#held.size;
  }

  /** Takes a packet that arrived at `now` (milliseconds). */
  push(packet: T, now: number): void {
    this.#received++;
    if (this.#next === undefined) {
      this.#start(packet);
      this.#accept(this.#highest, packet, now);
      return;
    }
    const extended = this.#highest +
      serialDistance(packet.sequence, this.#highest & 0xffff, 16);
    const jump = extended - this.#highest;
    if (jump > MAX_DROPOUT || jump < -MAX_DROPOUT) {
      this.#pushStranger(packet, now);
      return;
    }
    this.#suspect = undefined;
    const slot = extended % HISTORY;
    if (this.#seen[slot] === extended + 1) {
      this.#duplicates++;
      return;
    }
    if (jump < 0) {
      this.#reordered++;
    } else {
      this.#highest = extended;
    }
    if (extended < this.#next) {
      // Older than the very first packet: never expected, so never lost.
      if (extended >= this.#first) this.#lost--;
      this.#late++;
      this.#seen[slot] = extended + 1;
      return;
    }
    this.#seen[slot] = extended + 1;
    this.#accept(extended, packet, now);
  }

  /**
   * Says the number of the first packet, as RTP-Info has it: packets that come
   * before it in a wrong order are waited for like any others.
   */
  expect(sequence: number): void {
    if (this.#next === undefined) this.#expected = sequence;
  }

  /** The next packet in order, `undefined` when none is due. */
  pop(): T | undefined {
    const packet = this.#ready[this.#readyIndex];
    if (packet === undefined) {
      if (this.#readyIndex > 0) {
        this.#ready = [];
        this.#readyIndex = 0;
      }
      return undefined;
    }
    this.#readyIndex++;
    return packet;
  }

  /** When the oldest gap is given up, `undefined` when there is none. */
  nextTimeoutAt(): number | undefined {
    // A Map keeps the order of arrival, so the first entry has waited longest.
    const oldest = this.#held.values().next().value;
    return oldest === undefined ? undefined : oldest.at + this.#latency;
  }

  /** Gives up gaps whose time is over; then {@linkcode pop} has the packets behind them. */
  handleTimeout(now: number): void {
    for (;;) {
      const due = this.nextTimeoutAt();
      if (due === undefined || due > now) return;
      this.#skipGap();
    }
  }

  /** Gives up all gaps: the stream has ended. */
  flush(): void {
    while (this.#held.size > 0) this.#skipGap();
  }

  /** Forgets everything but the counts: after a seek or a new source. */
  reset(): void {
    this.#next = undefined;
    this.#expected = undefined;
    this.#held.clear();
    this.#ready = [];
    this.#readyIndex = 0;
    this.#suspect = undefined;
    this.#seen.fill(0);
  }

  #start(packet: T): void {
    // One cycle up, so that packets from before the first keep positive numbers.
    const extended = packet.sequence + 0x1_0000;
    const missing = this.#expected === undefined
      ? 0
      : serialDistance(packet.sequence, this.#expected, 16);
    this.#expected = undefined;
    // An announcement far off is a wrong one: some servers make it up.
    const first = missing > 0 && missing <= MAX_MISSING_AT_START
      ? extended - missing
      : extended;
    this.#first = first;
    this.#highest = extended;
    this.#next = first;
    this.#seen[extended % HISTORY] = extended + 1;
  }

  #accept(extended: number, packet: T, now: number): void {
    if (extended === this.#next) {
      this.#release(packet);
      this.#drain();
      return;
    }
    this.#held.set(extended, { packet, at: now });
    if (this.#held.size > this.#maxHeld) this.#skipGap();
  }

  /** Far from what is expected: a stray, or the first of a restarted sender. */
  #pushStranger(packet: T, now: number): void {
    const suspect = this.#suspect;
    if (suspect === undefined || suspect.sequence !== packet.sequence) {
      this.#suspect = {
        sequence: (packet.sequence + 1) & 0xffff,
        packet,
      };
      return;
    }
    this.flush();
    this.#restarts++;
    this.#seen.fill(0);
    this.#suspect = undefined;
    this.#start(suspect.packet);
    this.#accept(this.#highest, suspect.packet, now);
    this.#highest++;
    this.#seen[this.#highest % HISTORY] = this.#highest + 1;
    this.#accept(this.#highest, packet, now);
  }

  #release(packet: T): void {
    this.#ready.push(packet);
    this.#released++;
    this.#next!++;
  }

  #drain(): void {
    while (this.#held.size > 0) {
      const entry = this.#held.get(this.#next!);
      if (entry === undefined) return;
      this.#held.delete(this.#next!);
      this.#release(entry.packet);
    }
  }

  /** Gives up what is missing before the first held packet. */
  #skipGap(): void {
    let first = Infinity;
    for (const extended of this.#held.keys()) {
      if (extended < first) first = extended;
    }
    this.#lost += first - this.#next!;
    this.#next = first;
    this.#drain();
  }
}
