/**
 * The checksum of our wire: CRC-32 (IEEE 802.3) of all but a datagram's first
 * twelve bytes.
 *
 * @module
 */

import { crc32 } from "node:zlib";

/** First byte that the checksum covers. */
export const CHECKSUM_FROM = 12;

/** One step of CRC-32, by the byte that enters. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let register = byte;
  for (let bit = 0; bit < 8; bit++) {
    register = register & 1 ? 0xedb8_8320 ^ (register >>> 1) : register >>> 1;
  }
  return register;
});

/** Which entry of {@linkcode CRC_TABLE} has this top byte: each has another. */
const CRC_ENTRY_OF_TOP_BYTE = new Uint8Array(256);
CRC_TABLE.forEach((entry, index) => {
  CRC_ENTRY_OF_TOP_BYTE[entry >>> 24] = index;
});

/**
 * CRC-32 of the bytes from 12 on, without a view of them (which would be one
 * allocation a datagram): the native function sums the whole datagram, and
 * begins with a register that the first twelve bytes turn into the proper
 * start value. That register comes from running the CRC backwards.
 */
export function checksum(bytes: Uint8Array): number {
  let register = -1;
  for (let at = CHECKSUM_FROM - 1; at >= 0; at--) {
    const entry = CRC_ENTRY_OF_TOP_BYTE[register >>> 24]!;
    register = ((register ^ CRC_TABLE[entry]!) << 8) | (entry ^ bytes[at]!);
  }
  return crc32(bytes, ~register >>> 0);
}
