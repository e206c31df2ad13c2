/**
 * RTP, RTCP and what JPEG looks like in them.
 *
 * @module
 */

export { RtpProtocolError } from "./errors.ts";
export type { RtpErrorCode } from "./errors.ts";
export { JitterBuffer, MAX_HELD_PACKETS } from "./jitter_buffer.ts";
export type { JitterBufferCounts, SequencedPacket } from "./jitter_buffer.ts";
export { JpegDepacketizer, MAX_FRAME_LENGTH } from "./jpeg_depacketizer.ts";
export type {
  JpegDepacketizerOptions,
  ReceivedJpegFrame,
  ReceivedJpegParts,
} from "./jpeg_depacketizer.ts";
export {
  MAX_JPEG_PAYLOAD,
  MIN_JPEG_PAYLOAD,
  packetizeJpeg,
  packetLengthAt,
  packetOffset,
  planJpegPackets,
  retargetPackets,
} from "./jpeg_packetizer.ts";
export type { JpegPacketizeOptions, PacketRun } from "./jpeg_packetizer.ts";
export {
  decodeJpegPayload,
  JPEG_CLOCK_RATE,
  JPEG_PAYLOAD_TYPE,
  splitJpegTables,
} from "./jpeg_payload.ts";
export type { JpegPayload, JpegPayloadTables } from "./jpeg_payload.ts";
export {
  LAB_MAX_PACKET_SIZE,
  LAB_PIECE_LENGTH,
  LabDepacketizer,
  labRunLength,
  packetizeLab,
} from "./lab_payload.ts";
export type { LabPacketizeOptions } from "./lab_payload.ts";
export { decodeMikey, encodeMikey } from "./mikey.ts";
export type { MikeyMessage, MikeyStream } from "./mikey.ts";
export { ntpFromUnix, ntpMiddle, roundTripTime, unixFromNtp } from "./ntp.ts";
export type { NtpTime } from "./ntp.ts";
export {
  decodeRtpPacket,
  encodeRtpPacket,
  encodeRtpPacketInto,
  looksLikeRtcp,
  RTP_HEADER_LENGTH,
  rtpPacketLength,
  writeRtpHeader,
} from "./packet.ts";
export type { RtpExtension, RtpHeader, RtpPacket } from "./packet.ts";
export { ReceptionStatistics } from "./reception_statistics.ts";
export { cnameDescription, encodeRtcpCompound } from "./rtcp_encode.ts";
export { decodeRtcpCompound, SDES_CNAME } from "./rtcp.ts";
export type {
  ReportBlock,
  RtcpApp,
  RtcpBye,
  RtcpPacket,
  RtcpReceiverReport,
  RtcpSenderReport,
  RtcpSourceDescription,
  SdesItem,
} from "./rtcp.ts";
export { rtcpInterval, RtcpSchedule } from "./rtcp_schedule.ts";
export type { RtcpIntervalInput } from "./rtcp_schedule.ts";
export { RtpClock, SenderStatistics } from "./sender_statistics.ts";
export type { ReceiverView } from "./sender_statistics.ts";
export {
  SRTCP_OVERHEAD,
  SrtpReceiver,
  SrtpSender,
  srtpTagLength,
} from "./srtp.ts";
export { SRTP_KEY_LENGTH, SRTP_SALT_LENGTH } from "./srtp_keys.ts";
export type { SrtpMaster, SrtpProfile } from "./srtp_keys.ts";
