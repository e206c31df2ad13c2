/**
 * Which chunk is asked of whom, and when: the receiver drives. Each source has
 * few chunks under way, so that little has to arrive before the answer to a
 * seek, and just as many as its path holds, so that the path is never idle.
 *
 * @module
 */

import { CHUNK_BYTES } from "./chunk.ts";
import type { ChunkPolicy, OpenChunks } from "./chunk_policy.ts";
import {
  MIN_WINDOW,
  nextWindow,
  RATE_SAMPLES,
  rateOf,
} from "./chunk_window.ts";
import { TokenBucket } from "./token_bucket.ts";

/** A source that sends nothing for so long is stalled, ms. */
export const STALL_MS = 2500;
/** It is asked again after this, then twice as long and so on, ms. */
const COOLDOWN_MS = 500;
/** At most, ms. */
const MAX_COOLDOWN_MS = 8000;
/** Wrong chunks after which a source is left for good. */
export const MAX_STRIKES = 3;
/** What is needed now and does not come is asked of a second source after this, ms. */
const HEDGE_MS = 700;

/** A chunk to ask a source for. */
export interface ChunkRequest {
  /** Id of the source. */
  readonly source: string;
  /** Number of the chunk. */
  readonly chunk: number;
}

/** How a source is doing. */
export interface SourceFigures {
  /** Its id. */
  readonly id: string;
  /** Bytes a second, over its last chunks. */
  readonly bytesPerSecond: number;
  /** Bytes of chunks so far. */
  readonly bytes: number;
  /** From asking to having a chunk at its best, ms. */
  readonly latencyMs: number | undefined;
  /** Chunks under way. */
  readonly inFlight: number;
  /** Chunks that may be under way. */
  readonly window: number;
  /** Wrong chunks so far. */
  readonly strikes: number;
  /** Times it stalled. */
  readonly stalls: number;
}

interface Source {
  readonly id: string;
  readonly inFlight: Map<number, number>;
  arrivals: { at: number; bytes: number }[];
  bytes: number;
  minLatency: number;
  /** Chunks that may be under way. */
  window: number;
  lastActivity: number;
  strikes: number;
  stalls: number;
  cooldown: number;
  pausedUntil: number;
  retired: boolean;
  held: boolean;
}

interface Demand {
  readonly first: number;
  readonly last: number;
}

/** Decides what is asked of whom. Times are ms of any one clock. */
export class ChunkScheduler {
  readonly #total: number;
  readonly #have: Uint8Array;
  readonly #asked: Uint8Array;
  readonly #sources = new Map<string, Source>();
  readonly #cap: TokenBucket | undefined;
  readonly #policy: ChunkPolicy | undefined;
  readonly #openChunks: OpenChunks = {
    find: (limit, test) => this.#findOpen(limit, test),
  };
  #demands: Demand[] = [];
  #count = 0;
  #playhead = 0;
  #ahead: number;
  /** Everything nearer to the playhead than this many chunks is there or under way. */
  #cursor = 0;

  /**
   * A film of `total` chunks; `bytesPerSecond` caps what is asked for. Without a
   * `policy` every source has the whole film.
   */
  constructor(total: number, bytesPerSecond?: number, policy?: ChunkPolicy) {
    this.#policy = policy;
    this.#total = total;
    this.#have = new Uint8Array(total);
    this.#asked = new Uint8Array(total);
    this.#ahead = total;
    this.#cap = bytesPerSecond === undefined ? undefined : new TokenBucket(
      Math.max(2 * CHUNK_BYTES, bytesPerSecond / 4),
      bytesPerSecond,
    );
  }

  /** Chunks that are there. */
  get count(): number {
    return this.#count;
  }

  /** Whether a chunk is there. */
  has(chunk: number): boolean {
    return this.#have[chunk] === 1;
  }

  /** Chunks that are there without a gap from this one on. */
  runFrom(chunk: number): number {
    let end = chunk;
    while (end < this.#total && this.#have[end] === 1) end++;
    return end - chunk;
  }

  /** A source that has the whole film. */
  addSource(id: string, now: number): void {
    this.#sources.set(id, {
      id,
      inFlight: new Map(),
      arrivals: [],
      bytes: 0,
      minLatency: Infinity,
      window: MIN_WINDOW,
      lastActivity: now,
      strikes: 0,
      stalls: 0,
      cooldown: COOLDOWN_MS,
      pausedUntil: -Infinity,
      retired: false,
      held: false,
    });
    this.#policy?.added(id);
  }

  /** A source is asked for nothing more. */
  retire(id: string): void {
    const source = this.#sources.get(id);
    if (source !== undefined) source.retired = true;
  }

  /** A source is asked for nothing, or for something again. */
  hold(id: string, held: boolean): void {
    const source = this.#sources.get(id);
    if (source !== undefined) source.held = held;
  }

  /** Whether a source was retired and has given all that it was asked for. */
  isDone(id: string): boolean {
    const source = this.#sources.get(id);
    return source?.retired === true && source.inFlight.size === 0;
  }

  /** The source is gone; what it was asked for is asked of others. */
  removeSource(id: string): void {
    const source = this.#sources.get(id);
    if (source === undefined) return;
    this.#sources.delete(id);
    this.#policy?.removed(id);
    this.#release(source);
  }

  /** How the sources are doing. */
  figures(): SourceFigures[] {
    return [...this.#sources.values()].map((source) => ({
      id: source.id,
      bytesPerSecond: 1000 * rateOf(source),
      bytes: source.bytes,
      latencyMs: source.minLatency === Infinity ? undefined : source.minLatency,
      inFlight: source.inFlight.size,
      window: source.window,
      strikes: source.strikes,
      stalls: source.stalls,
    }));
  }

  /** The film is played from here; `ahead` chunks from here on are wanted. */
  setPlayhead(chunk: number, ahead: number): void {
    if (chunk === this.#playhead && ahead === this.#ahead) return;
    const moved = chunk - this.#playhead;
    this.#playhead = chunk;
    this.#ahead = Math.min(ahead, this.#total);
    this.#cursor = moved >= 0 && moved <= this.#cursor
      ? this.#cursor - moved
      : 0;
  }

  /** These chunks are needed now, before all else; the newest need comes first. The function ends it. */
  demand(first: number, last: number): () => void {
    const demand: Demand = { first, last: Math.min(last, this.#total - 1) };
    this.#demands.unshift(demand);
    return () => {
      this.#demands = this.#demands.filter((one) => one !== demand);
    };
  }

  /** What is to be asked for now. */
  next(now: number): ChunkRequest[] {
    const requests: ChunkRequest[] = [];
    // The quickest first: it gets what is needed soonest.
    const sources = [...this.#sources.values()]
      .filter(({ retired, held, pausedUntil }) =>
        !retired && !held && pausedUntil <= now
      )
      .sort((a, b) => rateOf(b) - rateOf(a));
    for (const source of sources) {
      while (source.inFlight.size < source.window) {
        const chunk = this.#choose(source, now);
        if (chunk === undefined) break;
        if (this.#cap?.take(CHUNK_BYTES, now) === false) return requests;
        if (source.inFlight.size === 0) source.lastActivity = now;
        source.inFlight.set(chunk, now);
        this.#asked[chunk]!++;
        requests.push({ source: source.id, chunk });
      }
    }
    return requests;
  }

  /** Something of a chunk came from a source. */
  activity(sourceId: string, now: number): void {
    const source = this.#sources.get(sourceId);
    if (source !== undefined) source.lastActivity = now;
  }

  /** Whether a source was asked for a chunk. */
  wasAsked(sourceId: string, chunk: number): boolean {
    return this.#sources.get(sourceId)?.inFlight.has(chunk) ?? false;
  }

  /** A chunk is all there, before it is checked; `bytes` is what travelled. */
  landed(sourceId: string, chunk: number, bytes: number, now: number): void {
    const source = this.#sources.get(sourceId);
    const asked = source?.inFlight.get(chunk);
    if (source === undefined || asked === undefined) return;
    source.inFlight.delete(chunk);
    source.cooldown = COOLDOWN_MS;
    source.lastActivity = now;
    source.minLatency = Math.min(source.minLatency, Math.max(0.1, now - asked));
    this.#policy?.landed(sourceId, bytes, now - asked);
    source.bytes += bytes;
    source.arrivals.push({ at: now, bytes });
    if (source.arrivals.length > RATE_SAMPLES) source.arrivals.shift();
    source.window = nextWindow(source);
  }

  /** A chunk that landed is right: it is there. */
  accepted(chunk: number): void {
    this.#asked[chunk] = 0;
    if (this.#have[chunk] === 1) return;
    this.#have[chunk] = 1;
    this.#count++;
    this.#policy?.accepted(chunk);
  }

  /** A chunk that landed is wrong: it is asked for again. `true` when its source is to be left. */
  rejected(sourceId: string, chunk: number): boolean {
    this.#wantAgain(chunk);
    const source = this.#sources.get(sourceId);
    return source !== undefined && ++source.strikes >= MAX_STRIKES;
  }

  /** A source says that it cannot give a chunk. */
  missing(sourceId: string, chunk: number, now: number): void {
    const source = this.#sources.get(sourceId);
    if (source?.inFlight.delete(chunk)) {
      this.#policy?.denied(sourceId, chunk);
      this.#wantAgain(chunk);
      this.#pause(source, now);
    }
  }

  /** A chunk was thrown away for want of room. */
  forget(chunk: number): void {
    if (this.#have[chunk] !== 1) return;
    this.#have[chunk] = 0;
    this.#count--;
    this.#policy?.forgotten(chunk);
    this.#rewind(chunk);
  }

  /** Frees what stalled sources were asked for; gives those chunks with their sources. */
  expire(now: number): ChunkRequest[] {
    const expired: ChunkRequest[] = [];
    for (const source of this.#sources.values()) {
      if (source.inFlight.size === 0 || now - source.lastActivity < STALL_MS) {
        continue;
      }
      for (const chunk of source.inFlight.keys()) {
        expired.push({ source: source.id, chunk });
      }
      this.#release(source);
      source.stalls++;
      this.#pause(source, now);
    }
    return expired;
  }

  /** When {@linkcode next} or {@linkcode expire} may have something to do without anything happening. */
  nextTimeoutAt(now: number): number | undefined {
    let next = Infinity;
    for (const source of this.#sources.values()) {
      if (source.inFlight.size > 0) {
        next = Math.min(next, source.lastActivity + STALL_MS);
      }
      if (source.pausedUntil > now) next = Math.min(next, source.pausedUntil);
    }
    const wait = this.#cap?.waitFor(CHUNK_BYTES, now) ?? 0;
    if (wait > 0) next = Math.min(next, now + wait);
    if (this.#sources.size > 1 && this.#demands.length > 0) {
      next = Math.min(next, now + HEDGE_MS / 2);
    }
    next = Math.min(next, this.#policy?.nextTimeoutAt(now) ?? Infinity);
    return next === Infinity ? undefined : next;
  }

  #choose(source: Source, now: number): number | undefined {
    for (const { first, last } of this.#demands) {
      for (let chunk = first; chunk <= last; chunk++) {
        if (this.#have[chunk] === 1) continue;
        if (this.#policy?.may(source.id, chunk, now) === false) continue;
        if (this.#asked[chunk] === 0 || this.#isLate(source, chunk, now)) {
          return chunk;
        }
      }
    }
    return this.#policy === undefined
      ? this.#findOpen(1, () => true)
      : this.#policy.ahead(source.id, this.#openChunks, now);
  }

  #findOpen(
    limit: number,
    test: (chunk: number) => boolean,
  ): number | undefined {
    const isOpen = (chunk: number): boolean =>
      this.#have[chunk] === 0 && this.#asked[chunk] === 0;
    for (; this.#cursor < this.#ahead; this.#cursor++) {
      if (isOpen((this.#playhead + this.#cursor) % this.#total)) break;
    }
    const end = Math.min(this.#ahead, this.#cursor + limit);
    for (let rank = this.#cursor; rank < end; rank++) {
      const chunk = (this.#playhead + rank) % this.#total;
      if (isOpen(chunk) && test(chunk)) return chunk;
    }
    return undefined;
  }

  /** Whether one other source alone was asked for a chunk, long ago. */
  #isLate(source: Source, chunk: number, now: number): boolean {
    if (this.#asked[chunk] !== 1 || source.inFlight.has(chunk)) return false;
    for (const other of this.#sources.values()) {
      const asked = other.inFlight.get(chunk);
      if (asked !== undefined) return now - asked > HEDGE_MS;
    }
    return false;
  }

  #pause(source: Source, now: number): void {
    source.pausedUntil = now + source.cooldown;
    source.cooldown = Math.min(2 * source.cooldown, MAX_COOLDOWN_MS);
  }

  #release(source: Source): void {
    for (const chunk of source.inFlight.keys()) this.#wantAgain(chunk);
    source.inFlight.clear();
  }

  #wantAgain(chunk: number): void {
    if (this.#asked[chunk]! > 0) this.#asked[chunk]!--;
    this.#rewind(chunk);
  }

  #rewind(chunk: number): void {
    const rank = (chunk - this.#playhead + this.#total) % this.#total;
    this.#cursor = Math.min(this.#cursor, rank);
  }
}
