/**
 * The difference between two clocks from round trips: the quickest ones tell it
 * best, because they waited least on either way.
 *
 * @module
 */

/** Round trips that are remembered. */
const MAX_SAMPLES = 24;
/** Of these, so many of the quickest are averaged. */
const BEST_SAMPLES = 4;
/** A round trip older than this counts no more, ms: clocks drift apart by some 50 µs a second. */
const MAX_AGE_MS = 120_000;

/** One round trip. */
export interface RoundTrip {
  /** When we asked, ms of our clock. */
  readonly sent: number;
  /** When the other answered, ms of its clock. */
  readonly remote: number;
  /** When we had the answer, ms of our clock. */
  readonly received: number;
}

/** Keeps what is known of the other clock. */
export class ClockOffset {
  #samples: { at: number; roundTrip: number; offset: number }[] = [];

  /** Adds a round trip; impossible ones are not taken. */
  add({ sent, remote, received }: RoundTrip): void {
    const roundTrip = received - sent;
    if (!(roundTrip >= 0) || !Number.isFinite(remote)) return;
    this.#samples.push({
      at: received,
      roundTrip,
      offset: remote - (sent + received) / 2,
    });
    this.#samples = this.#samples
      .filter(({ at }) => received - at <= MAX_AGE_MS)
      .slice(-MAX_SAMPLES);
  }

  /** Whether anything is known. */
  get known(): boolean {
    return this.#samples.length > 0;
  }

  /** Quickest round trip, ms. */
  get roundTripMs(): number | undefined {
    return this.#best()[0]?.roundTrip;
  }

  /** What to add to our clock to have the other's, ms; 0 while nothing is known. */
  get offsetMs(): number {
    const best = this.#best();
    if (best.length === 0) return 0;
    // Half of what a trip took beyond the quickest may be all on one way: it counts less.
    const least = best[0]!.roundTrip;
    let sum = 0;
    let weights = 0;
    for (const { roundTrip, offset } of best) {
      const weight = 1 / (1 + (roundTrip - least) ** 2);
      sum += weight * offset;
      weights += weight;
    }
    return sum / weights;
  }

  /** The other's clock at a moment of ours. */
  toRemote(local: number): number {
    return local + this.offsetMs;
  }

  #best(): { roundTrip: number; offset: number }[] {
    return [...this.#samples].sort((a, b) => a.roundTrip - b.roundTrip)
      .slice(0, BEST_SAMPLES);
  }
}
