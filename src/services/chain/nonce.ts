/**
 * What a chain with a key makes of chance.
 *
 * @module
 */

import { DatagramSeal, type MacKey, NONCE_BYTES } from "../../chain/mod.ts";

/** A nonce in hexadecimal. */
export function randomNonce(): string {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES)).toHex();
}

/** What the datagrams of the run that a nonce stands for are sealed with. */
export function datagramSeal(key: MacKey, epoch: string): DatagramSeal {
  return new DatagramSeal(key.derive(`datagrams ${epoch}`));
}
