/**
 * Writing RTCP compounds (RFC 3550 section 6.1).
 *
 * @module
 */

import { ByteWriter } from "../bytes/mod.ts";
import {
  RTCP_APP,
  RTCP_BYE,
  RTCP_RECEIVER_REPORT,
  RTCP_SENDER_REPORT,
  RTCP_SOURCE_DESCRIPTION,
  SDES_CNAME,
} from "./rtcp.ts";
import type {
  ReportBlock,
  RtcpBye,
  RtcpPacket,
  RtcpSourceDescription,
} from "./rtcp.ts";

/** The five count bits hold no more blocks, chunks or sources in one packet. */
export const MAX_RTCP_COUNT = 31;

const ENCODER = new TextEncoder();

/**
 * Writes a compound packet.
 *
 * @throws {RangeError} when the first is no report, there are more than 31
 * blocks in one, or a text is longer than 255 bytes.
 */
export function encodeRtcpCompound(
  packets: readonly RtcpPacket[],
): Uint8Array<ArrayBuffer> {
  const first = packets[0];
  if (
    first === undefined ||
    (first.type !== "sender-report" && first.type !== "receiver-report")
  ) {
    throw new RangeError(
      "Cannot write RTCP compound: it does not start with a report",
    );
  }
  const writer = new ByteWriter(128);
  for (const packet of packets) encodeOne(writer, packet);
  return writer.finish();
}

/** A source description with the one item every compound must carry. */
export function cnameDescription(
  ssrc: number,
  cname: string,
): RtcpSourceDescription {
  return {
    type: "source-description",
    chunks: [{ ssrc, items: [{ type: SDES_CNAME, text: cname }] }],
  };
}

function encodeOne(writer: ByteWriter, packet: RtcpPacket): void {
  switch (packet.type) {
    case "sender-report":
      writeHeader(
        writer,
        packet.reports.length,
        RTCP_SENDER_REPORT,
        24 + 24 * packet.reports.length,
      );
      writer.uint32(packet.ssrc).uint32(packet.ntp.seconds)
        .uint32(packet.ntp.fraction).uint32(packet.rtpTimestamp)
        .uint32(packet.packetCount).uint32(packet.octetCount);
      writeReports(writer, packet.reports);
      return;
    case "receiver-report":
      writeHeader(
        writer,
        packet.reports.length,
        RTCP_RECEIVER_REPORT,
        4 + 24 * packet.reports.length,
      );
      writer.uint32(packet.ssrc);
      writeReports(writer, packet.reports);
      return;
    case "source-description":
      encodeSourceDescription(writer, packet);
      return;
    case "bye":
      encodeBye(writer, packet);
      return;
    case "app":
      if (packet.name.length !== 4 || packet.data.length % 4 !== 0) {
        throw new RangeError(
          `Cannot write RTCP application packet: name "${packet.name}", ${packet.data.length} bytes`,
        );
      }
      writeHeader(writer, packet.subtype, RTCP_APP, 8 + packet.data.length);
      writer.uint32(packet.ssrc).bytes(
        ENCODER.encode(packet.name).subarray(0, 4),
      )
        .bytes(packet.data);
      return;
  }
}

function writeHeader(
  writer: ByteWriter,
  count: number,
  packetType: number,
  contentLength: number,
): void {
  if (count > MAX_RTCP_COUNT) {
    throw new RangeError(
      `Cannot write RTCP packet: ${count} blocks, at most ${MAX_RTCP_COUNT} fit`,
    );
  }
  writer.uint8(0x80 | count).uint8(packetType).uint16(contentLength / 4);
}

function writeReports(
  writer: ByteWriter,
  reports: readonly ReportBlock[],
): void {
  for (const report of reports) {
    writer.uint32(report.ssrc).uint8(report.fractionLost)
      .uint24(report.cumulativeLost & 0xff_ffff)
      .uint32(report.highestSequence).uint32(report.jitter)
      .uint32(report.lastSenderReport)
      .uint32(report.delaySinceLastSenderReport);
  }
}

function encodeText(text: string): Uint8Array {
  const bytes = ENCODER.encode(text);
  if (bytes.length > 255) {
    throw new RangeError(
      `Cannot write RTCP text: ${bytes.length} bytes, at most 255 fit`,
    );
  }
  return bytes;
}

function encodeSourceDescription(
  writer: ByteWriter,
  packet: RtcpSourceDescription,
): void {
  const content = new ByteWriter(64);
  for (const chunk of packet.chunks) {
    content.uint32(chunk.ssrc);
    for (const item of chunk.items) {
      const text = encodeText(item.text);
      content.uint8(item.type).uint8(text.length).bytes(text);
    }
    do content.uint8(0); while (content.length % 4 !== 0);
  }
  writeHeader(
    writer,
    packet.chunks.length,
    RTCP_SOURCE_DESCRIPTION,
    content.length,
  );
  writer.bytes(content.finish());
}

function encodeBye(writer: ByteWriter, packet: RtcpBye): void {
  const content = new ByteWriter(32);
  for (const ssrc of packet.ssrcs) content.uint32(ssrc);
  if (packet.reason !== undefined) {
    const text = encodeText(packet.reason);
    content.uint8(text.length).bytes(text);
    while (content.length % 4 !== 0) content.uint8(0);
  }
  writeHeader(writer, packet.ssrcs.length, RTCP_BYE, content.length);
  writer.bytes(content.finish());
}
