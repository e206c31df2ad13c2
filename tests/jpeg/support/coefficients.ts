/**
 * The coefficients of a sequential JPEG, read bit by bit: what a re-coder must
 * not change.
 *
 * @module
 */

import type { HuffmanTable, JpegImage } from "../../../src/jpeg/mod.ts";

/** A component's blocks, line after line. */
export interface Plane {
  readonly blocksPerLine: number;
  readonly blockLines: number;
  readonly blocks: ReadonlyMap<number, readonly number[]>;
}

/** All coefficients, DC prediction undone, by component. */
export function readCoefficients(image: JpegImage): Plane[] {
  const { components, width, height, bytes } = image;
  const highest = Math.max(...components.map((each) => each.horizontal));
  const tallest = Math.max(...components.map((each) => each.vertical));
  const planes: Plane[] = [];
  for (const scan of image.scans) {
    const alone = scan.components.length === 1;
    const across = (index: number) => alone ? 1 : components[index]!.horizontal;
    const down = (index: number) => alone ? 1 : components[index]!.vertical;
    const first = components[scan.components[0]!.index]!;
    const mcusPerLine = alone
      ? Math.ceil(Math.ceil(width * first.horizontal / highest) / 8)
      : Math.ceil(width / 8 / highest);
    const mcuLines = alone
      ? Math.ceil(Math.ceil(height * first.vertical / tallest) / 8)
      : Math.ceil(height / 8 / tallest);
    const blocks = components.map(() => new Map<number, number[]>());
    const pieces = splitAtRestarts(bytes.subarray(scan.start, scan.end));
    let bits = new Bits(pieces.shift() ?? []);
    let predicted = components.map(() => 0);
    for (let mcu = 0; mcu < mcusPerLine * mcuLines; mcu++) {
      if (
        scan.restartInterval > 0 && mcu > 0 && mcu % scan.restartInterval === 0
      ) {
        bits = new Bits(pieces.shift() ?? []);
        predicted = components.map(() => 0);
      }
      const column = mcu % mcusPerLine;
      const line = Math.floor(mcu / mcusPerLine);
      for (const { index, dcTable, acTable } of scan.components) {
        const perLine = mcusPerLine * across(index);
        for (let y = 0; y < down(index); y++) {
          for (let x = 0; x < across(index); x++) {
            const block = readBlock(bits, codesOf(dcTable!), codesOf(acTable!));
            block[0] = predicted[index]! += block[0]!;
            blocks[index]!.set(
              (line * down(index) + y) * perLine + column * across(index) + x,
              block,
            );
          }
        }
      }
    }
    for (const { index } of scan.components) {
      planes[index] = {
        blocksPerLine: mcusPerLine * across(index),
        blockLines: mcuLines * down(index),
        blocks: blocks[index]!,
      };
    }
  }
  return planes;
}

function splitAtRestarts(data: Uint8Array): number[][] {
  const pieces: number[][] = [[]];
  for (let at = 0; at < data.length; at++) {
    const byte = data[at]!;
    if (byte === 0xff && data[++at] !== 0) pieces.push([]);
    else pieces.at(-1)!.push(byte);
  }
  return pieces;
}

class Bits {
  readonly #bytes: readonly number[];
  #at = 0;

  constructor(bytes: readonly number[]) {
    this.#bytes = bytes;
  }

  take(count: number): number {
    let value = 0;
    for (; count > 0; count--, this.#at++) {
      const byte = this.#bytes[this.#at >> 3];
      if (byte === undefined) throw new Error("Out of bits");
      value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }

  symbol(codes: ReadonlyMap<string, number>): number {
    let code = "";
    for (;;) {
      code += this.take(1);
      const symbol = codes.get(code);
      if (symbol !== undefined) return symbol;
      if (code.length > 16) throw new Error("No such code");
    }
  }

  signed(size: number): number {
    const value = this.take(size);
    return size > 0 && value < 2 ** (size - 1) ? value - 2 ** size + 1 : value;
  }
}

function readBlock(
  bits: Bits,
  dc: ReadonlyMap<string, number>,
  ac: ReadonlyMap<string, number>,
): number[] {
  const block = new Array<number>(64).fill(0);
  block[0] = bits.signed(bits.symbol(dc));
  for (let index = 1; index < 64; index++) {
    const symbol = bits.symbol(ac);
    if (symbol === 0) break;
    index += symbol >> 4;
    block[index] = bits.signed(symbol & 15);
  }
  return block;
}

const made = new WeakMap<HuffmanTable, Map<string, number>>();

function codesOf(table: HuffmanTable): ReadonlyMap<string, number> {
  let codes = made.get(table);
  if (codes !== undefined) return codes;
  codes = new Map();
  let code = 0;
  let index = 0;
  for (const [at, count] of table.counts.entries()) {
    for (let each = 0; each < count; each++) {
      codes.set(
        (code++).toString(2).padStart(at + 1, "0"),
        table.symbols[index++]!,
      );
    }
    code *= 2;
  }
  made.set(table, codes);
  return codes;
}
