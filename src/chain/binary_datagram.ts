/**
 * Datagrams of our own chain wire as plain data, and how they are written;
 * `binary_header.ts` has the drawing of their header and reads it.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { CHECKSUM_FROM } from "./binary_checksum.ts";
import {
  BINARY_HEADER_BYTES,
  BINARY_MAGIC,
  BINARY_TYPE,
  BINARY_VERSION,
  BinaryHeader,
  readBinaryHeader,
} from "./binary_header.ts";
import { ChainProtocolError } from "./chain_error.ts";
import type { DropReason } from "./drop_reason.ts";

const MESSAGES: Readonly<Partial<Record<DropReason, string>>> = {
  "truncated": "it ends inside its header or extension",
  "unknown-wire": 'it does not begin with "ST"',
  "bad-version": `its version is not ${BINARY_VERSION}`,
  "bad-type": "its type is neither fragment, parity nor end of stream",
  "bad-header": "its header contradicts itself or the datagram's length",
  "bad-checksum": "its checksum does not match",
};

/** Puts a seal into a datagram's extension; `datagram_seal.ts` has the one that does. */
export interface Sealing {
  /** Bytes of the extension. */
  readonly sealBytes: number;
  /** Fills it in and sums the datagram anew. */
  seal(datagram: Uint8Array): void;
}

/** A fragment, the parity of some, or an end of stream. */
export type BinaryDatagram = BinaryFragment | BinaryParity | BinaryEnd;

/** What replaces any one of a group's fragments. */
export interface BinaryParity {
  /** Tells it from a fragment. */
  readonly type: "parity";
  /** Stream the frame belongs to. */
  readonly streamId: number;
  /** The frame's number. */
  readonly frameNumber: number;
  /** Which group, from 0. */
  readonly group: number;
  /** Groups of the frame. */
  readonly groups: number;
  /** Parts of the frame. */
  readonly total: number;
  /** Bytes of the whole frame. */
  readonly frameBytes: number;
  /** When this hop's sender sent it, µs mod 2^32. */
  readonly hopTimeUs: number;
  /** When the coordinator sent it, µs since the epoch. */
  readonly originTimeUs: number;
  /** The group's exclusive or, a view of the datagram. */
  readonly payload: Uint8Array;
}

/** Part of a frame. */
export interface BinaryFragment {
  /** Tells it from the end of a stream. */
  readonly type: "fragment";
  /** Stream the frame belongs to. */
  readonly streamId: number;
  /** The frame's number, from 0. */
  readonly frameNumber: number;
  /** Which part, from 0. */
  readonly index: number;
  /** Parts of the frame. */
  readonly total: number;
  /** Bytes of the whole frame. */
  readonly frameBytes: number;
  /** Where in the frame the payload belongs. */
  readonly offset: number;
  /** When this hop's sender sent it, µs mod 2^32. */
  readonly hopTimeUs: number;
  /** When the coordinator sent it, µs since the epoch. */
  readonly originTimeUs: number;
  /** The part's bytes, a view of the datagram. */
  readonly payload: Uint8Array;
}

/** The last word of a stream. */
export interface BinaryEnd {
  /** Tells it from a fragment. */
  readonly type: "end";
  /** The stream that is over. */
  readonly streamId: number;
  /** Frames it had. */
  readonly frames: number;
  /** When this hop's sender sent it, µs mod 2^32. */
  readonly hopTimeUs: number;
  /** When the coordinator sent it, µs since the epoch. */
  readonly originTimeUs: number;
}

/** Writes the low 32 bits of `value` at `at`. */
function putUint32(bytes: Uint8Array, at: number, value: number): void {
  const low = value >>> 0;
  bytes[at] = low >>> 24;
  bytes[at + 1] = low >>> 16;
  bytes[at + 2] = low >>> 8;
  bytes[at + 3] = low;
}

/**
 * Reads one datagram of our wire.
 *
 * @throws {ChainProtocolError} when it is none, with the drop reason as its code.
 */
export function decodeBinaryDatagram(bytes: Uint8Array): BinaryDatagram {
  const header = new BinaryHeader();
  const reason = readBinaryHeader(bytes, header);
  if (reason !== 0) {
    throw new ChainProtocolError(
      reason as ChainProtocolError["code"],
      `Cannot read the chain datagram: ${MESSAGES[reason]}`,
    );
  }
  const { streamId, frameNumber, hopTimeUs, originTimeUs } = header;
  if (header.type === BINARY_TYPE.end) {
    const frames = frameNumber;
    return { type: "end", streamId, frames, hopTimeUs, originTimeUs };
  }
  const { index, total, frameBytes, offset, payloadStart } = header;
  if (header.type === BINARY_TYPE.parity) {
    return {
      type: "parity",
      streamId,
      frameNumber,
      group: index,
      groups: header.groups,
      total,
      frameBytes,
      hopTimeUs,
      originTimeUs,
      payload: bytes.subarray(payloadStart + 2),
    };
  }
  return {
    type: "fragment",
    streamId,
    frameNumber,
    index,
    total,
    frameBytes,
    offset,
    hopTimeUs,
    originTimeUs,
    payload: bytes.subarray(payloadStart),
  };
}

/** Writes this hop's time of sending into a datagram; the checksum stays right. */
export function setHopTime(bytes: Uint8Array, nowUs: number): void {
  putUint32(bytes, 8, nowUs);
}

/**
 * Fills in a datagram's header at `out[offset]`, around a payload of
 * `payloadBytes` that is already at its place. Both times become `nowUs`,
 * unless the origin's is another.
 */
export function writeBinaryHeader(
  out: Uint8Array,
  offset: number,
  fields: {
    readonly type: number;
    readonly streamId: number;
    readonly frameNumber: number;
    readonly index: number;
    readonly total: number;
    readonly frameBytes: number;
    readonly payloadBytes: number;
    readonly flags?: number;
    readonly originTimeUs?: number;
    readonly extensionBytes?: number;
  },
  nowUs: number,
): void {
  out[offset] = BINARY_MAGIC >>> 8;
  out[offset + 1] = BINARY_MAGIC & 0xff;
  out[offset + 2] = BINARY_VERSION;
  out[offset + 3] = fields.type;
  putUint32(out, offset + 8, nowUs);
  putUint32(out, offset + 12, fields.streamId);
  putUint32(out, offset + 16, fields.frameNumber);
  putUint32(out, offset + 20, fields.index * 0x1_0000 + fields.total);
  putUint32(out, offset + 24, fields.frameBytes);
  const originUs = fields.originTimeUs ?? nowUs;
  putUint32(out, offset + 28, Math.floor(originUs / 0x1_0000_0000));
  putUint32(out, offset + 32, originUs);
  const { flags = 0, extensionBytes = 0 } = fields;
  putUint32(out, offset + 36, flags * 0x1_0000 + extensionBytes);
  const start = offset + BINARY_HEADER_BYTES;
  out.fill(0, start, start + extensionBytes);
  const end = start + extensionBytes + fields.payloadBytes;
  const sum = crc32(out.subarray(offset + CHECKSUM_FROM, end));
  putUint32(out, offset + 4, sum);
}

/** The datagram that ends stream `streamId` after `frames` frames. */
export function encodeBinaryEnd(
  streamId: number,
  frames: number,
  nowUs: number,
  seal?: Sealing,
): Uint8Array<ArrayBuffer> {
  const extensionBytes = seal?.sealBytes ?? 0;
  const out = new Uint8Array(BINARY_HEADER_BYTES + extensionBytes);
  writeBinaryHeader(out, 0, {
    type: BINARY_TYPE.end,
    streamId,
    frameNumber: frames,
    index: 0,
    total: 0,
    frameBytes: 0,
    payloadBytes: 0,
    extensionBytes,
  }, nowUs);
  seal?.seal(out);
  return out;
}
