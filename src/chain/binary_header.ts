/**
 * Our own chain wire: a fixed header and the raw bytes of a JPEG.
 *
 * All numbers are big-endian. The header is 40 bytes:
 *
 * ```text
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-------------------------------+---------------+---------------+
 *  |      magic 0x5354 "ST"        |  version (1)  |     type      |  0
 *  +-------------------------------+---------------+---------------+
 *  |        CRC-32 (IEEE 802.3) of byte 12 and all that follow     |  4
 *  +---------------------------------------------------------------+
 *  |        hop time, µs mod 2^32: rewritten by every hop          |  8
 *  +---------------------------------------------------------------+
 *  |                     stream id, never 0                        | 12
 *  +---------------------------------------------------------------+
 *  |        frame number, from 0 (end: frames in the stream)       | 16
 *  +-------------------------------+-------------------------------+
 *  |        fragment index         |        total fragments        | 20
 *  +-------------------------------+-------------------------------+
 *  |                  bytes of the whole frame                     | 24
 *  +---------------------------------------------------------------+
 *  |        origin time, µs since 1970-01-01T00:00:00Z:            | 28
 *  |        when the coordinator sent this fragment                |
 *  +-------------------------------+-------------------------------+
 *  |             flags             |       extension length        | 36
 *  +-------------------------------+-------------------------------+
 *  |     extension (a reader skips it), then the payload …         | 40
 *  +---------------------------------------------------------------+
 * ```
 *
 * The checksum leaves out the hop time, so a hop rewrites four bytes and
 * never sums a payload again.
 *
 * The fragments of a frame are equal in size but for the last: with
 * `stride = ceil(frameBytes / total)` fragment `i` holds the bytes from
 * `i * stride`, `stride` of them or what is left. Its place and length follow
 * from the header, and a datagram of any other length is refused.
 *
 * An end of stream (type 2) has no payload; index, total and frame bytes
 * are 0.
 *
 * @module
 */

import { checksum } from "./binary_checksum.ts";
import type { DropReason } from "./drop_reason.ts";

/** The letters "ST" that every datagram of this wire begins with. */
export const BINARY_MAGIC = 0x5354;

/** The only version so far. */
export const BINARY_VERSION = 1;

/** Bytes before the extension and the payload. */
export const BINARY_HEADER_BYTES = 40;

/** Fragments a frame may have: what its 16-bit field can say. */
export const MAX_FRAGMENTS = 0xffff;

/** What a datagram is; `feedback_datagram.ts` has what goes against the stream. */
export const BINARY_TYPE = {
  fragment: 1,
  end: 2,
  nack: 3,
  parity: 4,
  keepAlive: 5,
} as const;

/** Bits of the flags field; a datagram with any other is refused. */
export const BINARY_FLAG = {
  /** The extension is a seal (`datagram_seal.ts`). */
  authenticated: 1 << 0,
  /** Sent again to fill a gap. */
  repair: 1 << 1,
} as const;

const KNOWN_FLAGS = BINARY_FLAG.authenticated | BINARY_FLAG.repair;

/** Name the wire goes by in `register`. */
export const BINARY_WIRE_NAME = "binary/1";

/** Origin times beyond 2^53 µs (the year 2255) are no times and no safe integers. */
const MAX_ORIGIN_HIGH = 0x1f_ffff;

/** Groups of parity that a receiver keeps for a frame. */
const MAX_GROUPS = 256;

/** A header's fields, filled again for every datagram by {@linkcode readBinaryHeader}. */
export class BinaryHeader {
  /** One of {@linkcode BINARY_TYPE}. */
  type = 0;
  /** When this hop's sender sent it, µs mod 2^32. */
  hopTimeUs = 0;
  /** Stream, never 0. */
  streamId = 0;
  /** Frame's number; of an end, the frames in the stream. */
  frameNumber = 0;
  /** Fragment's index. */
  index = 0;
  /** Fragments of the frame. */
  total = 0;
  /** Groups of parity; only of a parity datagram, whose index is its group. */
  groups = 0;
  /** Bytes of the whole frame. */
  frameBytes = 0;
  /** When the coordinator sent it, µs since the epoch. */
  originTimeUs = 0;
  /** Where in the frame the payload belongs. */
  offset = 0;
  /** Bits of {@linkcode BINARY_FLAG}. */
  flags = 0;
  /** Where in the datagram the payload begins. */
  payloadStart = 0;
  /** The payload's bytes. */
  payloadBytes = 0;
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) |
    (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Whether a datagram claims to be of this wire. */
export function isBinaryDatagram(bytes: Uint8Array): boolean {
  return bytes[0] === 0x53 && bytes[1] === 0x54;
}

/**
 * Reads and checks a datagram's header, checksum and length; allocates
 * nothing. Gives 0 and fills `into`, or gives the reason to drop it and
 * leaves `into` with no meaning.
 */
export function readBinaryHeader(
  bytes: Uint8Array,
  into: BinaryHeader,
): DropReason | 0 {
  const unreadable = readBinaryFields(bytes, into);
  if (unreadable !== 0) return unreadable;
  const { type, flags, streamId } = into;
  if (type === BINARY_TYPE.nack || type === BINARY_TYPE.keepAlive) {
    return "bad-type";
  }
  if (streamId === 0) return "bad-header";
  if (type === BINARY_TYPE.parity) {
    return flags & BINARY_FLAG.repair ? "bad-header" : checkParity(bytes, into);
  }
  if (type === BINARY_TYPE.end) {
    return (flags & BINARY_FLAG.repair) === 0 ? checkEnd(into) : "bad-header";
  }
  return checkFragment(into);
}

/**
 * Reads what all datagrams of this wire have, of whatever type: the rest is for
 * who knows the type. Otherwise as {@linkcode readBinaryHeader}.
 */
export function readBinaryFields(
  bytes: Uint8Array,
  into: BinaryHeader,
): DropReason | 0 {
  if (bytes.length < 2) return "truncated";
  if (!isBinaryDatagram(bytes)) return "unknown-wire";
  if (bytes.length < BINARY_HEADER_BYTES) return "truncated";
  if (bytes[2] !== BINARY_VERSION) return "bad-version";
  const type = bytes[3]!;
  if (type < BINARY_TYPE.fragment || type > BINARY_TYPE.keepAlive) {
    return "bad-type";
  }
  if (checksum(bytes) !== uint32(bytes, 4)) return "bad-checksum";
  into.type = type;
  into.hopTimeUs = uint32(bytes, 8);
  into.streamId = uint32(bytes, 12);
  into.frameNumber = uint32(bytes, 16);
  into.index = uint16(bytes, 20);
  into.total = uint16(bytes, 22);
  into.frameBytes = uint32(bytes, 24);
  const originHigh = uint32(bytes, 28);
  into.originTimeUs = originHigh * 0x1_0000_0000 + uint32(bytes, 32);
  into.payloadStart = BINARY_HEADER_BYTES + uint16(bytes, 38);
  into.payloadBytes = bytes.length - into.payloadStart;
  if (into.payloadBytes < 0) return "truncated";
  into.flags = uint16(bytes, 36);
  const known = (into.flags & ~KNOWN_FLAGS) === 0;
  return known && originHigh <= MAX_ORIGIN_HIGH ? 0 : "bad-header";
}

function checkEnd(header: BinaryHeader): DropReason | 0 {
  header.offset = 0;
  const blank = header.index === 0 && header.total === 0 &&
    header.frameBytes === 0 && header.payloadBytes === 0;
  return blank ? 0 : "bad-header";
}

/** `parity.ts` has what a parity datagram is. */
function checkParity(bytes: Uint8Array, header: BinaryHeader): DropReason | 0 {
  const { index, total, frameBytes, payloadStart, payloadBytes } = header;
  if (total === 0 || frameBytes < total || payloadBytes < 2) {
    return "bad-header";
  }
  const stride = Math.ceil(frameBytes / total);
  if ((total - 1) * stride >= frameBytes) return "bad-header";
  header.groups = uint16(bytes, payloadStart);
  header.offset = 0;
  const isRight = index < header.groups && header.groups <= total &&
    header.groups <= MAX_GROUPS && payloadBytes === 2 + stride;
  return isRight ? 0 : "bad-header";
}

function checkFragment(header: BinaryHeader): DropReason | 0 {
  const { index, total, frameBytes } = header;
  if (index >= total || frameBytes < total) return "bad-header";
  const stride = Math.ceil(frameBytes / total);
  header.offset = index * stride;
  // With few bytes in many fragments the rounding up could leave the last
  // ones empty; such a frame is not one of ours.
  if ((total - 1) * stride >= frameBytes) return "bad-header";
  const expected = Math.min(stride, frameBytes - header.offset);
  return header.payloadBytes === expected ? 0 : "bad-header";
}
