/**
 * Who of the neighbours is to be left: one that owes a chunk and does not give
 * it, whether it says nothing or lets it drip, and one that says again and again
 * that it has what it has not. Wrong bytes are seen where they are checked.
 *
 * @module
 */

/** A neighbour owes a chunk for at most this, ms. */
export const OWED_MS = 4000;
/** Chunks that it may not have after all: some are thrown away while they are asked for. */
export const MAX_MISSES = 8;
/** Misses older than this are forgiven, ms. */
const MISSES_MS = 10_000;
/** Who was slow may come back after this, ms; who was wrong never. */
export const SLOW_BAN_MS = 60_000;

/** Why somebody is left. */
export interface Offence {
  /** The source. */
  readonly source: string;
  /** For people. */
  readonly reason: string;
}

interface Watched {
  owedSince: number | undefined;
  misses: number[];
}

/** Watches a member's neighbours. Times are ms of any one clock. */
export class SwarmWatch {
  readonly #watched = new Map<string, Watched>();

  /** There is a neighbour. */
  add(source: string): void {
    this.#watched.set(source, { owedSince: undefined, misses: [] });
  }

  /** It is gone. */
  remove(source: string): void {
    this.#watched.delete(source);
  }

  /** A chunk came whole. */
  landed(source: string): void {
    const watched = this.#watched.get(source);
    if (watched !== undefined) watched.owedSince = undefined;
  }

  /** It has not what it said it has. */
  missed(source: string, now: number): void {
    const watched = this.#watched.get(source);
    if (watched === undefined) return;
    watched.misses = watched.misses.filter((at) => at > now - MISSES_MS);
    watched.misses.push(now);
  }

  /** Looks at all, some times a second; `inFlight` says how many chunks each was asked for. */
  look(
    inFlight: ReadonlyMap<string, number>,
    now: number,
  ): Offence[] {
    const offences: Offence[] = [];
    for (const [source, watched] of this.#watched) {
      if ((inFlight.get(source) ?? 0) > 0) watched.owedSince ??= now;
      if (watched.misses.length > MAX_MISSES) {
        offences.push({ source, reason: "it has not what it says" });
      } else if (now - (watched.owedSince ?? now) >= OWED_MS) {
        offences.push({ source, reason: "it does not give what it has" });
      }
    }
    return offences;
  }
}
