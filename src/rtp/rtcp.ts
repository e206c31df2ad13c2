/**
 * RTCP packets (RFC 3550 section 6): sender and receiver reports, source
 * descriptions, goodbyes and application packets, always in compounds.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|  count  |  packet type  | length in words, minus one    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 *
 * @module
 */

import { ByteReader } from "../bytes/mod.ts";
import { RtpProtocolError } from "./errors.ts";
import type { NtpTime } from "./ntp.ts";

/** Sender report. */
export const RTCP_SENDER_REPORT = 200;
/** Receiver report. */
export const RTCP_RECEIVER_REPORT = 201;
/** Source description. */
export const RTCP_SOURCE_DESCRIPTION = 202;
/** Goodbye. */
export const RTCP_BYE = 203;
/** Application-defined. */
export const RTCP_APP = 204;

/** Item type of the canonical name (RFC 3550 section 6.5.1). */
export const SDES_CNAME = 1;

/** What a receiver says about one source (RFC 3550 section 6.4.1). */
export interface ReportBlock {
  /** The source reported on. */
  readonly ssrc: number;
  /** Share of packets lost since the last report, in 1/256. */
  readonly fractionLost: number;
  /** Packets lost since the beginning, 24 bit signed: duplicates can make it negative. */
  readonly cumulativeLost: number;
  /** Highest sequence number received, extended by its cycles (32 bit). */
  readonly highestSequence: number;
  /** Interarrival jitter in timestamp units. */
  readonly jitter: number;
  /** Middle 32 bits of the last sender report's NTP time, 0 for none. */
  readonly lastSenderReport: number;
  /** Delay since that report came, in 1/65536 s. */
  readonly delaySinceLastSenderReport: number;
}

/** Sender report (RFC 3550 section 6.4.1). */
export interface RtcpSenderReport {
  /** What it is. */
  readonly type: "sender-report";
  /** Who sends. */
  readonly ssrc: number;
  /** When the report was sent. */
  readonly ntp: NtpTime;
  /** The same moment in the media clock. */
  readonly rtpTimestamp: number;
  /** Packets sent, 32 bit. */
  readonly packetCount: number;
  /** Payload bytes sent, 32 bit. */
  readonly octetCount: number;
  /** About the sources the sender hears itself, at most 31. */
  readonly reports: readonly ReportBlock[];
}

/** Receiver report (RFC 3550 section 6.4.2). */
export interface RtcpReceiverReport {
  /** What it is. */
  readonly type: "receiver-report";
  /** Who reports. */
  readonly ssrc: number;
  /** One block a source, at most 31. */
  readonly reports: readonly ReportBlock[];
}

/** One item of a source description. */
export interface SdesItem {
  /** 1 CNAME, 2 NAME, 3 EMAIL, 4 PHONE, 5 LOC, 6 TOOL, 7 NOTE, 8 PRIV. */
  readonly type: number;
  /** At most 255 bytes of UTF-8. */
  readonly text: string;
}

/** Source description (RFC 3550 section 6.5). */
export interface RtcpSourceDescription {
  /** What it is. */
  readonly type: "source-description";
  /** One a source, at most 31. */
  readonly chunks: readonly {
    readonly ssrc: number;
    readonly items: readonly SdesItem[];
  }[];
}

/** Goodbye (RFC 3550 section 6.6). */
export interface RtcpBye {
  /** What it is. */
  readonly type: "bye";
  /** Those who leave, at most 31. */
  readonly ssrcs: readonly number[];
  /** For people. */
  readonly reason?: string;
}

/** Application-defined packet (RFC 3550 section 6.7). */
export interface RtcpApp {
  /** What it is. */
  readonly type: "app";
  /** 0–31. */
  readonly subtype: number;
  /** Who sends. */
  readonly ssrc: number;
  /** Four ASCII characters. */
  readonly name: string;
  /** A multiple of four bytes. */
  readonly data: Uint8Array;
}

/** Any RTCP packet this module understands. */
export type RtcpPacket =
  | RtcpSenderReport
  | RtcpReceiverReport
  | RtcpSourceDescription
  | RtcpBye
  | RtcpApp;

const DECODER = new TextDecoder();

/**
 * Reads a compound packet. Packet types that are not understood are skipped
 * (RFC 3550 section 6.1); the validity checks are those of appendix A.2.
 *
 * A compound without SDES is taken: players open firewalls with a bare
 * receiver report of eight bytes.
 *
 * @throws {RtpProtocolError} when a packet is cut off, not version 2, does not
 * fit its length, or the first is no sender or receiver report.
 */
export function decodeRtcpCompound(bytes: Uint8Array): RtcpPacket[] {
  const packets: RtcpPacket[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (bytes.length - offset < 4) {
      throw new RtpProtocolError(
        "RTCP_TRUNCATED",
        `Cannot read RTCP packet: ${
          bytes.length - offset
        } bytes are fewer than its header`,
      );
    }
    const first = bytes[offset]!;
    const packetType = bytes[offset + 1]!;
    if (first >> 6 !== 2) {
      throw new RtpProtocolError(
        "RTCP_BAD_VERSION",
        `Cannot read RTCP packet: version ${first >> 6} is not 2`,
      );
    }
    const end = offset + 4 +
      4 * ((bytes[offset + 2]! << 8) | bytes[offset + 3]!);
    if (end > bytes.length) {
      throw new RtpProtocolError(
        "RTCP_BAD_LENGTH",
        `Cannot read RTCP packet: it ends at ${end}, the datagram at ${bytes.length}`,
      );
    }
    if (
      offset === 0 && packetType !== RTCP_SENDER_REPORT &&
      packetType !== RTCP_RECEIVER_REPORT
    ) {
      throw new RtpProtocolError(
        "RTCP_BAD_PACKET",
        `Cannot read RTCP compound: it starts with type ${packetType}, not with a report`,
      );
    }
    let contentEnd = end;
    if ((first & 0x20) !== 0) {
      const padding = end > offset + 4 ? bytes[end - 1]! : 0;
      if (
        padding === 0 || padding % 4 !== 0 || padding > end - offset - 4 ||
        end !== bytes.length
      ) {
        throw new RtpProtocolError(
          "RTCP_BAD_LENGTH",
          `Cannot read RTCP packet: ${padding} bytes of padding`,
        );
      }
      contentEnd -= padding;
    }
    const packet = decodeOne(
      packetType,
      first & 0x1f,
      bytes.subarray(offset + 4, contentEnd),
    );
    if (packet !== undefined) packets.push(packet);
    offset = end;
  }
  if (packets.length === 0) {
    throw new RtpProtocolError(
      "RTCP_TRUNCATED",
      "Cannot read RTCP compound: it is empty",
    );
  }
  return packets;
}

function decodeOne(
  packetType: number,
  count: number,
  content: Uint8Array,
): RtcpPacket | undefined {
  try {
    const reader = new ByteReader(content);
    switch (packetType) {
      case RTCP_SENDER_REPORT:
        return {
          type: "sender-report",
          ssrc: reader.uint32(),
          ntp: { seconds: reader.uint32(), fraction: reader.uint32() },
          rtpTimestamp: reader.uint32(),
          packetCount: reader.uint32(),
          octetCount: reader.uint32(),
          reports: decodeReports(reader, count),
        };
      case RTCP_RECEIVER_REPORT:
        return {
          type: "receiver-report",
          ssrc: reader.uint32(),
          reports: decodeReports(reader, count),
        };
      case RTCP_SOURCE_DESCRIPTION:
        return decodeSourceDescription(reader, count);
      case RTCP_BYE:
        return decodeBye(reader, count);
      case RTCP_APP:
        return {
          type: "app",
          subtype: count,
          ssrc: reader.uint32(),
          name: String.fromCharCode(...reader.bytes(4)),
          data: reader.rest(),
        };
      default:
        return undefined;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RtpProtocolError(
      "RTCP_TRUNCATED",
      `Cannot read RTCP packet of type ${packetType}: its ${content.length} bytes are too few for what it counts`,
    );
  }
}

function decodeReports(reader: ByteReader, count: number): ReportBlock[] {
  const reports: ReportBlock[] = [];
  for (let index = 0; index < count; index++) {
    const ssrc = reader.uint32();
    const fractionLost = reader.uint8();
    const lost = reader.uint24();
    reports.push({
      ssrc,
      fractionLost,
      cumulativeLost: (lost << 8) >> 8,
      highestSequence: reader.uint32(),
      jitter: reader.uint32(),
      lastSenderReport: reader.uint32(),
      delaySinceLastSenderReport: reader.uint32(),
    });
  }
  return reports;
}

function decodeSourceDescription(
  reader: ByteReader,
  count: number,
): RtcpSourceDescription {
  const chunks: { ssrc: number; items: SdesItem[] }[] = [];
  for (let index = 0; index < count; index++) {
    const ssrc = reader.uint32();
    const items: SdesItem[] = [];
    for (;;) {
      const type = reader.uint8();
      if (type === 0) break;
      items.push({ type, text: DECODER.decode(reader.bytes(reader.uint8())) });
    }
    // The list's end is padded to the next word; some senders leave the padding
    // of the last chunk out, and nothing is lost by taking that.
    const padding = (4 - (reader.offset % 4)) % 4;
    reader.skip(Math.min(padding, reader.remaining));
    chunks.push({ ssrc, items });
  }
  return { type: "source-description", chunks };
}

function decodeBye(reader: ByteReader, count: number): RtcpBye {
  const ssrcs: number[] = [];
  for (let index = 0; index < count; index++) ssrcs.push(reader.uint32());
  if (reader.remaining === 0) return { type: "bye", ssrcs };
  return {
    type: "bye",
    ssrcs,
    reason: DECODER.decode(reader.bytes(reader.uint8())),
  };
}
