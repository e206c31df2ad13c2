/**
 * RTP data packets (RFC 3550 section 5.1).
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                           timestamp                           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           synchronization source (SSRC) identifier            |
 * +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
 * |          contributing source (CSRC) identifiers (0-15)        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   extension: profile (16)     |   length in words (16)        |
 * ```
 *
 * @module
 */

import { RtpProtocolError } from "./errors.ts";

/** Bytes of the header without CSRCs and extension. */
export const RTP_HEADER_LENGTH = 12;

/** What the fixed header says. */
export interface RtpHeader {
  /** 0–127; 26 is JPEG (RFC 3551 section 6). */
  readonly payloadType: number;
  /** For JPEG: last packet of a frame. */
  readonly marker: boolean;
  /** 16 bit, wraps. */
  readonly sequence: number;
  /** 32 bit, wraps; in clock ticks of the payload type. */
  readonly timestamp: number;
  /** 32 bit, who sends. */
  readonly ssrc: number;
}

/** A header extension (RFC 3550 section 5.3.1). */
export interface RtpExtension {
  /** Defined by profile, 16 bit. */
  readonly profile: number;
  /** A multiple of four bytes. */
  readonly data: Uint8Array;
}

/** One RTP packet. */
export interface RtpPacket extends RtpHeader {
  /** Contributing sources, at most 15. */
  readonly csrcs: readonly number[];
  /** The header extension, when there is one. */
  readonly extension?: RtpExtension;
  /** What is carried, without padding. When decoded: a view of the input. */
  readonly payload: Uint8Array;
  /** Padding bytes behind the payload, their count byte included; 0 for none. */
  readonly paddingLength: number;
}

const NO_CSRCS: readonly number[] = [];

/**
 * Reads one RTP packet; `payload` and the extension are views of `bytes`.
 *
 * @throws {RtpProtocolError} when it is shorter than its header says, is not
 * version 2 or has impossible padding.
 */
export function decodeRtpPacket(bytes: Uint8Array): RtpPacket {
  const length = bytes.length;
  if (length < RTP_HEADER_LENGTH) {
    throw new RtpProtocolError(
      "RTP_TRUNCATED",
      `Cannot read RTP packet: ${length} bytes are fewer than its header`,
    );
  }
  const first = bytes[0]!;
  if (first >> 6 !== 2) {
    throw new RtpProtocolError(
      "RTP_BAD_VERSION",
      `Cannot read RTP packet: version ${first >> 6} is not 2`,
    );
  }
  const second = bytes[1]!;
  let offset = RTP_HEADER_LENGTH;
  let csrcs = NO_CSRCS;
  const csrcCount = first & 0x0f;
  if (csrcCount > 0) {
    if (offset + csrcCount * 4 > length) throw truncated("CSRC list");
    const list: number[] = [];
    for (let index = 0; index < csrcCount; index++) {
      list.push(readUint32(bytes, offset));
      offset += 4;
    }
    csrcs = list;
  }
  let extension: RtpExtension | undefined;
  if ((first & 0x10) !== 0) {
    if (offset + 4 > length) throw truncated("header extension");
    const words = (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
    const end = offset + 4 + words * 4;
    if (end > length) throw truncated("header extension");
    extension = {
      profile: (bytes[offset]! << 8) | bytes[offset + 1]!,
      data: bytes.subarray(offset + 4, end),
    };
    offset = end;
  }
  let paddingLength = 0;
  if ((first & 0x20) !== 0) {
    paddingLength = offset < length ? bytes[length - 1]! : 0;
    if (paddingLength === 0 || paddingLength > length - offset) {
      throw new RtpProtocolError(
        "RTP_BAD_PADDING",
        `Cannot read RTP packet: ${paddingLength} bytes of padding in ${
          length - offset
        } bytes`,
      );
    }
  }
  const packet = {
    payloadType: second & 0x7f,
    marker: second > 0x7f,
    sequence: (bytes[2]! << 8) | bytes[3]!,
    timestamp: readUint32(bytes, 4),
    ssrc: readUint32(bytes, 8),
    csrcs,
    payload: bytes.subarray(offset, length - paddingLength),
    paddingLength,
  };
  return extension === undefined ? packet : { ...packet, extension };
}

/** Bytes that {@linkcode encodeRtpPacketInto} will write. */
export function rtpPacketLength(packet: RtpPacket): number {
  return RTP_HEADER_LENGTH + packet.csrcs.length * 4 +
    (packet.extension === undefined ? 0 : 4 + packet.extension.data.length) +
    packet.payload.length + packet.paddingLength;
}

/**
 * Writes `packet` into `out` at `offset`, returns the offset behind it.
 *
 * @throws {RangeError} when it does not fit, has more than 15 CSRCs, an
 * extension that is no multiple of four bytes, or more than 255 bytes of padding.
 */
export function encodeRtpPacketInto(
  packet: RtpPacket,
  out: Uint8Array,
  offset = 0,
): number {
  const end = offset + rtpPacketLength(packet);
  if (end > out.length) {
    throw new RangeError(
      `Cannot write RTP packet: it ends at ${end}, the buffer at ${out.length}`,
    );
  }
  const { csrcs, extension, payload, paddingLength } = packet;
  if (csrcs.length > 15 || paddingLength > 255) {
    throw new RangeError(
      `Cannot write RTP packet: ${csrcs.length} CSRCs, ${paddingLength} bytes of padding`,
    );
  }
  writeRtpHeader(out, offset, packet);
  out[offset] = 0x80 | csrcs.length |
    (extension === undefined ? 0 : 0x10) | (paddingLength === 0 ? 0 : 0x20);
  let at = offset + RTP_HEADER_LENGTH;
  for (const csrc of csrcs) {
    writeUint32(out, at, csrc);
    at += 4;
  }
  if (extension !== undefined) {
    if (extension.data.length % 4 !== 0 || extension.data.length > 0x3fffc) {
      throw new RangeError(
        `Cannot write RTP packet: an extension of ${extension.data.length} bytes`,
      );
    }
    writeUint16(out, at, extension.profile);
    writeUint16(out, at + 2, extension.data.length / 4);
    out.set(extension.data, at + 4);
    at += 4 + extension.data.length;
  }
  out.set(payload, at);
  at += payload.length;
  if (paddingLength > 0) {
    out.fill(0, at, end - 1);
    out[end - 1] = paddingLength;
  }
  return end;
}

/** {@linkcode encodeRtpPacketInto} into a new buffer. */
export function encodeRtpPacket(packet: RtpPacket): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(rtpPacketLength(packet));
  encodeRtpPacketInto(packet, out);
  return out;
}

/** Writes the twelve fixed bytes (no CSRC, extension or padding) at `offset`. */
export function writeRtpHeader(
  out: Uint8Array,
  offset: number,
  header: RtpHeader,
): void {
  out[offset] = 0x80;
  out[offset + 1] = (header.payloadType & 0x7f) | (header.marker ? 0x80 : 0);
  writeUint16(out, offset + 2, header.sequence);
  writeUint32(out, offset + 4, header.timestamp);
  writeUint32(out, offset + 8, header.ssrc);
}

/**
 * Whether `bytes` is an RTCP packet and not RTP, where both come on one port
 * (RFC 5761 section 4: packet types 192–223 stand where RTP has M and PT).
 */
export function looksLikeRtcp(bytes: Uint8Array): boolean {
  const type = bytes[1] ?? 0;
  return bytes.length >= 4 && bytes[0]! >> 6 === 2 && type >= 192 &&
    type <= 223;
}

/** 32-bit big-endian unsigned read without a DataView, for hot paths. */
export function readUint32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) |
    (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}

/** 16-bit big-endian write without a DataView, for hot paths. */
export function writeUint16(
  out: Uint8Array,
  offset: number,
  value: number,
): void {
  out[offset] = value >>> 8;
  out[offset + 1] = value;
}

/** 32-bit big-endian write without a DataView, for hot paths. */
export function writeUint32(
  out: Uint8Array,
  offset: number,
  value: number,
): void {
  out[offset] = value >>> 24;
  out[offset + 1] = value >>> 16;
  out[offset + 2] = value >>> 8;
  out[offset + 3] = value;
}

function truncated(part: string): RtpProtocolError {
  return new RtpProtocolError(
    "RTP_TRUNCATED",
    `Cannot read RTP packet: it ends within its ${part}`,
  );
}
