/**
 * What is thrown for bytes that are not a usable JPEG.
 *
 * @module
 */

/** Says which fault a {@linkcode JpegError} is about; stable, for programs. */
export type JpegErrorCode =
  /** Larger than {@linkcode MAX_JPEG_BYTES}. */
  | "too-large"
  /** Does not begin with SOI (FF D8). */
  | "no-soi"
  /** Something other than a marker stands where one must stand. */
  | "bad-marker"
  /** A marker that has no place there, such as SOI inside a scan. */
  | "unexpected-marker"
  /** A segment's length field is below two. */
  | "bad-segment-length"
  /** The bytes end inside a segment or before the first scan. */
  | "truncated"
  /** The bytes end inside a scan: the last marker is not EOI. */
  | "missing-eoi"
  /** Bytes follow EOI. */
  | "trailing-data"
  /** No SOF before SOS. */
  | "no-frame-header"
  /** A second SOF. */
  | "duplicate-frame-header"
  /** A SOF that contradicts itself. */
  | "bad-frame-header"
  /** Width or height is zero. */
  | "zero-dimension"
  /** More than {@linkcode MAX_JPEG_PIXELS}. */
  | "too-many-pixels"
  /** EOI comes before SOS, or the scan is empty. */
  | "no-scan"
  /** A SOS that contradicts itself or the frame header. */
  | "bad-scan-header"
  /** A DQT that contradicts itself. */
  | "bad-quantisation-table"
  /** A component names a table that no DQT brought. */
  | "no-quantisation-table"
  /** A DHT that contradicts itself. */
  | "bad-huffman-table"
  /** A scan names a table that no DHT brought and Annex K does not have. */
  | "no-huffman-table"
  /** A DRI that contradicts itself. */
  | "bad-restart-interval"
  /** The scan's bits are not what its tables and the frame header say. */
  | "bad-entropy-data"
  /** The scan holds a symbol that the Annex K tables have no code for. */
  | "not-encodable"
  /** Well-formed, but of a kind that this function does not handle. */
  | "unsupported";

/** Bytes that are not a JPEG, or not one that the called function can use. */
export class JpegError extends SyntaxError {
  /** The class, for programs that cannot use `instanceof`. */
  override readonly name = "JpegError";

  /** `code` is for programs, `message` for people. */
  constructor(readonly code: JpegErrorCode, message: string) {
    super(message);
  }
}

/**
 * Largest JPEG that is looked at, in bytes. The largest frame of a 4K camera
 * at quality 100 is near 12 MB; mediamtx refuses RTP frames above 8 MB
 * (gortsplib `rtpmjpeg`), browsers have no limit.
 */
export const MAX_JPEG_BYTES = 16 * 1024 * 1024;

/**
 * Largest picture that is accepted, in pixels: 8192 × 8192. A JPEG of a few
 * hundred bytes may claim 65535 × 65535, which is 12.9 GB when decoded.
 */
export const MAX_JPEG_PIXELS = 8192 * 8192;

/** SOS without SOF before it. */
export function noFrameHeader(): JpegError {
  return new JpegError(
    "no-frame-header",
    "Cannot read a JPEG: its scan comes before any frame header",
  );
}

/** SOS directly followed by the next marker. */
export function emptyScan(): JpegError {
  return new JpegError("no-scan", "Cannot use a JPEG: its scan is empty");
}

/** A second SOF. */
export function duplicateFrameHeader(): JpegError {
  return new JpegError(
    "duplicate-frame-header",
    "Cannot read a JPEG: it has two frame headers",
  );
}

/** A component whose table is nowhere. */
export function noQuantTable(component: number, table: number): JpegError {
  return new JpegError(
    "no-quantisation-table",
    `Cannot use a JPEG: quantisation table ${table} of component ${component} is missing`,
  );
}

/** EOI without SOS before it. */
export function noScan(): JpegError {
  return new JpegError("no-scan", "Cannot use a JPEG: it has no picture data");
}
