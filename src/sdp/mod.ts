/**
 * Session descriptions (RFC 8866) and the ranges of time in them.
 *
 * @module
 */

export {
  findJpegMedia,
  formatParameters,
  mediaCodecs,
  mediaCryptos,
  mediaDimensions,
  mediaFrameRate,
  mediaMikey,
} from "./attributes.ts";
export type { SdpCodec, SdpCrypto } from "./attributes.ts";
export { attributeValue, attributeValues } from "./description.ts";
export type {
  SdpAttribute,
  SdpBandwidth,
  SdpConnection,
  SdpDescription,
  SdpMedia,
  SdpOrigin,
  SdpTime,
} from "./description.ts";
export { SdpProtocolError } from "./errors.ts";
export type { SdpErrorCode } from "./errors.ts";
export { formatSdp } from "./format.ts";
export { describeMjpeg, MJPEG_TRACK_CONTROL } from "./mjpeg_description.ts";
export type { MjpegStreamInfo } from "./mjpeg_description.ts";
export { MAX_SDP_LENGTH, parseSdp } from "./parse.ts";
export {
  formatMediaRange,
  formatNptSeconds,
  parseMediaRange,
} from "./range.ts";
export type { ClockRange, MediaRange, NptRange, SmpteRange } from "./range.ts";
