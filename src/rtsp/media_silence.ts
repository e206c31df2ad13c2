/**
 * When silence means that no packets will come.
 *
 * @module
 */

/** Milliseconds without a UDP packet after PLAY that make us turn to TCP. */
export const UDP_SILENCE = 3000;
/** Milliseconds without any packet while playing that mean the server is gone. */
export const MEDIA_SILENCE = 10_000;

/** Watches the packets of one player. */
export class MediaSilence {
  /** When the player began to wait for packets: at PLAY or the last packet. */
  #since: number | undefined;
  #heard = false;

  /** Whether a packet has ever come. */
  get heard(): boolean {
    return this.#heard;
  }

  /** Packets are expected from now on. */
  begin(now: number): void {
    this.#since = now;
  }

  /** A packet came. */
  packet(now: number): void {
    this.#heard = true;
    if (this.#since !== undefined) this.#since = now;
  }

  /** No packets are expected any more. */
  end(): void {
    this.#since = undefined;
  }

  /** When it is too long; `undefined` while none are expected. */
  dueAt(limit: number): number | undefined {
    return this.#since === undefined ? undefined : this.#since + limit;
  }
}
