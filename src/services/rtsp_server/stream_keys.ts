/**
 * The key of one stream's SRTP: in its description, for who may watch it.
 *
 * @module
 */

import {
  encodeMikey,
  ntpFromUnix,
  SRTP_KEY_LENGTH,
  SRTP_SALT_LENGTH,
  type SrtpMaster,
} from "../../rtp/mod.ts";

/** Bytes of a message's random part (RFC 3830 section 6.11 asks for 16). */
const RANDOM_LENGTH = 16;
/** Odd: adding it meets all 2^32 numbers before one comes again. */
const SSRC_STEP = 0x9e37_79b1;

/**
 * A master key, and sources for it. Viewers of a stream share the key, so each
 * has a source of its own that no other ever had: two with the same would send
 * different pictures under one key stream (RFC 3711 section 9.1).
 */
export class StreamKeys {
  /** What our packets are protected with. */
  readonly master: SrtpMaster;
  readonly #random: (length: number) => Uint8Array;
  #ssrc: number;

  /** Makes a key of random bytes. */
  constructor(random: (length: number) => Uint8Array) {
    this.#random = random;
    this.master = {
      key: random(SRTP_KEY_LENGTH),
      salt: random(SRTP_SALT_LENGTH),
      profile: "AES_CM_128_HMAC_SHA1_80",
    };
    this.#ssrc = word(random(4));
  }

  /** A source that nobody had. */
  nextSsrc(): number {
    return this.#ssrc = (this.#ssrc + SSRC_STEP) >>> 0;
  }

  /**
   * The key as a MIKEY message in base64; without `ssrc`, as in a description,
   * it is for every source. All sources begin at the first round of their
   * sequence numbers.
   */
  mikey(unixMs: number, ssrc = 0): string {
    return encodeMikey({
      bundleId: word(this.#random(4)),
      streams: [{ ssrc, rollover: 0 }],
      time: ntpFromUnix(unixMs),
      random: this.#random(RANDOM_LENGTH),
      master: this.master,
    }).toBase64();
  }
}

function word(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
}
