/**
 * What RTP payload format RFC 2435 can carry of a JPEG file, and what it takes
 * to make a file fit.
 *
 * @module
 */

import { JpegError } from "./error.ts";
import { type JpegImage, parseJpeg } from "./image.ts";
import { hasStandardHuffman, recodeScan } from "./recode.ts";
import { reorderScan } from "./reorder.ts";
import { STANDARD_QUANT } from "./standard_tables.ts";
import { type QuantTable, sameNumbers } from "./tables.ts";

/** Largest width and height, in pixels: 255 units of 8 (RFC 2435 section 3.1.5). */
export const RFC2435_MAX_SIZE = 2040;

/** A frame as RFC 2435 carries it. */
export interface Rfc2435Profile {
  /** 0 is 4:2:2, 1 is 4:2:0; 64 more with restart markers. */
  readonly type: 0 | 1 | 64 | 65;
  /** Width in units of 8 pixels, rounded up. */
  readonly width8: number;
  /** Height in units of 8 pixels, rounded up. */
  readonly height8: number;
  /** Luma and chroma table, 64 bytes each in zigzag order. */
  readonly qTables: readonly [Uint8Array, Uint8Array];
  /** MCUs between restart markers; 0 is none. */
  readonly restartInterval: number;
  /** Entropy-coded data without EOI; may be a view of the file. */
  readonly scan: Uint8Array;
}

/** Why a file cannot be carried as it is. */
export type Rfc2435Reason =
  | "arithmetic"
  | "progressive"
  | "lossless"
  | "hierarchical"
  | "precision"
  | "components"
  | "not-ycbcr"
  | "sampling"
  | "too-large"
  | "three-quantisation-tables"
  | "sixteen-bit-quantisation"
  | "multiple-scans"
  | "grey"
  | "block-order"
  | "huffman";

/** The answer of {@linkcode rfc2435Profile} and {@linkcode fitToRfc2435}. */
export type Rfc2435Result =
  | { readonly fits: true; readonly profile: Rfc2435Profile }
  | Rfc2435Refusal;

/** A file that cannot be carried. */
export interface Rfc2435Refusal {
  /** Tells the two answers apart. */
  readonly fits: false;
  /** For programs. */
  readonly reason: Rfc2435Reason;
  /** For people. */
  readonly message: string;
  /** Whether {@linkcode fitToRfc2435} can help; if not, only re-encoding can. */
  readonly lossless: boolean;
}

/** Says whether and how `image` can be carried without touching its scan. */
export function rfc2435Profile(image: JpegImage): Rfc2435Result {
  return obstacle(image) ?? {
    fits: true,
    profile: profileOf(
      image,
      image.bytes.subarray(image.scans[0]!.start, image.scans[0]!.end),
      image.scans[0]!.restartInterval,
    ),
  };
}

/**
 * Makes a frame fit, changing not one coefficient: its scan is re-coded to the
 * standard Huffman tables where needed, and its blocks re-ordered where grey,
 * unusual sampling factors or several scans demand it. The path of a server
 * that plays any baseline JPEG.
 *
 * @throws {JpegError} when the file or its scan is damaged.
 */
export function fitToRfc2435(bytes: Uint8Array): Rfc2435Result {
  const image = parseJpeg(bytes);
  const result = rfc2435Profile(image);
  if (result.fits || !result.lossless) return result;
  const profile = result.reason === "huffman"
    ? profileOf(
      image,
      recodeScan(image, image.scans[0]!),
      image.scans[0]!.restartInterval,
    )
    : profileOf(image, reorderScan(image, baseType(image)), 0);
  return { fits: true, profile };
}

/**
 * The luma and chroma tables that Q 1–99 stands for, in zigzag order (RFC 2435
 * section 4.2 and appendix A; the same scale as libjpeg's quality).
 *
 * @throws {JpegError} `unsupported` for other values of Q, which name no table.
 */
export function rfc2435QuantTables(q: number): [Uint8Array, Uint8Array] {
  if (!Number.isInteger(q) || q < 1 || q > 99) {
    throw new JpegError(
      "unsupported",
      `Cannot compute quantisation tables for Q ${q}: only 1 to 99 stand for some`,
    );
  }
  const percent = q < 50 ? Math.floor(5000 / q) : 200 - q * 2;
  const scaled = (table: Uint8Array) =>
    table.map((value) =>
      Math.min(255, Math.max(1, Math.floor((value * percent + 50) / 100)))
    );
  return [scaled(STANDARD_QUANT[0]), scaled(STANDARD_QUANT[1])];
}

function profileOf(
  image: JpegImage,
  scan: Uint8Array,
  restartInterval: number,
): Rfc2435Profile {
  const [luma, chroma] = usedQuantTables(image);
  const qTables = [narrow(luma!), narrow(chroma ?? luma!)] as const;
  const type = baseType(image);
  return {
    type: restartInterval === 0 ? type : type === 0 ? 64 : 65,
    width8: Math.ceil(image.width / 8),
    height8: Math.ceil(image.height / 8),
    qTables,
    restartInterval,
    scan,
  };
}

/** The type without restart markers; grey, whose lines are 8 high, is 0. */
function baseType(image: JpegImage): 0 | 1 {
  return image.layout === "4:2:0" ? 1 : 0;
}

function narrow({ values }: QuantTable): Uint8Array {
  return Uint8Array.from(values);
}

/** The different tables in use, the first component's first. */
function usedQuantTables(
  { components, quantTables }: JpegImage,
): QuantTable[] {
  const luma = quantTables.get(components[0]!.quantTable)!;
  const chroma: QuantTable[] = [];
  for (const { quantTable } of components.slice(1)) {
    const table = quantTables.get(quantTable)!;
    if (!chroma.some(({ values }) => sameNumbers(values, table.values))) {
      chroma.push(table);
    }
  }
  return [luma, ...chroma];
}

function obstacle(image: JpegImage): Rfc2435Refusal | undefined {
  const { kind, arithmetic, precision, components, layout } = image;
  if (arithmetic) return refuse("arithmetic", "is coded arithmetically");
  if (kind !== "baseline" && kind !== "extended") {
    return refuse(kind, `is ${kind}, not baseline`);
  }
  if (precision !== 8) {
    return refuse("precision", `has ${precision} bits a sample, not 8`);
  }
  if (components.length !== 1 && components.length !== 3) {
    return refuse("components", `has ${components.length} components, not 3`);
  }
  if (isRgb(image)) return refuse("not-ycbcr", "has RGB colours, not YCbCr");
  if (layout !== "4:2:0" && layout !== "4:2:2" && layout !== "grey") {
    const sampling = layout === "other"
      ? components.map((each) => `${each.horizontal}x${each.vertical}`).join()
      : layout;
    return refuse("sampling", `is sampled ${sampling}, not 4:2:0 or 4:2:2`);
  }
  if (image.width > RFC2435_MAX_SIZE || image.height > RFC2435_MAX_SIZE) {
    return refuse(
      "too-large",
      `has ${image.width} × ${image.height} pixels, more than ${RFC2435_MAX_SIZE} either way`,
    );
  }
  const tables = usedQuantTables(image);
  if (tables.length > 2) {
    return refuse(
      "three-quantisation-tables",
      "has different quantisation tables for Cb and Cr",
    );
  }
  if (tables.some(({ values }) => values.some((value) => value > 255))) {
    return refuse(
      "sixteen-bit-quantisation",
      "has quantisation values above 255",
    );
  }
  return losslessObstacle(image);
}

function losslessObstacle(image: JpegImage): Rfc2435Refusal | undefined {
  const { components, layout, scans } = image;
  if (layout === "grey") {
    return refuse("grey", "is grey and has no chroma components", true);
  }
  if (scans.length > 1) {
    return refuse("multiple-scans", `has ${scans.length} scans`, true);
  }
  if (!inRfcOrder(image)) {
    const factors = components.map((each) =>
      `${each.horizontal}x${each.vertical}`
    );
    return refuse("block-order", `has sampling factors ${factors}`, true);
  }
  if (!hasStandardHuffman(image)) {
    return refuse("huffman", "has Huffman tables of its own", true);
  }
  return undefined;
}

/** Whether the one scan interleaves 2×1 or 2×2 luma with 1×1 chroma in order. */
function inRfcOrder({ components, layout, scans }: JpegImage): boolean {
  const [luma, blue] = components;
  return luma?.horizontal === 2 &&
    luma.vertical === (layout === "4:2:0" ? 2 : 1) &&
    blue?.horizontal === 1 &&
    scans[0]!.components.every(({ index }, at) => index === at);
}

/** Adobe's marker says it, or else the components' names. */
function isRgb({ adobeTransform, components }: JpegImage): boolean {
  if (components.length !== 3) return false;
  if (adobeTransform !== undefined) return adobeTransform === 0;
  return String.fromCharCode(...components.map(({ id }) => id)) === "RGB";
}

function refuse(
  reason: Rfc2435Reason,
  state: string,
  lossless = false,
): Rfc2435Refusal {
  return {
    fits: false,
    reason,
    message: `Cannot send a JPEG by RFC 2435: it ${state}`,
    lossless,
  };
}
