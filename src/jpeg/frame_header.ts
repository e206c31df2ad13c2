/**
 * The frame header, SOFn (ITU-T T.81, B.2.2).
 *
 *     P(8)  Y(16)  X(16)  Nf(8)  { C(8)  H(4) V(4)  Tq(8) } × Nf
 *
 * @module
 */

import { JpegError, MAX_JPEG_PIXELS } from "./error.ts";
import { type JpegSegment, Marker } from "./markers.ts";

/** How the picture is coded, from the SOF marker. */
export type JpegKind =
  | "baseline"
  | "extended"
  | "progressive"
  | "lossless"
  | "hierarchical";

/** One colour component. */
export interface JpegComponent {
  /** Identifier that scans use. */
  readonly id: number;
  /** Horizontal sampling factor, 1–4. */
  readonly horizontal: number;
  /** Vertical sampling factor, 1–4. */
  readonly vertical: number;
  /** Number of the component's quantisation table, 0–3. */
  readonly quantTable: number;
}

/** Chroma subsampling in the usual words; `other` when they have none. */
export type JpegLayout =
  | "grey"
  | "4:2:0"
  | "4:2:2"
  | "4:4:4"
  | "4:4:0"
  | "4:1:1"
  | "other";

/** What SOFn says. */
export interface JpegFrameHeader {
  /** Coding process. */
  readonly kind: JpegKind;
  /** Arithmetic instead of Huffman coding. */
  readonly arithmetic: boolean;
  /** Bits a sample. */
  readonly precision: number;
  /** Pixels a line. */
  readonly width: number;
  /** Lines. */
  readonly height: number;
  /** Components in the order of the file. */
  readonly components: readonly JpegComponent[];
  /** Chroma subsampling by the ratio of the sampling factors. */
  readonly layout: JpegLayout;
}

/** Largest sampling factor (T.81 table B.2). */
const MAX_SAMPLING = 4;

/**
 * Reads a SOFn segment.
 *
 * A height of zero would mean that DNL brings it after the first scan. No
 * encoder of the last thirty years writes that; it is refused.
 *
 * @throws {JpegError} `bad-frame-header`, `zero-dimension`, `too-many-pixels`.
 */
export function parseFrameHeader(
  bytes: Uint8Array,
  { marker, start, end }: JpegSegment,
): JpegFrameHeader {
  const count = end - start >= 6 ? bytes[start + 5]! : 0;
  if (count === 0 || end - start !== 6 + 3 * count) {
    throw new JpegError(
      "bad-frame-header",
      `Cannot read the frame header: ${count} components in ${
        end - start
      } bytes`,
    );
  }
  const height = (bytes[start + 1]! << 8) | bytes[start + 2]!;
  const width = (bytes[start + 3]! << 8) | bytes[start + 4]!;
  if (width === 0 || height === 0) {
    throw new JpegError(
      "zero-dimension",
      `Cannot use a picture of ${width} × ${height} pixels`,
    );
  }
  if (width * height > MAX_JPEG_PIXELS) {
    throw new JpegError(
      "too-many-pixels",
      `Cannot use a picture of ${width} × ${height} pixels: the limit is ${MAX_JPEG_PIXELS} in all`,
    );
  }
  const components: JpegComponent[] = [];
  for (let at = start + 6; at < end; at += 3) {
    const component = {
      id: bytes[at]!,
      horizontal: bytes[at + 1]! >> 4,
      vertical: bytes[at + 1]! & 15,
      quantTable: bytes[at + 2]!,
    };
    if (
      !isSamplingFactor(component.horizontal) ||
      !isSamplingFactor(component.vertical) || component.quantTable > 3 ||
      components.some((other) => other.id === component.id)
    ) {
      throw new JpegError(
        "bad-frame-header",
        `Cannot read the frame header: component ${component.id} has sampling ${component.horizontal} × ${component.vertical} and table ${component.quantTable}`,
      );
    }
    components.push(component);
  }
  return {
    kind: kindOf(marker),
    arithmetic: marker > Marker.JPG,
    precision: bytes[start]!,
    width,
    height,
    components,
    layout: layoutOf(components),
  };
}

function isSamplingFactor(factor: number): boolean {
  return factor >= 1 && factor <= MAX_SAMPLING;
}

/** Table B.1: the low two bits are the process, bit 2 "differential", bit 3 "arithmetic". */
function kindOf(marker: number): JpegKind {
  if ((marker & 4) !== 0) return "hierarchical";
  switch (marker & 3) {
    case 0:
      return "baseline";
    case 1:
      return "extended";
    case 2:
      return "progressive";
    default:
      return "lossless";
  }
}

function layoutOf(components: readonly JpegComponent[]): JpegLayout {
  const [luma, blue, red] = components;
  if (luma !== undefined && components.length === 1) return "grey";
  if (
    luma === undefined || blue === undefined || red === undefined ||
    components.length !== 3 || blue.horizontal !== red.horizontal ||
    blue.vertical !== red.vertical
  ) {
    return "other";
  }
  const across = luma.horizontal / blue.horizontal;
  const down = luma.vertical / blue.vertical;
  if (across === 2 && down === 2) return "4:2:0";
  if (across === 2 && down === 1) return "4:2:2";
  if (across === 1 && down === 1) return "4:4:4";
  if (across === 1 && down === 2) return "4:4:0";
  if (across === 4 && down === 1) return "4:1:1";
  return "other";
}
