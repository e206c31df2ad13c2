/**
 * Authentication of our wire's datagrams: a tag in the header's extension.
 *
 * The tag is HMAC-SHA-256, cut to 16 bytes, over the whole datagram with
 * zeros in place of itself, of the checksum and of the hop time. A hop rewrites
 * the hop time only, so a fragment is sealed once, by the coordinator, and each
 * peer only looks: forwarding stays free of copies and of sums.
 *
 * The key is of one run of the coordinator, and a peer takes only streams that
 * the coordinator announced over its sealed session: what is replayed from
 * earlier is refused, and a fragment of the running stream is taken once
 * (`frame_window.ts`).
 *
 * @module
 */

import { type Sealing } from "./binary_datagram.ts";
import { BINARY_FLAG, BINARY_HEADER_BYTES } from "./binary_header.ts";
import { checksum } from "./binary_checksum.ts";
import { type MacKey, TAG_BYTES } from "./chain_key.ts";
import type { DropReason } from "./drop_reason.ts";

/** Bytes that a seal adds to a datagram. */
export const SEAL_BYTES: number = TAG_BYTES;

const CHECKSUM_AT = 4;
/** Checksum and hop time. */
const UNSEALED_BYTES = 8;
const FLAGS_AT = 36;
const EXTENSION_LENGTH_AT = 38;
const TAG_AT = BINARY_HEADER_BYTES;

/** Seals and checks with one key; nothing of a datagram is changed by a look. */
export class DatagramSeal implements Sealing {
  /** Bytes that a seal adds to a datagram. */
  readonly sealBytes: number = SEAL_BYTES;
  readonly #key: MacKey;
  readonly #kept = new Uint8Array(UNSEALED_BYTES + TAG_BYTES);

  /** For the datagrams of one run. */
  constructor(key: MacKey) {
    this.#key = key;
  }

  /**
   * Seals a datagram whose header says that it has an extension of
   * {@linkcode SEAL_BYTES}, and sums it anew.
   */
  seal(datagram: Uint8Array): void {
    const flags = (datagram[FLAGS_AT]! << 8) | datagram[FLAGS_AT + 1]! |
      BINARY_FLAG.authenticated;
    datagram[FLAGS_AT] = flags >>> 8;
    datagram[FLAGS_AT + 1] = flags;
    datagram.set(this.#tagOf(datagram), TAG_AT);
    const sum = checksum(datagram);
    new DataView(datagram.buffer, datagram.byteOffset)
      .setUint32(CHECKSUM_AT, sum);
  }

  /** 0 when the datagram is sealed with this key, or why it is to be dropped. */
  check(datagram: Uint8Array): DropReason | 0 {
    const isSealed = datagram.length >= TAG_AT + TAG_BYTES &&
      (datagram[FLAGS_AT + 1]! & BINARY_FLAG.authenticated) !== 0 &&
      datagram[EXTENSION_LENGTH_AT] === 0 &&
      datagram[EXTENSION_LENGTH_AT + 1] === SEAL_BYTES;
    if (!isSealed) return "unsealed";
    const tag = this.#tagOf(datagram);
    let difference = 0;
    for (let at = 0; at < TAG_BYTES; at++) {
      difference |= tag[at]! ^ datagram[TAG_AT + at]!;
    }
    return difference === 0 ? 0 : "forged";
  }

  #tagOf(datagram: Uint8Array): Uint8Array {
    const kept = this.#kept;
    for (let at = 0; at < UNSEALED_BYTES; at++) {
      kept[at] = datagram[CHECKSUM_AT + at]!;
      datagram[CHECKSUM_AT + at] = 0;
    }
    for (let at = 0; at < TAG_BYTES; at++) {
      kept[UNSEALED_BYTES + at] = datagram[TAG_AT + at]!;
      datagram[TAG_AT + at] = 0;
    }
    const code = this.#key.mac(datagram);
    for (let at = 0; at < UNSEALED_BYTES; at++) {
      datagram[CHECKSUM_AT + at] = kept[at]!;
    }
    for (let at = 0; at < TAG_BYTES; at++) {
      datagram[TAG_AT + at] = kept[UNSEALED_BYTES + at]!;
    }
    return code.subarray(0, TAG_BYTES);
  }
}
