/**
 * Parity over a frame's fragments, so that a receiver replaces a lost one
 * without asking.
 *
 * With `groups` groups, group `g` is the fragments `g`, `g + groups`,
 * `g + 2 * groups` …: neighbours are in different groups, so a burst of loss
 * takes one of each. A group's parity is the exclusive or of its fragments, the
 * shorter last one filled up with zeros; it replaces any one of them.
 *
 * A parity datagram (type 4) has a fragment's header, with the group in place
 * of the index; its payload is the number of groups in two bytes and the
 * parity itself, as long as the frame's longest fragment.
 *
 * @module
 */

import { type Sealing, writeBinaryHeader } from "./binary_datagram.ts";
import { BINARY_HEADER_BYTES, BINARY_TYPE } from "./binary_header.ts";

/** Most groups of a frame: what a receiver keeps of it. */
export const MAX_PARITY_GROUPS = 256;

/** Bytes of the number of groups. */
export const PARITY_PREFIX_BYTES = 2;

/** What parity is made of. */
export interface ParityFrame {
  /** Its stream. */
  readonly streamId: number;
  /** Its number. */
  readonly frameNumber: number;
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** Its fragments. */
  readonly total: number;
}

/** Groups for `percent` of parity over `total` fragments: none for 0, at least one otherwise. */
export function parityGroups(total: number, percent: number): number {
  const wanted = Math.ceil(total * percent / 100);
  return Math.min(wanted, total, MAX_PARITY_GROUPS);
}

/** Puts the exclusive or of `from[start…end]` and what is there into `into` at `at`. */
export function mixIn(
  into: Uint8Array,
  at: number,
  from: Uint8Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) into[at + i - start]! ^= from[i]!;
}

/** Bytes of a frame's parity datagram. */
export function parityDatagramBytes(
  { bytes, total }: Pick<ParityFrame, "bytes" | "total">,
  seal?: Sealing,
): number {
  return BINARY_HEADER_BYTES + (seal?.sealBytes ?? 0) + PARITY_PREFIX_BYTES +
    Math.ceil(bytes.length / total);
}

/**
 * Writes the parity of group `group` of `groups` to `out` at `offset`; gives the
 * datagram's length.
 *
 * @throws {RangeError} when there is no room for it.
 */
export function writeParity(
  frame: ParityFrame,
  group: number,
  groups: number,
  nowUs: number,
  out: Uint8Array,
  offset: number,
  seal?: Sealing,
): number {
  const { streamId, frameNumber, bytes, total } = frame;
  const stride = Math.ceil(bytes.length / total);
  const length = parityDatagramBytes(frame, seal);
  if (offset + length > out.length) {
    throw new RangeError(
      `Cannot write a datagram of ${length} bytes: ${
        out.length - offset
      } are free`,
    );
  }
  const extensionBytes = seal?.sealBytes ?? 0;
  const start = offset + BINARY_HEADER_BYTES + extensionBytes;
  out[start] = groups >>> 8;
  out[start + 1] = groups;
  const parity = start + PARITY_PREFIX_BYTES;
  out.fill(0, parity, parity + stride);
  for (let index = group; index < total; index += groups) {
    const from = index * stride;
    mixIn(out, parity, bytes, from, Math.min(from + stride, bytes.length));
  }
  writeBinaryHeader(out, offset, {
    type: BINARY_TYPE.parity,
    streamId,
    frameNumber,
    index: group,
    total,
    frameBytes: bytes.length,
    payloadBytes: PARITY_PREFIX_BYTES + stride,
    extensionBytes,
  }, nowUs);
  seal?.seal(out.subarray(offset, offset + length));
  return length;
}
