/**
 * Where on a recording's time line a frame belongs. A video file has a frame
 * at every tick of its rate; a stream has lost frames, another rate, or pauses.
 *
 * @module
 */

/**
 * The frames of a stream are `1 / fps` apart by their numbers; how they were
 * sent decides once it differs by more than this: a camera in the dark gives
 * half the frames that it promised.
 */
const MAX_DRIFT_US = 500_000;

/** Longest gap that is filled with the picture before it, seconds; the rest of a longer one is cut out. */
const MAX_FILLED_SECONDS = 10;

/** Places frames on the ticks of `rate`. Pure: knows no clock and no pictures. */
export class RecordingTimeline {
  readonly #tickUs: number;
  readonly #maxFilled: number;
  #ticks = 0;
  #stream: {
    /** Tick of its first frame. */
    readonly firstTick: number;
    readonly firstNumber: number;
    readonly firstSentUs: number;
    driftUs: number;
    lastNumber: number;
  } | undefined;
  #frameUs: number | undefined;

  /** A time line with `rate` ticks a second. */
  constructor(rate: number) {
    this.#tickUs = 1e6 / rate;
    this.#maxFilled = Math.round(rate * MAX_FILLED_SECONDS);
  }

  /** Ticks that have a picture. */
  get ticks(): number {
    return this.#ticks;
  }

  /** Streams have `fps` frames a second from now on; nobody has said so before. */
  announceRate(fps: number): void {
    this.#frameUs = 1e6 / fps;
  }

  /** A new stream follows right behind the one before, however long the pause was. */
  beginStream(): void {
    this.#stream = undefined;
  }

  /**
   * Takes frame `number`, sent at `sentUs` on any one clock. Gives how many
   * ticks before it repeat the picture before, or `undefined` when the frame
   * has no place: it came too late, or the stream has more frames than ticks.
   */
  place(number: number, sentUs: number): number | undefined {
    const stream = this.#stream;
    if (stream === undefined) {
      this.#stream = {
        firstTick: this.#ticks,
        firstNumber: number,
        firstSentUs: sentUs,
        driftUs: 0,
        lastNumber: number,
      };
      this.#ticks++;
      return 0;
    }
    if (number <= stream.lastNumber) return undefined;
    stream.lastNumber = number;
    const sinceFirst = sentUs - stream.firstSentUs;
    let at = sinceFirst;
    if (this.#frameUs !== undefined) {
      const numbered = (number - stream.firstNumber) * this.#frameUs;
      if (Math.abs(sinceFirst - numbered - stream.driftUs) > MAX_DRIFT_US) {
        stream.driftUs = sinceFirst - numbered;
      }
      at = numbered + stream.driftUs;
    }
    return this.#reach(stream.firstTick + Math.round(at / this.#tickUs));
  }

  /**
   * The stream is over after `frames` frames: gives how many ticks still
   * repeat the last picture because the last frames were lost.
   */
  endStream(frames: number): number {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream === undefined || frames <= stream.lastNumber + 1) return 0;
    const frameUs = this.#frameUs ?? this.#tickUs;
    const at = (frames - 1 - stream.firstNumber) * frameUs + stream.driftUs;
    const tick = stream.firstTick + Math.round(at / this.#tickUs);
    const filled = Math.min(tick + 1 - this.#ticks, this.#maxFilled);
    this.#ticks += Math.max(0, filled);
    return Math.max(0, filled);
  }

  #reach(tick: number): number | undefined {
    const missing = tick - this.#ticks;
    if (missing < 0) return undefined;
    if (missing > this.#maxFilled) {
      // What is cut out moves everything behind it.
      const stream = this.#stream!;
      const cut = missing - this.#maxFilled;
      this.#stream = { ...stream, firstTick: stream.firstTick - cut };
    }
    const filled = Math.min(missing, this.#maxFilled);
    this.#ticks += filled + 1;
    return filled;
  }
}
