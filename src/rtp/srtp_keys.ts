/**
 * The keys and the cipher of SRTP: AES-128 in counter mode (RFC 3711 sections
 * 4.1.1 and 4.3) and HMAC-SHA-1 (section 4.2.1).
 *
 * @module
 */

import { createCipheriv, createHmac } from "node:crypto";
import { RtpProtocolError } from "./errors.ts";

/** Bytes of a master key. */
export const SRTP_KEY_LENGTH = 16;
/** Bytes of a master salt. */
export const SRTP_SALT_LENGTH = 14;
/** Bytes of a session authentication key. */
const AUTHENTICATION_KEY_LENGTH = 20;

/** Protection profiles, named as RFC 4568 names them. */
export type SrtpProfile =
  | "AES_CM_128_HMAC_SHA1_80"
  | "AES_CM_128_HMAC_SHA1_32";

/** What both ends share. */
export interface SrtpMaster {
  /** 16 bytes. */
  readonly key: Uint8Array;
  /** 14 bytes. */
  readonly salt: Uint8Array;
  /** Cipher and length of the tag. */
  readonly profile: SrtpProfile;
}

/** Which packets session keys are for; the number is the first label of section 4.3.2. */
export type SrtpUse = 0 | 3;
/** RTP packets. */
export const FOR_RTP: SrtpUse = 0;
/** RTCP packets. */
export const FOR_RTCP: SrtpUse = 3;

/** Session keys for RTP or RTCP packets. */
export class SrtpKeys {
  readonly #cipherKey: Uint8Array;
  readonly #salt: Uint8Array;
  readonly #authenticationKey: Uint8Array;

  /**
   * Derives the keys (key derivation rate 0).
   *
   * @throws {RtpProtocolError} when master key or salt are of a wrong length.
   */
  constructor(master: SrtpMaster, use: SrtpUse) {
    const { key, salt } = master;
    if (key.length !== SRTP_KEY_LENGTH || salt.length !== SRTP_SALT_LENGTH) {
      throw new RtpProtocolError(
        "SRTP_BAD_KEY",
        `Cannot use SRTP key: ${key.length} bytes with a salt of ${salt.length} are not ${SRTP_KEY_LENGTH} and ${SRTP_SALT_LENGTH}`,
      );
    }
    this.#cipherKey = deriveSrtpKey(key, salt, use, SRTP_KEY_LENGTH);
    this.#authenticationKey = deriveSrtpKey(
      key,
      salt,
      use + 1,
      AUTHENTICATION_KEY_LENGTH,
    );
    this.#salt = deriveSrtpKey(key, salt, use + 2, SRTP_SALT_LENGTH);
  }

  /** Encrypts or decrypts `bytes` in place: packet `index` (48 bits; 31 for RTCP) of `ssrc`. */
  crypt(bytes: Uint8Array, ssrc: number, index: number): void {
    const counter = new Uint8Array(16);
    counter.set(this.#salt);
    xorUint32(counter, 4, ssrc);
    xorUint32(counter, 8, Math.floor(index / 0x1_0000));
    counter[12] = counter[12]! ^ ((index >>> 8) & 0xff);
    counter[13] = counter[13]! ^ (index & 0xff);
    counterMode(this.#cipherKey, counter, bytes);
  }

  /** The first `length` bytes of the HMAC over the parts. */
  tag(
    parts: readonly Uint8Array[],
    length: number,
  ): Uint8Array {
    const hmac = createHmac("sha1", this.#authenticationKey);
    for (const part of parts) hmac.update(part);
    return hmac.digest().subarray(0, length);
  }
}

/**
 * The first `length` bytes of the key that `label` names (section 4.3.1, with
 * the pseudo-random function of section 4.3.3).
 */
export function deriveSrtpKey(
  key: Uint8Array,
  salt: Uint8Array,
  label: number,
  length: number,
): Uint8Array {
  const counter = new Uint8Array(16);
  counter.set(salt);
  counter[7] = counter[7]! ^ label;
  const derived = new Uint8Array(length);
  counterMode(key, counter, derived);
  return derived;
}

/** Encrypts or decrypts `bytes` in place. */
function counterMode(
  key: Uint8Array,
  counter: Uint8Array,
  bytes: Uint8Array,
): void {
  const cipher = createCipheriv("aes-128-ctr", key, counter);
  bytes.set(cipher.update(bytes));
  // Nothing is left to come, but older Denos keep a cipher until it is final.
  cipher.final();
}

function xorUint32(bytes: Uint8Array, offset: number, value: number): void {
  for (let at = 0; at < 4; at++) {
    bytes[offset + at] = bytes[offset + at]! ^
      ((value >>> (24 - 8 * at)) & 255);
  }
}
