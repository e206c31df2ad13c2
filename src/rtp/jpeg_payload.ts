/**
 * The payload headers of JPEG over RTP (RFC 2435 section 3.1).
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | type-specific |              fragment offset                  |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |      type     |       Q       |    width/8    |   height/8    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |       restart interval        |F|L|       restart count       |  types 64–127
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |      MBZ      |   precision   |            length             |  Q 128–255,
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  first packet
 * |                    quantisation table data                    |
 * ```
 *
 * @module
 */

import { RtpProtocolError } from "./errors.ts";

/** Static payload type of JPEG (RFC 3551 section 6). */
export const JPEG_PAYLOAD_TYPE = 26;
/** Its clock, in Hz. */
export const JPEG_CLOCK_RATE = 90_000;
/** Main header. */
export const JPEG_HEADER_LENGTH = 8;
/** Restart header. */
export const JPEG_RESTART_HEADER_LENGTH = 4;
/** Quantisation table header, without the tables. */
export const JPEG_TABLE_HEADER_LENGTH = 4;
/** Two tables of 64 bytes: fewer or more break receivers. */
export const JPEG_TABLES_LENGTH = 128;
/** The fragment offset has 24 bits. */
export const MAX_JPEG_SCAN_LENGTH = 0xff_ffff;

/** The payload headers of one packet, and what follows them. */
export interface JpegPayload {
  /** Progressive pictures only otherwise: 0. */
  readonly typeSpecific: number;
  /** Where this piece stands in the frame's scan. */
  readonly fragmentOffset: number;
  /** 0 for 4:2:2, 1 for 4:2:0; 64 and 65 the same with restart markers. */
  readonly type: number;
  /** 1–99 names tables, 128–254 tables sent now and then, 255 with every frame. */
  readonly q: number;
  /** Pixels, a multiple of eight. */
  readonly width: number;
  /** Pixels, a multiple of eight. */
  readonly height: number;
  /** MCUs between restart markers; 0 for types below 64. */
  readonly restartInterval: number;
  /** The tables a first packet brings; empty when it says "as before". `undefined` where no table header stands. */
  readonly tables: JpegPayloadTables | undefined;
  /** The piece of the scan, a view of the input. */
  readonly data: Uint8Array;
}

/** Quantisation tables as they stand in a first packet. */
export interface JpegPayloadTables {
  /** Bit n set: table n has 16-bit values. */
  readonly precision: number;
  /** The values in zigzag order, a view of the input. */
  readonly data: Uint8Array;
}

/**
 * Reads the headers of one packet's payload.
 *
 * @throws {RtpProtocolError} when it is cut off, or of a type, size or Q that
 * RFC 2435 does not define.
 */
export function decodeJpegPayload(payload: Uint8Array): JpegPayload {
  const length = payload.length;
  if (length < JPEG_HEADER_LENGTH) throw truncated(length);
  const fragmentOffset = (payload[1]! << 16) | (payload[2]! << 8) | payload[3]!;
  const type = payload[4]!;
  const q = payload[5]!;
  const width = payload[6]! * 8;
  const height = payload[7]! * 8;
  // 0 and 1 are defined, plus 64 with restart markers; 2–5 are RFC 2035's, gone.
  if ((type & ~0x40) > 1) {
    throw new RtpProtocolError(
      "JPEG_PAYLOAD_BAD_TYPE",
      `Cannot read JPEG payload: type ${type} is not 0, 1, 64 or 65`,
    );
  }
  if (width === 0 || height === 0) {
    throw new RtpProtocolError(
      "JPEG_PAYLOAD_BAD_SIZE",
      `Cannot read JPEG payload: it says ${width}×${height} pixels (0 stands for more than 2040)`,
    );
  }
  if (q === 0 || (q > 99 && q < 128)) {
    throw new RtpProtocolError(
      "JPEG_PAYLOAD_BAD_TABLES",
      `Cannot read JPEG payload: Q ${q} is reserved`,
    );
  }
  let offset = JPEG_HEADER_LENGTH;
  let restartInterval = 0;
  if (type >= 64) {
    if (offset + JPEG_RESTART_HEADER_LENGTH > length) throw truncated(length);
    restartInterval = (payload[offset]! << 8) | payload[offset + 1]!;
    offset += JPEG_RESTART_HEADER_LENGTH;
  }
  let tables: JpegPayloadTables | undefined;
  if (q >= 128 && fragmentOffset === 0) {
    if (offset + JPEG_TABLE_HEADER_LENGTH > length) throw truncated(length);
    const tableLength = (payload[offset + 2]! << 8) | payload[offset + 3]!;
    const start = offset + JPEG_TABLE_HEADER_LENGTH;
    if (start + tableLength > length) throw truncated(length);
    tables = {
      precision: payload[offset + 1]!,
      data: payload.subarray(start, start + tableLength),
    };
    offset = start + tableLength;
  }
  return {
    typeSpecific: payload[0]!,
    fragmentOffset,
    type,
    q,
    width,
    height,
    restartInterval,
    tables,
    data: payload.subarray(offset),
  };
}

/**
 * Splits the tables of a first packet into luma and chroma: 64 bytes each, or
 * 128 where the precision bit says that the values have 16 bits.
 *
 * One table serves both (some cameras send one), a third and more are ignored.
 *
 * @throws {RtpProtocolError} for lengths that hold no whole table.
 */
export function splitJpegTables(
  tables: JpegPayloadTables,
): readonly [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] {
  const { data, precision } = tables;
  const lumaLength = (precision & 1) === 0 ? 64 : 128;
  const chromaLength = (precision & 2) === 0 ? 64 : 128;
  const both = lumaLength + chromaLength;
  if (data.length !== lumaLength && data.length < both) {
    throw new RtpProtocolError(
      "JPEG_PAYLOAD_BAD_TABLES",
      `Cannot read JPEG tables: ${data.length} bytes with precision ${precision} are not one or two tables`,
    );
  }
  const luma = data.slice(0, lumaLength);
  return [luma, data.length < both ? luma : data.slice(lumaLength, both)];
}

function truncated(length: number): RtpProtocolError {
  return new RtpProtocolError(
    "JPEG_PAYLOAD_TRUNCATED",
    `Cannot read JPEG payload: ${length} bytes end within its headers`,
  );
}
