/**
 * Which blocks a scan holds and in which order (ITU-T T.81, A.1.1, A.2).
 *
 * @module
 */

import type { JpegComponent, JpegFrameHeader } from "./frame_header.ts";
import type { JpegScan } from "./image.ts";

/** Side of a block in samples. */
const BLOCK_SIDE = 8;

/** One scan component's blocks. */
export interface ComponentGeometry {
  /** Blocks a MCU, across and down. */
  readonly across: number;
  readonly down: number;
  /** Blocks in the whole scan, across; padding to full MCUs included. */
  readonly blocksPerLine: number;
  /** Blocks in the whole scan, down; padding included. */
  readonly blockLines: number;
}

/** How a scan is cut into MCUs. */
export interface ScanGeometry {
  /** MCUs a line. */
  readonly mcusPerLine: number;
  /** Lines of MCUs. */
  readonly mcuLines: number;
  /** In the order of the scan. */
  readonly components: readonly ComponentGeometry[];
}

/**
 * The geometry of `scan`. A scan of one component is not interleaved: its MCU
 * is one block whatever the sampling factors, and nothing is padded (A.2.2).
 */
export function scanGeometry(
  frame: JpegFrameHeader,
  scan: JpegScan,
): ScanGeometry {
  const { components, width, height } = frame;
  const highest = Math.max(...components.map((each) => each.horizontal));
  const tallest = Math.max(...components.map((each) => each.vertical));
  const only = scan.components.length === 1
    ? components[scan.components[0]!.index]!
    : undefined;
  if (only !== undefined) {
    const mcusPerLine = blocks(width, only.horizontal, highest);
    const mcuLines = blocks(height, only.vertical, tallest);
    return {
      mcusPerLine,
      mcuLines,
      components: [{
        across: 1,
        down: 1,
        blocksPerLine: mcusPerLine,
        blockLines: mcuLines,
      }],
    };
  }
  const mcusPerLine = Math.ceil(width / (BLOCK_SIDE * highest));
  const mcuLines = Math.ceil(height / (BLOCK_SIDE * tallest));
  return {
    mcusPerLine,
    mcuLines,
    components: scan.components.map(({ index }) =>
      interleaved(components[index]!, mcusPerLine, mcuLines)
    ),
  };
}

function interleaved(
  { horizontal, vertical }: JpegComponent,
  mcusPerLine: number,
  mcuLines: number,
): ComponentGeometry {
  return {
    across: horizontal,
    down: vertical,
    blocksPerLine: mcusPerLine * horizontal,
    blockLines: mcuLines * vertical,
  };
}

/** Blocks that cover `size` pixels of a component sampled `factor` of `most` (A.1.1). */
function blocks(size: number, factor: number, most: number): number {
  return Math.ceil(Math.ceil(size * factor / most) / BLOCK_SIDE);
}
