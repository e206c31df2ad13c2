/**
 * A Matroska file (RFC 9559) around pictures that are there already: each
 * frame keeps its bytes and its own time, to the microsecond, and can be
 * sought.
 *
 * All lengths are known before the first byte is written, so that the cues
 * stand in front and nothing is patched afterwards:
 *
 * ```text
 *  EBML  Segment { SeekHead  Info  Tracks  Cues  Cluster { Timestamp SimpleBlock } … }
 * ```
 *
 * A block's time is a signed 16-bit distance to its cluster's; in microseconds
 * that is 33 ms, so each frame has a cluster of its own (27 bytes).
 *
 * @module
 */

import { ByteWriter } from "../bytes/mod.ts";
import {
  type Ebml,
  element,
  float,
  idBytes,
  sizeBytes,
  text,
  uint,
} from "./ebml.ts";

const ID = {
  ebml: 0x1a45dfa3,
  segment: 0x18538067,
  seekHead: 0x114d9b74,
  info: 0x1549a966,
  tracks: 0x1654ae6b,
  cues: 0x1c53bb6b,
  cluster: 0x1f43b675,
} as const;

/** Nanoseconds in the unit of all times here. */
const TIMESTAMP_SCALE = 1000;

/** Bytes that stand before each frame's own. */
export const FRAME_OVERHEAD = 27;

/** Every frame has a cue, 36 bytes each; of a longer video every second, every third … */
const MAX_CUES = 20_000;

/** Bytes of a cluster's position in a cue, so that cues have one size whatever they say. */
const POSITION_BYTES = 8;

/** What the frames are. */
export interface MatroskaTrack {
  readonly codec: "mjpeg" | "mpng";
  readonly width: number;
  readonly height: number;
  /** Nominal frames a second. */
  readonly fps: number;
}

/** Where everything stands in a file that is still to be written. */
export class MatroskaLayout {
  /** Everything before the first frame's cluster. */
  readonly head: Ebml;
  /** Length of the whole file. */
  readonly totalBytes: number;
  readonly #offsets: Float64Array;
  readonly #timesUs: ArrayLike<number>;
  readonly #lengths: ArrayLike<number>;

  /** Plans a file; `timesUs` ascend and are at least 0, `lengths` are below 2^28 − 32. */
  constructor(
    track: MatroskaTrack,
    timesUs: ArrayLike<number>,
    lengths: ArrayLike<number>,
  ) {
    this.#timesUs = timesUs;
    this.#lengths = lengths;
    const info = infoOf(track, timesUs);
    const tracks = tracksOf(track);
    const clusters = clusterPositions(lengths);
    // Their size does not depend on what the positions are.
    const cuesSize = cuesOf(timesUs, clusters, 0).length;
    const seekSize = seekHead(0, 0, 0).length;
    const first = seekSize + info.length + tracks.length + cuesSize;
    const body = (clusters.at(-1) ?? 0) + first;
    const start = new ByteWriter()
      .bytes(ebmlHead())
      .bytes(idBytes(ID.segment)).bytes(sizeBytes(body, 8));
    const segmentStart = start.length;
    this.head = start
      .bytes(
        seekHead(
          seekSize,
          seekSize + info.length,
          seekSize + info.length + tracks.length,
        ),
      )
      .bytes(info).bytes(tracks).bytes(cuesOf(timesUs, clusters, first))
      .finish();
    this.totalBytes = segmentStart + body;
    this.#offsets = clusters.map((position) =>
      segmentStart + first + position + FRAME_OVERHEAD
    );
  }

  /** Where frame `index`'s own bytes begin in the file. */
  frameOffset(index: number): number {
    return this.#offsets[index]!;
  }

  /** Writes the {@linkcode FRAME_OVERHEAD} bytes before frame `index` into `target` at `at`. */
  writeFrameHeader(index: number, target: Uint8Array, at: number): void {
    const view = new DataView(target.buffer, target.byteOffset + at);
    const length = this.#lengths[index]!;
    const time = this.#timesUs[index]!;
    const block = length + 4;
    view.setUint32(0, ID.cluster);
    view.setUint32(4, 0x1000_0000 | (FRAME_OVERHEAD - 8 + length));
    view.setUint16(8, 0xe788); // Timestamp, eight bytes
    view.setUint32(10, Math.floor(time / 2 ** 32));
    view.setUint32(14, time >>> 0);
    view.setUint8(18, 0xa3); // SimpleBlock
    view.setUint32(19, 0x1000_0000 | block);
    view.setUint32(23, 0x81_0000_80); // track 1, at the cluster's time, a key frame
  }
}

/** Positions of the clusters from the first, and of the end behind the last. */
function clusterPositions(lengths: ArrayLike<number>): Float64Array {
  const positions = new Float64Array(lengths.length + 1);
  for (let at = 0; at < lengths.length; at++) {
    positions[at + 1] = positions[at]! + FRAME_OVERHEAD + lengths[at]!;
  }
  return positions;
}

function ebmlHead(): Ebml {
  return element(
    ID.ebml,
    uint(0x4286, 1), // EBMLVersion
    uint(0x42f7, 1), // EBMLReadVersion
    uint(0x42f2, 4), // EBMLMaxIDLength
    uint(0x42f3, 8), // EBMLMaxSizeLength
    text(0x4282, "matroska"),
    uint(0x4287, 4), // DocTypeVersion
    uint(0x4285, 2), // DocTypeReadVersion
  );
}

function seekHead(info: number, tracks: number, cues: number): Ebml {
  const seek = (id: number, position: number): Ebml =>
    element(
      0x4dbb,
      element(0x53ab, idBytes(id)),
      uint(0x53ac, position, POSITION_BYTES),
    );
  return element(
    ID.seekHead,
    seek(ID.info, info),
    seek(ID.tracks, tracks),
    seek(ID.cues, cues),
  );
}

function infoOf({ fps }: MatroskaTrack, timesUs: ArrayLike<number>): Ebml {
  const end = timesUs.length === 0
    ? 0
    : timesUs[timesUs.length - 1]! + 1e6 / fps;
  return element(
    ID.info,
    uint(0x2ad7b1, TIMESTAMP_SCALE),
    float(0x4489, end), // Duration
    text(0x4d80, "streamtool"), // MuxingApp
    text(0x5741, "streamtool"), // WritingApp
  );
}

function tracksOf({ codec, width, height, fps }: MatroskaTrack): Ebml {
  return element(
    ID.tracks,
    element(
      0xae,
      uint(0xd7, 1), // TrackNumber
      uint(0x73c5, 1), // TrackUID
      uint(0x83, 1), // TrackType: video
      uint(0x9c, 0), // FlagLacing
      uint(0x23e383, Math.max(1, Math.round(1e9 / fps))), // DefaultDuration
      ...(codec === "mjpeg" ? [text(0x86, "V_MJPEG")] : [
        text(0x86, "V_MS/VFW/FOURCC"),
        element(0x63a2, bitmapInfo(width, height)),
      ]),
      element(
        0xe0,
        uint(0xb0, width),
        uint(0xba, height),
        uint(0x9a, 2), // FlagInterlaced: progressive
      ),
    ),
  );
}

/** BITMAPINFOHEADER with the compression `MPNG`, little-endian. */
function bitmapInfo(width: number, height: number): Uint8Array {
  const data = new Uint8Array(40);
  const view = new DataView(data.buffer);
  view.setUint32(0, 40, true);
  view.setInt32(4, width, true);
  view.setInt32(8, height, true);
  view.setUint16(12, 1, true);
  view.setUint16(14, 24, true);
  data.set(new TextEncoder().encode("MPNG"), 16);
  return data;
}

function cuesOf(
  timesUs: ArrayLike<number>,
  clusters: Float64Array,
  first: number,
): Ebml {
  const writer = new ByteWriter(1024);
  const step = Math.max(1, Math.ceil(timesUs.length / MAX_CUES));
  for (let at = 0; at < timesUs.length; at += step) {
    writer.bytes(element(
      0xbb,
      uint(0xb3, timesUs[at]!),
      element(
        0xb7,
        uint(0xf7, 1),
        uint(0xf1, first + clusters[at]!, POSITION_BYTES),
      ),
    ));
  }
  return element(ID.cues, writer.finish());
}
