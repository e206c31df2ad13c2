/**
 * Markers and segments of a JPEG file (ITU-T T.81, Annex B).
 *
 *     FF D8                              SOI
 *     FF xx  Lh Ll  parameters …         a segment; L counts itself
 *     FF DA  Lh Ll  parameters …  data   SOS, then entropy-coded data in which
 *                                        FF is written FF 00 and RSTn may stand
 *     FF D9                              EOI
 *
 * Any marker may be preceded by further FF bytes (fill, B.1.1.2).
 *
 * @module
 */

import { JpegError, MAX_JPEG_BYTES } from "./error.ts";

/** Second byte of the markers that are named here (T.81 table B.1). */
export const Marker = {
  TEM: 0x01,
  SOF0: 0xc0,
  SOF1: 0xc1,
  SOF15: 0xcf,
  DHT: 0xc4,
  JPG: 0xc8,
  DAC: 0xcc,
  RST0: 0xd0,
  RST7: 0xd7,
  SOI: 0xd8,
  EOI: 0xd9,
  SOS: 0xda,
  DQT: 0xdb,
  DNL: 0xdc,
  DRI: 0xdd,
  APP0: 0xe0,
  APP14: 0xee,
} as const;

/** One marker segment, as offsets into the file. */
export interface JpegSegment {
  /** Second byte of the marker, {@linkcode Marker}. */
  readonly marker: number;
  /** Where the marker's (or its fill's) first FF is. */
  readonly offset: number;
  /** First byte of the parameters, after the length; `end` when there are none. */
  readonly start: number;
  /** One past the last parameter. */
  readonly end: number;
  /** One past the entropy-coded data that follows SOS; `end` for all others. */
  readonly dataEnd: number;
}

/** Whether `marker` is one of RST0–RST7. */
export function isRestartMarker(marker: number): boolean {
  return marker >= Marker.RST0 && marker <= Marker.RST7;
}

/** Whether `marker` starts a frame header (SOF0–SOF15 without DHT, JPG, DAC). */
export function isFrameHeader(marker: number): boolean {
  return marker >= Marker.SOF0 && marker <= Marker.SOF15 &&
    marker !== Marker.DHT && marker !== Marker.JPG && marker !== Marker.DAC;
}

/** `FFxx`, for messages. */
export function markerName(marker: number): string {
  return `FF${marker.toString(16).toUpperCase().padStart(2, "0")}`;
}

/**
 * Offset of the marker (or its fill) that ends the entropy-coded data starting
 * at `from`; RSTn and stuffed bytes are stepped over. -1 when the bytes end first.
 *
 * This is the one loop that sees every byte of every frame. It tests sixteen
 * bytes at a time for FF: a byte b is FF exactly when b has its top bit set
 * and b + 1 has not, and a carry can only cause a needless closer look.
 * 7 µs for 64 KiB; `indexOf(0xff)` costs about 100 ns a call and there are a
 * thousand to make.
 */
export function findScanEnd(bytes: Uint8Array, from: number): number {
  const { length } = bytes;
  // Words must be aligned: byte `at` is byte `at + shift` of the words.
  const shift = bytes.byteOffset & 3;
  const words = new Int32Array(
    bytes.buffer,
    bytes.byteOffset - shift,
    (length + shift) >>> 2,
  );
  const lastBlock = words.length - 4;
  let at = from;
  while (at < length) {
    if (((at + shift) & 3) === 0) {
      let word = (at + shift) >>> 2;
      for (; word <= lastBlock; word += 4) {
        const a = words[word]!;
        const b = words[word + 1]!;
        const c = words[word + 2]!;
        const d = words[word + 3]!;
        const candidates = (a & ~(a + 0x01010101)) | (b & ~(b + 0x01010101)) |
          (c & ~(c + 0x01010101)) | (d & ~(d + 0x01010101));
        if ((candidates & 0x80808080) !== 0) break;
      }
      at = (word << 2) - shift;
    }
    const stop = Math.min(((at + shift + 16) & ~3) - shift, length);
    while (at < stop) {
      if (bytes[at] !== 0xff) {
        at++;
        continue;
      }
      let code = at + 1;
      while (bytes[code] === 0xff) code++;
      if (code >= length) return -1;
      const next = bytes[code]!;
      if (next !== 0 && !isRestartMarker(next)) return at;
      at = code + 1;
    }
  }
  return -1;
}

/**
 * Walks over the segments of one JPEG, SOI first, EOI last. What follows EOI
 * is left to the caller: it starts at the EOI segment's `end`.
 *
 * @throws {JpegError} where the next segment cannot be found.
 */
export function* readSegments(bytes: Uint8Array): Generator<JpegSegment> {
  const length = bytes.length;
  if (length > MAX_JPEG_BYTES) {
    throw new JpegError(
      "too-large",
      `Cannot read a JPEG of ${length} bytes: the limit is ${MAX_JPEG_BYTES}`,
    );
  }
  if (length < 2 || bytes[0] !== 0xff || bytes[1] !== Marker.SOI) {
    throw new JpegError(
      "no-soi",
      length === 0
        ? "Cannot read a JPEG: there are no bytes"
        : "Cannot read a JPEG: the bytes do not begin with FFD8",
    );
  }
  yield segment(Marker.SOI, 0, 2, 2, 2);
  let at = 2;
  let scans = 0;
  for (;;) {
    const offset = at;
    if (at < length && bytes[at] !== 0xff) {
      throw new JpegError(
        "bad-marker",
        `Cannot read a JPEG: no marker at byte ${at}`,
      );
    }
    while (bytes[at] === 0xff) at++;
    if (at >= length) throw ended(scans, length);
    const marker = bytes[at++]!;
    if (marker === Marker.EOI) {
      yield segment(marker, offset, at, at, at);
      return;
    }
    if (
      marker < Marker.SOF0 || marker === Marker.SOI || isRestartMarker(marker)
    ) {
      throw new JpegError(
        "unexpected-marker",
        `Cannot read a JPEG: marker ${
          markerName(marker)
        } has no place at byte ${offset}`,
      );
    }
    if (at + 2 > length) throw ended(scans, length);
    const size = (bytes[at]! << 8) | bytes[at + 1]!;
    const end = at + size;
    if (size < 2) {
      throw new JpegError(
        "bad-segment-length",
        `Cannot read a JPEG: segment ${
          markerName(marker)
        } at byte ${offset} has length ${size}`,
      );
    }
    if (end > length) throw ended(scans, length);
    if (marker !== Marker.SOS) {
      yield segment(marker, offset, at + 2, end, end);
      at = end;
      continue;
    }
    scans++;
    const dataEnd = findScanEnd(bytes, end);
    if (dataEnd < 0) throw ended(scans, length);
    yield segment(marker, offset, at + 2, end, dataEnd);
    at = dataEnd;
  }
}

function segment(
  marker: number,
  offset: number,
  start: number,
  end: number,
  dataEnd: number,
): JpegSegment {
  return { marker, offset, start, end, dataEnd };
}

function ended(scans: number, length: number): JpegError {
  return scans === 0
    ? new JpegError(
      "truncated",
      `Cannot read a JPEG: it ends after ${length} bytes, before its scan`,
    )
    : new JpegError(
      "missing-eoi",
      `Cannot read a JPEG: it ends after ${length} bytes without FFD9`,
    );
}
