/**
 * A JPEG frame into RTP packets (RFC 2435), all in one buffer.
 *
 * Every packet of a frame has the same size but the last, and they lie one
 * stride apart: one `sendmsg` with UDP_SEGMENT, or one TCP write, sends the
 * frame. The first packet carries the two quantisation tables and so less of
 * the scan, not more bytes.
 *
 * ```
 * |headroom| RTP 12 | main 8 | restart 0/4 | tables 132 | scan … |tailroom|
 * |headroom| RTP 12 | main 8 | restart 0/4 | scan …              |tailroom|
 * ```
 *
 * Headroom is for the four bytes of an RTSP interleaved frame, tailroom for an
 * SRTP authentication tag.
 *
 * @module
 */

import type { Rfc2435Profile } from "../jpeg/mod.ts";
import {
  RTP_HEADER_LENGTH,
  writeRtpHeader,
  writeUint16,
  writeUint32,
} from "./packet.ts";
import {
  JPEG_HEADER_LENGTH,
  JPEG_PAYLOAD_TYPE,
  JPEG_RESTART_HEADER_LENGTH,
  JPEG_TABLE_HEADER_LENGTH,
  JPEG_TABLES_LENGTH,
  MAX_JPEG_SCAN_LENGTH,
} from "./jpeg_payload.ts";

/** Headers and tables of a first packet, and something of the scan. */
export const MIN_JPEG_PAYLOAD = 256;
/** Largest UDP payload over IPv4 (65,507), less the RTP header. */
export const MAX_JPEG_PAYLOAD = 65_507 - RTP_HEADER_LENGTH;

/** How to packetise. */
export interface JpegPacketizeOptions {
  /** Sequence number of the first packet. */
  readonly sequence: number;
  /** RTP timestamp of the frame. */
  readonly timestamp: number;
  /** The source the packets come from. */
  readonly ssrc: number;
  /** Bytes behind the RTP header of a full packet, 256–65,495. */
  readonly maxPayload: number;
  /** Bytes to leave free in front of every packet; 0 when left out. */
  readonly headroom?: number;
  /** Bytes to leave free behind every packet; 0 when left out. */
  readonly tailroom?: number;
}

/** Where the packets of a frame lie in their buffer. */
export interface PacketRun {
  /** Packets. */
  readonly count: number;
  /** Offset of the first packet's RTP header. */
  readonly firstOffset: number;
  /** From one packet's RTP header to the next's. */
  readonly stride: number;
  /** Bytes of every packet but the last. */
  readonly packetLength: number;
  /** Bytes of the last packet. */
  readonly lastLength: number;
  /** Bytes of the buffer in use: all packets with their head- and tailroom. */
  readonly byteLength: number;
  /** Payload bytes of all packets, as sender reports count them. */
  readonly octets: number;
}

/** Offset of packet `index` of a run. */
export function packetOffset(run: PacketRun, index: number): number {
  return run.firstOffset + index * run.stride;
}

/** Length of packet `index` of a run. */
export function packetLengthAt(run: PacketRun, index: number): number {
  return index === run.count - 1 ? run.lastLength : run.packetLength;
}

/**
 * Where the packets of `frame` will lie: {@linkcode PacketRun.byteLength} is
 * the room they need.
 *
 * @throws {RangeError} when the scan is empty or longer than 24 bits count, or the payload size makes no sense.
 */
export function planJpegPackets(
  frame: Rfc2435Profile,
  options: JpegPacketizeOptions,
): PacketRun {
  const { maxPayload, headroom = 0, tailroom = 0 } = options;
  if (maxPayload < MIN_JPEG_PAYLOAD || maxPayload > MAX_JPEG_PAYLOAD) {
    throw new RangeError(
      `Cannot packetise JPEG: a payload of ${maxPayload} bytes is not within ${MIN_JPEG_PAYLOAD}–${MAX_JPEG_PAYLOAD}`,
    );
  }
  const scanLength = frame.scan.length;
  if (scanLength === 0 || scanLength > MAX_JPEG_SCAN_LENGTH) {
    throw new RangeError(
      `Cannot packetise JPEG: a scan of ${scanLength} bytes is not within 1–${MAX_JPEG_SCAN_LENGTH}`,
    );
  }
  const headers = headerLength(frame);
  const tables = JPEG_TABLE_HEADER_LENGTH + JPEG_TABLES_LENGTH;
  const room = maxPayload - headers;
  const count = Math.max(1, Math.ceil((scanLength + tables) / room));
  const lastScan = scanLength + tables - (count - 1) * room;
  const packetLength = RTP_HEADER_LENGTH + maxPayload;
  const lastLength = RTP_HEADER_LENGTH + headers + lastScan;
  const stride = headroom + packetLength + tailroom;
  return {
    count,
    firstOffset: headroom,
    stride,
    packetLength: count === 1 ? lastLength : packetLength,
    lastLength,
    byteLength: (count - 1) * stride + headroom + lastLength + tailroom,
    octets: count * headers + tables + scanLength,
  };
}

/**
 * Writes all packets of `frame` into `out` and says where they lie. Always
 * Q 255 with both tables in the first packet: a viewer can join at any frame.
 *
 * @throws {RangeError} as {@linkcode planJpegPackets}, or when `out` is too small.
 */
export function packetizeJpeg(
  frame: Rfc2435Profile,
  options: JpegPacketizeOptions,
  out: Uint8Array,
): PacketRun {
  const run = planJpegPackets(frame, options);
  if (run.byteLength > out.length) {
    throw new RangeError(
      `Cannot packetise JPEG: ${run.byteLength} bytes do not fit into ${out.length}`,
    );
  }
  const { scan, restartInterval, type } = frame;
  const header = {
    payloadType: JPEG_PAYLOAD_TYPE,
    marker: false,
    sequence: options.sequence,
    timestamp: options.timestamp,
    ssrc: options.ssrc,
  };
  let scanOffset = 0;
  for (let index = 0; index < run.count; index++) {
    const last = index === run.count - 1;
    const start = packetOffset(run, index);
    const end = start + packetLengthAt(run, index);
    header.marker = last;
    header.sequence = (options.sequence + index) & 0xffff;
    writeRtpHeader(out, start, header);
    let at = start + RTP_HEADER_LENGTH;
    writeUint32(out, at, scanOffset);
    out[at + 4] = type;
    out[at + 5] = 255;
    out[at + 6] = frame.width8;
    out[at + 7] = frame.height8;
    at += JPEG_HEADER_LENGTH;
    if (type >= 64) {
      writeUint16(out, at, restartInterval);
      // F, L and count all ones: pieces do not keep to restart intervals, the
      // receiver puts the whole frame together (section 3.1.7).
      writeUint16(out, at + 2, 0xffff);
      at += JPEG_RESTART_HEADER_LENGTH;
    }
    if (index === 0) {
      writeUint32(out, at, JPEG_TABLES_LENGTH);
      out.set(frame.qTables[0], at + JPEG_TABLE_HEADER_LENGTH);
      out.set(frame.qTables[1], at + JPEG_TABLE_HEADER_LENGTH + 64);
      at += JPEG_TABLE_HEADER_LENGTH + JPEG_TABLES_LENGTH;
    }
    const piece = end - at;
    out.set(scan.subarray(scanOffset, scanOffset + piece), at);
    scanOffset += piece;
  }
  return run;
}

/**
 * Gives packets that are already written another sequence, time and source: a
 * frame many viewers share is packetised once.
 */
export function retargetPackets(
  out: Uint8Array,
  run: PacketRun,
  target: {
    readonly sequence: number;
    readonly timestamp: number;
    readonly ssrc: number;
  },
): void {
  let at = run.firstOffset;
  for (let index = 0; index < run.count; index++) {
    writeUint16(out, at + 2, target.sequence + index);
    writeUint32(out, at + 4, target.timestamp);
    writeUint32(out, at + 8, target.ssrc);
    at += run.stride;
  }
}

function headerLength(frame: Rfc2435Profile): number {
  return JPEG_HEADER_LENGTH +
    (frame.type >= 64 ? JPEG_RESTART_HEADER_LENGTH : 0);
}
