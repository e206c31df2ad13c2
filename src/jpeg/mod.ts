/**
 * JPEG files and Motion JPEG streams, without decoding a pixel: structural
 * check, parser, lossless Huffman re-coder, RFC 2435 profile, containers.
 *
 * @module
 */

export { buildJpeg, checkJpegParts, type JpegParts } from "./build.ts";
export { checkJpeg, type JpegInfo } from "./check.ts";
export {
  JpegError,
  type JpegErrorCode,
  MAX_JPEG_BYTES,
  MAX_JPEG_PIXELS,
} from "./error.ts";
export type {
  JpegComponent,
  JpegFrameHeader,
  JpegKind,
  JpegLayout,
} from "./frame_header.ts";
export { type FrameSpan, MAX_FRAME_BYTES } from "./frame_locator.ts";
export { encoderCodes } from "./huffman_codes.ts";
export {
  type JpegImage,
  type JpegScan,
  type JpegScanComponent,
  parseJpeg,
} from "./image.ts";
export { type JpegSegment, Marker, readSegments } from "./markers.ts";
export {
  describeMjpegWarning,
  MjpegError,
  type MjpegErrorCode,
  type MjpegWarning,
} from "./mjpeg_error.ts";
export {
  DETECT_BYTES,
  detectContainer,
  MAX_BUFFERED_BYTES,
  type MjpegContainer,
  type MjpegFraming,
  MjpegIndexer,
  MjpegReader,
} from "./mjpeg_reader.ts";
export {
  encodeMjpegFrame,
  encodeMjpegPrefix,
  encodeMultipartPart,
  encodeMultipartStart,
  multipartContentType,
} from "./mjpeg_writer.ts";
export {
  ALL_COEFFICIENTS,
  coarsenJpeg,
  hasStandardHuffman,
  recodeToStandardHuffman,
  withStandardHuffman,
} from "./recode.ts";
export {
  fitToRfc2435,
  RFC2435_MAX_SIZE,
  type Rfc2435Profile,
  rfc2435Profile,
  rfc2435QuantTables,
  type Rfc2435Reason,
  type Rfc2435Refusal,
  type Rfc2435Result,
} from "./rfc2435.ts";
export { STANDARD_HUFFMAN } from "./standard_tables.ts";
export type { HuffmanTable, QuantTable } from "./tables.ts";
