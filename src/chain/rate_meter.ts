/**
 * Frames and kilobits a second over the last seconds.
 *
 * @module
 */

/** Long enough for a steady figure at 1 frame/s, short enough to show a stall. */
const DEFAULT_WINDOW_US = 3_000_000;

/** Frames remembered: 3 s at 340 frames/s. A faster stream sees a shorter window. */
const MAX_SAMPLES = 1024;

/** Counts frames as they pass; asks for the time, never reads a clock. */
export class RateMeter {
  readonly #windowUs: number;
  readonly #times = new Float64Array(MAX_SAMPLES);
  readonly #bytes = new Float64Array(MAX_SAMPLES);
  #head = 0;
  #count = 0;
  #byteSum = 0;

  /** Looks back over `windowUs` microseconds. */
  constructor(windowUs = DEFAULT_WINDOW_US) {
    this.#windowUs = windowUs;
  }

  /** Notes a frame of `bytes` bytes at `nowUs`. */
  add(nowUs: number, bytes: number): void {
    this.#forgetBefore(nowUs - this.#windowUs);
    if (this.#count === MAX_SAMPLES) this.#forgetOldest();
    const at = (this.#head + this.#count) % MAX_SAMPLES;
    this.#times[at] = nowUs;
    this.#bytes[at] = bytes;
    this.#byteSum += bytes;
    this.#count++;
  }

  /** Frames a second; 0 until two frames have passed. */
  fps(nowUs: number): number {
    const seconds = this.#span(nowUs);
    return seconds === 0 ? 0 : (this.#count - 1) / seconds;
  }

  /** Kilobits (1000 bits) a second; 0 until two frames have passed. */
  kbps(nowUs: number): number {
    const seconds = this.#span(nowUs);
    if (seconds === 0) return 0;
    // The first frame only marks where the span begins.
    return (this.#byteSum - (this.#bytes[this.#head] ?? 0)) * 8 / 1000 /
      seconds;
  }

  /** Forgets everything, as at the start of a stream. */
  reset(): void {
    this.#head = this.#count = this.#byteSum = 0;
  }

  /**
   * Seconds over which `count - 1` frames came. From the first to the newest
   * frame while the stream runs, which gives 30 and not 29.5 or 30.5; it grows
   * with the clock once the next frame is overdue, so that a stall shows.
   */
  #span(nowUs: number): number {
    this.#forgetBefore(nowUs - this.#windowUs);
    if (this.#count < 2) return 0;
    const first = this.#times[this.#head] ?? 0;
    const last = this.#times[(this.#head + this.#count - 1) % MAX_SAMPLES] ?? 0;
    const overdue = (nowUs - first) * (this.#count - 1) / this.#count;
    return Math.max(last - first, overdue, 1) / 1_000_000;
  }

  #forgetBefore(timeUs: number): void {
    while (this.#count > 0 && (this.#times[this.#head] ?? 0) < timeUs) {
      this.#forgetOldest();
    }
  }

  #forgetOldest(): void {
    this.#byteSum -= this.#bytes[this.#head] ?? 0;
    this.#head = (this.#head + 1) % MAX_SAMPLES;
    this.#count--;
  }
}
