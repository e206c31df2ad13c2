/**
 * Lossless re-ordering of a picture's blocks into the MCUs of RFC 2435 types
 * 0 and 1.
 *
 * Encoders may write 4:2:2 with any sampling factors of that ratio (ffmpeg:
 * 2×2, 1×2, 1×2), may give each component a scan of its own, and write grey
 * with one component. RFC 2435 has only 2×1 or 2×2 luma with 1×1 chroma. The
 * blocks are the same; only their order, and with it the DC prediction, is not.
 *
 * @module
 */

import { unstuff } from "./entropy_data.ts";
import { EntropyTranscoder } from "./entropy_transcoder.ts";
import type { HuffmanDecoder } from "./huffman_codes.ts";
import type { JpegImage } from "./image.ts";
import { STANDARD_AC_CODES, STANDARD_DC_CODES } from "./recode.ts";
import { type ComponentGeometry, scanGeometry } from "./scan_geometry.ts";
import { decoderMaker, forEachSegment } from "./scan_reading.ts";
import { standardTableId } from "./standard_tables.ts";

/** Where a component's blocks are in the entropy-coded data. */
interface BlockPlane {
  readonly blocksPerLine: number;
  readonly blockLines: number;
  readonly decoder: HuffmanDecoder;
  /** By block, line after line: bit where its AC coefficients begin. */
  readonly positions: Int32Array;
  /** By block: its DC value, prediction undone. */
  readonly values: Int32Array;
}

/** A component's blocks in a RFC 2435 MCU. */
interface TargetComponent {
  readonly plane: BlockPlane | undefined;
  readonly across: number;
  readonly down: number;
  readonly dcCodes: Uint32Array;
  readonly acCodes: Uint32Array;
}

/** Pixels a MCU of types 0 and 1 is wide. */
const MCU_WIDTH = 16;

/** Samples a block is high. */
const BLOCK_SIDE = 8;

/**
 * The picture as one scan in the order of RFC 2435 type `type` (0: 2×1, 1:
 * 2×2), with the standard Huffman tables and without restart markers. Grey
 * gets two chroma components of zeros. Blocks that the file does not have,
 * beyond its right or lower edge, repeat the last DC value.
 *
 * The caller has made sure of 8-bit sequential Huffman coding, one or three
 * components of the type's ratio, and at most 2040 pixels either way.
 *
 * @throws {JpegError} `bad-entropy-data`, `not-encodable`.
 */
export function reorderScan(image: JpegImage, type: 0 | 1): Uint8Array {
  const data = unstuff(image.bytes, image.scans);
  const transcoder = new EntropyTranscoder(data, data.bytes.length);
  const planes = new Map<number, BlockPlane>();
  const decoder = decoderMaker();
  image.scans.forEach((scan, number) => {
    const { mcusPerLine, mcuLines, components } = scanGeometry(image, scan);
    const readers = scan.components.map(({ index, dcTable, acTable }, at) => {
      const geometry = components[at]!;
      const plane = emptyPlane(geometry, decoder(acTable));
      planes.set(index, plane);
      return { plane, geometry, dc: decoder(dcTable), predicted: 0 };
    });
    let mcu = 0;
    forEachSegment(
      data.scans[number]!,
      mcusPerLine * mcuLines,
      scan,
      (segment, count) => {
        transcoder.enter(segment);
        for (const reader of readers) reader.predicted = 0;
        for (const last = mcu + count; mcu < last; mcu++) {
          const column = mcu % mcusPerLine;
          const line = (mcu - column) / mcusPerLine;
          for (const reader of readers) {
            readBlocks(transcoder, reader, column, line);
          }
        }
      },
    );
  });
  return writeBlocks(transcoder, targetComponents(planes, type), image, type);
}

function emptyPlane(
  { blocksPerLine, blockLines }: ComponentGeometry,
  decoder: HuffmanDecoder,
): BlockPlane {
  const count = blocksPerLine * blockLines;
  return {
    blocksPerLine,
    blockLines,
    decoder,
    positions: new Int32Array(count),
    values: new Int32Array(count),
  };
}

/** Notes where one component's blocks of one MCU are. */
function readBlocks(
  transcoder: EntropyTranscoder,
  reader: {
    readonly plane: BlockPlane;
    readonly geometry: ComponentGeometry;
    readonly dc: HuffmanDecoder;
    predicted: number;
  },
  column: number,
  line: number,
): void {
  const { plane, geometry: { across, down }, dc } = reader;
  for (let y = line * down; y < (line + 1) * down; y++) {
    for (let x = column * across; x < (column + 1) * across; x++) {
      const block = y * plane.blocksPerLine + x;
      reader.predicted += transcoder.readDc(dc);
      plane.values[block] = reader.predicted;
      plane.positions[block] = transcoder.position;
      transcoder.skipAc(plane.decoder);
    }
  }
}

function targetComponents(
  planes: ReadonlyMap<number, BlockPlane>,
  type: 0 | 1,
): TargetComponent[] {
  return [0, 1, 2].map((index) => {
    const id = standardTableId(index);
    return {
      plane: planes.get(index),
      across: index === 0 ? 2 : 1,
      down: index === 0 ? type + 1 : 1,
      dcCodes: STANDARD_DC_CODES[id]!,
      acCodes: STANDARD_AC_CODES[id]!,
    };
  });
}

function writeBlocks(
  transcoder: EntropyTranscoder,
  components: readonly TargetComponent[],
  { width, height }: JpegImage,
  type: 0 | 1,
): Uint8Array {
  const mcusPerLine = Math.ceil(width / MCU_WIDTH);
  const mcuLines = Math.ceil(height / (BLOCK_SIDE * (type + 1)));
  const predicted = components.map(() => 0);
  for (let line = 0; line < mcuLines; line++) {
    for (let column = 0; column < mcusPerLine; column++) {
      for (let index = 0; index < components.length; index++) {
        const { plane, across, down, dcCodes, acCodes } = components[index]!;
        for (let y = line * down; y < (line + 1) * down; y++) {
          for (let x = column * across; x < (column + 1) * across; x++) {
            if (
              plane === undefined || x >= plane.blocksPerLine ||
              y >= plane.blockLines
            ) {
              transcoder.writeDc(0, dcCodes);
              transcoder.writeEndOfBlock(acCodes);
              continue;
            }
            const block = y * plane.blocksPerLine + x;
            const value = plane.values[block]!;
            transcoder.writeDc(value - predicted[index]!, dcCodes);
            predicted[index] = value;
            transcoder.seek(plane.positions[block]!);
            transcoder.copyAc(plane.decoder, acCodes);
          }
        }
      }
    }
  }
  return transcoder.finish();
}
