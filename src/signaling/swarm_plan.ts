/**
 * What is asked of the host and what of the other participants: the host sends
 * each chunk about once, to the one whose turn it is, and everybody else gets it
 * from there. Nobody waits long for that: what is needed soon, or does not come,
 * is asked of the host by the next in turn.
 *
 * Who asks only for what it has not got, of somebody who has it, sends nothing in
 * a circle: a chunk comes to each member once.
 *
 * @module
 */

import type { OpenChunks } from "./chunk_policy.ts";
import type { Bytes } from "./chunk.ts";
import { applyHave, ChunkSet, isHave, readHave } from "./swarm_have.ts";
import { FetchOrder, hash32, mix32 } from "./swarm_ring.ts";

/** The member that a source of our own is. */
export const OWN = "";
/** What is played within this is asked for in its order, ms; beyond it the rarest comes first. */
export const URGENT_MS = 10_000;
/** For what is played within this nobody waits long, ms. */
export const HURRY_MS = 2000;
/**
 * A chunk whose turn is another's is asked of the host after this, ms, times our
 * rank; the second when it is played soon. Were all to ask at once in a hurry,
 * the host would be so slow that the hurry never ended.
 */
export const PATIENCE_MS = [2000, 500] as const;
/** A chunk that neighbours have and do not send is asked of the host after this, ms. */
export const SHARED_PATIENCE_MS = [10_000, 700] as const;
/** Nobody waits longer than so many ranks. */
const MAX_RANKS = 4;
/** Chunks from the first missing one on that are looked at: 32 MiB. */
const LOOK_CHUNKS = 512;
/** Chunks in front for which the host is asked when they do not come. */
const OVERDUE_CHUNKS = 64;
/** Chunks whose waiting is timed at once. */
const MAX_TIMED = 4 * OVERDUE_CHUNKS;
/** In a hurry the host is given so many times as long as it takes now. */
const HURRY_LATENCIES = 3;
/** Part of what the host takes that the newest chunk says. */
const LATENCY_SHARE = 0.2;
/** Neighbours that are expected have come within this, or we go on alone, ms. */
const MEET_MS = 3000;
/** No rank is known yet. */
const UNKNOWN = 255;

interface Peer {
  readonly memberId: string;
  readonly have: ChunkSet;
  /** Chunks that it has and we have not. */
  useful: number;
}

/** Decides for one member's {@linkcode ChunkScheduler}. */
export class SwarmPlan {
  readonly #total: number;
  readonly #me: string;
  readonly #salt: number;
  readonly #seeds = new Set<string>();
  readonly #peers = new Map<string, Peer>();
  /** How many neighbours have a chunk. */
  readonly #available: Uint8Array;
  readonly #ranks: Uint8Array;
  readonly #since = new Map<number, number>();
  readonly #mine: ChunkSet;
  #aloneSince: number | undefined;
  #seedLatencyMs = 0;
  #peerLatencyMs = 0;
  #order: FetchOrder;
  #chunksPerMs = 0;
  #playing = 0;

  /** Of a film of `total` chunks, for member `me`. */
  constructor(total: number, me: string) {
    this.#total = total;
    this.#me = me;
    this.#salt = hash32(me);
    this.#mine = new ChunkSet(total);
    this.#available = new Uint8Array(total);
    this.#ranks = new Uint8Array(total).fill(UNKNOWN);
    this.#order = new FetchOrder([me], me);
  }

  /** What we have. */
  get mine(): ChunkSet {
    return this.#mine;
  }

  /** Members that fetch from the host for the others, ourselves among them or not. */
  setFetchers(members: readonly string[]): void {
    this.#order = new FetchOrder(members, this.#me);
    this.#ranks.fill(UNKNOWN);
  }

  /** Chunks a second that playing takes; 0 when nobody plays here. */
  setRate(chunksPerSecond: number): void {
    this.#chunksPerMs = chunksPerSecond / 1000;
  }

  /** The chunk that is played now; the scheduler's playhead may lag behind it. */
  setPlaying(chunk: number): void {
    this.#playing = chunk;
  }

  /** A source that has what it will say. */
  addPeer(source: string, memberId: string): void {
    this.#aloneSince = undefined;
    this.#peers.set(source, {
      memberId,
      have: new ChunkSet(this.#total),
      useful: 0,
    });
  }

  /** A source that nobody called a peer has the whole film. */
  added(source: string): void {
    if (!this.#peers.has(source)) this.#seeds.add(source);
  }

  /** The source is gone. */
  removed(source: string): void {
    this.#seeds.delete(source);
    const peer = this.#peers.get(source);
    if (peer === undefined) return;
    this.#peers.delete(source);
    for (let chunk = 0; chunk < this.#total; chunk++) {
      if (peer.have.has(chunk)) this.#available[chunk]!--;
    }
  }

  /**
   * A source says what it has. One that does so and was a seed has not all of it.
   *
   * @throws {SignalProtocolError} for what cannot be true.
   */
  heard(source: string, frame: Bytes): void {
    if (!isHave(frame)) return;
    const message = readHave(frame, this.#total);
    if (this.#seeds.delete(source)) this.addPeer(source, source);
    const peer = this.#peers.get(source);
    if (peer === undefined) return;
    applyHave(
      peer.have,
      message,
      (chunk, has) => this.#count(peer, chunk, has ? 1 : -1),
    );
  }

  /** It said that it has this chunk, and does not give it: not true any more. */
  denied(source: string, chunk: number): void {
    const peer = this.#peers.get(source);
    if (peer?.have.delete(chunk)) this.#count(peer, chunk, -1);
  }

  /** The member that a source is. */
  memberOf(source: string): string | undefined {
    return this.#peers.get(source)?.memberId;
  }

  /** Whether a source said that it has a chunk. */
  offered(source: string, chunk: number): boolean {
    return this.#seeds.has(source) ||
      this.#peers.get(source)?.have.has(chunk) === true;
  }

  /** Chunks that a source has. */
  countOf(source: string): number {
    return this.#seeds.has(source)
      ? this.#total
      : this.#peers.get(source)?.have.count ?? 0;
  }

  /** How many of our neighbours have a chunk. */
  available(chunk: number): number {
    return this.#available[chunk] ?? 0;
  }

  /** Parts of the film, and in how many places around us each is at least; seeds count. */
  health(pieces: number, has: (chunk: number) => boolean): number[] {
    const least = Array.from({ length: pieces }, () => Infinity);
    // Several connections to who has the film are one place, and ours is counted as ours.
    const whole = this.#seeds.size > 0 ? 1 : 0;
    const own = [...this.#peers.values()]
      .filter(({ memberId }) => memberId === OWN);
    for (let chunk = 0; chunk < this.#total; chunk++) {
      const piece = Math.floor(chunk * pieces / this.#total);
      const copies = this.available(chunk) + (has(chunk) ? 1 : 0) + whole -
        own.filter(({ have }) => have.has(chunk)).length;
      least[piece] = Math.min(least[piece]!, copies);
    }
    return least.map((copies) => copies === Infinity ? 0 : copies);
  }

  /** Whether a source may be asked for a chunk that is needed. */
  may(source: string, chunk: number, now: number): boolean {
    if (!this.#seeds.has(source)) return this.offered(source, chunk);
    // Who has no neighbour yet does not wait for one with what it needs now.
    return this.#peers.size === 0 || this.#seedMay(chunk, now);
  }

  /** The chunk ahead that a source is asked for next. */
  ahead(source: string, open: OpenChunks, now: number): number | undefined {
    return this.#seeds.has(source)
      ? this.#ofSeed(open, now)
      : this.#ofPeer(source, open);
  }

  /** A chunk came from a source. */
  landed(source: string, _bytes: number, tookMs: number): void {
    if (this.#seeds.has(source)) {
      this.#seedLatencyMs += LATENCY_SHARE * (tookMs - this.#seedLatencyMs);
    } else {
      this.#peerLatencyMs += LATENCY_SHARE * (tookMs - this.#peerLatencyMs);
    }
  }

  /** A chunk is there. */
  accepted(chunk: number): void {
    this.#since.delete(chunk);
    if (!this.#mine.add(chunk)) return;
    for (const peer of this.#peers.values()) {
      if (peer.have.has(chunk)) peer.useful--;
    }
  }

  /** A chunk was thrown away. */
  forgotten(chunk: number): void {
    if (!this.#mine.delete(chunk)) return;
    for (const peer of this.#peers.values()) {
      if (peer.have.has(chunk)) peer.useful++;
    }
  }

  /** When {@linkcode may} may answer otherwise without anything happening. */
  nextTimeoutAt(now: number): number | undefined {
    let next = Infinity;
    if (this.#seeds.size === 0) return undefined;
    if (this.#peers.size === 0 && this.#aloneSince !== undefined) {
      const at = this.#aloneSince + MEET_MS;
      if (at > now) next = at;
    }
    for (const [chunk, since] of this.#since) {
      const at = since + this.#patience(chunk);
      if (at > now) next = Math.min(next, at);
    }
    return next === Infinity ? undefined : next;
  }

  #ofSeed(open: OpenChunks, now: number): number | undefined {
    if (this.#isAlone(now)) return open.find(LOOK_CHUNKS, () => true);
    let seen = 0;
    return open.find(
      LOOK_CHUNKS,
      (chunk) =>
        seen++ < OVERDUE_CHUNKS
          ? this.#seedMay(chunk, now)
          : this.#isOurs(chunk),
    );
  }

  #ofPeer(source: string, open: OpenChunks): number | undefined {
    const peer = this.#peers.get(source);
    if (peer === undefined || peer.useful === 0) return undefined;
    const { have } = peer;
    let best: number | undefined;
    let least = Infinity;
    const soon = open.find(LOOK_CHUNKS, (chunk) => {
      if (!have.has(chunk)) return false;
      if (this.#dueIn(chunk) < URGENT_MS) return true;
      const rare = this.available(chunk) * 2 ** 32 +
        mix32(this.#salt ^ mix32(chunk));
      if (rare < least) {
        least = rare;
        best = chunk;
      }
      return false;
    });
    return soon ?? best;
  }

  #count(peer: Peer, chunk: number, change: 1 | -1): void {
    this.#available[chunk]! += change;
    if (!this.#mine.has(chunk)) peer.useful += change;
  }

  /** There is nobody else, or nobody that can be reached: the host gives all. */
  #isAlone(now: number): boolean {
    if (this.#peers.size > 0) return false;
    this.#aloneSince ??= now;
    return this.#order.size <= 1 || now >= this.#aloneSince + MEET_MS;
  }

  /** It is our turn to fetch it for all, and nobody around us has it. */
  #isOurs(chunk: number): boolean {
    return this.#rank(chunk) === 0 && this.available(chunk) === 0;
  }

  #seedMay(chunk: number, now: number): boolean {
    return this.#isOurs(chunk) || now >= this.#patientUntil(chunk, now);
  }

  /** Until a chunk is played, ms. */
  #dueIn(chunk: number): number {
    if (this.#chunksPerMs === 0) return Infinity;
    const ahead = chunk - this.#playing;
    return ahead < 0 ? Infinity : ahead / this.#chunksPerMs;
  }

  #rank(chunk: number): number {
    let rank = this.#ranks[chunk]!;
    if (rank === UNKNOWN) {
      rank = Math.min(this.#order.rank(chunk), UNKNOWN - 1);
      this.#ranks[chunk] = rank;
    }
    return rank;
  }

  #patience(chunk: number): number {
    const index = this.#dueIn(chunk) < HURRY_MS ? 1 : 0;
    // A host that is slow already becomes no quicker by being asked twice.
    const least = HURRY_LATENCIES * this.#seedLatencyMs;
    const ranks = Math.max(1, Math.min(this.#rank(chunk), MAX_RANKS));
    // Where all are slow, because their machines or lines are, waiting is right.
    const shared = index === 0 ? HURRY_LATENCIES * this.#peerLatencyMs : 0;
    return this.available(chunk) > 0
      ? Math.max(least, shared, SHARED_PATIENCE_MS[index])
      : ranks * Math.max(least, PATIENCE_MS[index]);
  }

  #patientUntil(chunk: number, now: number): number {
    let since = this.#since.get(chunk);
    if (since === undefined) {
      since = now;
      this.#since.set(chunk, now);
      if (this.#since.size > MAX_TIMED) {
        this.#since.delete(this.#since.keys().next().value ?? chunk);
      }
    }
    return since + this.#patience(chunk);
  }
}
