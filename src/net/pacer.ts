/**
 * Spreads a frame's datagrams over a share of the frame time.
 *
 * A frame sent as one burst overruns the receiver's socket buffer: Linux's
 * default holds 92 datagrams of 1400 bytes, and a 150 KB frame has 108. The
 * pacer says how many datagrams are due at a moment; it owns no timer, and the
 * schedule is absolute, so late wake-ups do not add up.
 *
 * @module
 */

/** How a {@linkcode Pacer} spreads. */
export interface PacerOptions {
  /** Part of the frame time to spread over, in (0, 1]. */
  readonly share?: number;
  /**
   * Bytes that may leave at once however late the sender is: what surely fits
   * the receiver's buffer next to what lies there.
   */
  readonly burstBytes?: number;
  /** Shortest time between two bursts, µs. */
  readonly tickUs?: number;
}

/** 80 % leaves the last part of the frame time to catch up in. */
const DEFAULT_SHARE = 0.8;
/** A third of the kernel's default receive buffer (212,992 bytes). */
const DEFAULT_BURST_BYTES = 65_536;
/**
 * Every burst wakes every process of a chain, and waking costs more than the
 * datagrams: seven bursts a frame at 30 frames/s are smooth enough.
 */
const DEFAULT_TICK_US = 4000;
/**
 * Between processes of one machine no switch or radio has to be spared, and
 * the kernel's buffers alone set the size of a burst: three a frame.
 */
export const LOOPBACK_TICK_US = 10_000;

/** The schedule of one frame at a time; times are µs on any one clock. */
export class Pacer {
  readonly #share: number;
  readonly #burstBytes: number;
  readonly #tickUs: number;
  #count = 0;
  #sent = 0;
  #burst = 1;
  #startUs = 0;
  #spreadUs = 0;
  #notBeforeUs = 0;

  /** A pacer with nothing to send. */
  constructor(options: PacerOptions = {}) {
    this.#share = options.share ?? DEFAULT_SHARE;
    this.#burstBytes = options.burstBytes ?? DEFAULT_BURST_BYTES;
    this.#tickUs = options.tickUs ?? DEFAULT_TICK_US;
  }

  /**
   * Starts a frame of `count` datagrams of `datagramBytes` each, due from
   * `startUs` over the pacer's share of `frameTimeUs`. When `nowUs` is later
   * than the start, what time is left is used.
   */
  begin(
    count: number,
    datagramBytes: number,
    startUs: number,
    frameTimeUs: number,
    nowUs: number,
  ): void {
    const endUs = startUs + frameTimeUs * this.#share;
    this.#count = count;
    this.#sent = 0;
    this.#burst = Math.max(1, Math.floor(this.#burstBytes / datagramBytes));
    this.#startUs = Math.min(Math.max(startUs, nowUs), endUs);
    this.#spreadUs = endUs - this.#startUs;
  }

  /** Whether every datagram of the frame was taken. */
  get done(): boolean {
    return this.#sent >= this.#count;
  }

  /** How many datagrams to send now; they count as sent. */
  take(nowUs: number): number {
    if (this.done || nowUs < this.#notBeforeUs) return 0;
    const elapsed = nowUs - this.#startUs;
    if (elapsed < 0) return 0;
    // A burst carries what is due until the next one may leave: each one
    // wakes every process on the way.
    const scheduled = this.#spreadUs <= this.#tickUs
      ? this.#count
      : Math.floor((elapsed + this.#tickUs) * this.#count / this.#spreadUs);
    const due = Math.min(
      Math.min(Math.max(scheduled, 1), this.#count) - this.#sent,
      this.#burst,
    );
    if (due <= 0) return 0;
    this.#sent += due;
    this.#notBeforeUs = nowUs + this.#tickUs;
    return due;
  }

  /** When `take` will next give something; `undefined` when the frame is done. */
  nextAt(): number | undefined {
    if (this.done) return undefined;
    const scheduled = this.#startUs - this.#tickUs +
      (this.#sent + 1) * this.#spreadUs / this.#count;
    return Math.max(scheduled, this.#startUs, this.#notBeforeUs);
  }
}
