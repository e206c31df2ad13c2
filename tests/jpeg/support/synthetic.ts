/**
 * JPEG files out of random coefficients: any size, sampling, restart interval
 * and Huffman table, which no encoder at hand can be asked for.
 *
 * Written the slow and obvious way and without the code under test (but for
 * Annex K's tables, which are data), so that the two can be held against each
 * other.
 *
 * @module
 */

import { STANDARD_HUFFMAN } from "../../../src/jpeg/standard_tables.ts";
import { SeededRandom } from "../../support/random.ts";

/** What to make. */
export interface SyntheticOptions {
  readonly seed?: number;
  readonly width?: number;
  readonly height?: number;
  /** Sampling factors of each component, `2x2`. */
  readonly sampling?: readonly string[];
  /** MCUs between restart markers. */
  readonly restartInterval?: number;
  /** Whether every component gets a scan of its own. */
  readonly separateScans?: boolean;
  /** `random` tables have codes of up to 16 bits; `absent` are the standard ones, unsaid. */
  readonly huffman?: "standard" | "random" | "absent";
  /** Quantisation table number of each component. */
  readonly quantTables?: readonly number[];
  /** Bits a quantisation value. */
  readonly quantPrecision?: 8 | 16;
  /** First value of each quantisation table. */
  readonly quantStart?: number;
  /** Second byte of SOF. */
  readonly sof?: number;
  /** Bits a sample, as SOF says. */
  readonly precision?: number;
  /** Segments after SOI, whole. */
  readonly extraSegments?: readonly (readonly number[])[];
  /** Largest absolute value of a coefficient. */
  readonly amplitude?: number;
}

/** Codes by symbol, as strings of "0" and "1". */
type Codes = ReadonlyMap<number, string>;

/** BITS and HUFFVAL. */
interface TestTable {
  readonly counts: Iterable<number>;
  readonly symbols: Iterable<number>;
}

/** By number: 0 luma, 1 chroma. */
interface TestTables {
  readonly dc: readonly TestTable[];
  readonly ac: readonly TestTable[];
}

interface Component {
  readonly id: number;
  readonly h: number;
  readonly v: number;
  readonly table: number;
  readonly quant: number;
}

const DEFAULTS = {
  seed: 1,
  width: 40,
  height: 24,
  sampling: ["2x2", "1x1", "1x1"],
  restartInterval: 0,
  separateScans: false,
  huffman: "standard",
  quantPrecision: 8,
  quantStart: 3,
  sof: 0xc0,
  precision: 8,
  extraSegments: [],
  amplitude: 40,
} satisfies SyntheticOptions;

/** A JPEG file; the same options give the same bytes. */
export function syntheticJpeg(
  options: SyntheticOptions = {},
): Uint8Array<ArrayBuffer> {
  const all = { ...DEFAULTS, ...options };
  const random = new SeededRandom(all.seed);
  const components = all.sampling.map((factors, index): Component => {
    const [h, v] = factors.split("x").map(Number);
    return {
      id: index + 1,
      h: h!,
      v: v!,
      table: Math.min(index, 1),
      quant: options.quantTables?.[index] ?? Math.min(index, 1),
    };
  });
  const tables = all.huffman === "random"
    ? randomTables(random)
    : STANDARD_HUFFMAN;
  const scans = all.separateScans
    ? components.map((component) => [component])
    : [components];
  return Uint8Array.from([
    ...[0xff, 0xd8],
    ...all.extraSegments.flat(),
    ...[...new Set(components.map(({ quant }) => quant))].flatMap((id) =>
      segment(0xdb, quantTable(id, all.quantPrecision, all.quantStart))
    ),
    ...(all.restartInterval > 0
      ? segment(0xdd, uint16(all.restartInterval))
      : []),
    ...segment(all.sof, [
      all.precision,
      ...uint16(all.height),
      ...uint16(all.width),
      components.length,
      ...components.flatMap(({ id, h, v, quant }) => [id, h * 16 + v, quant]),
    ]),
    ...(all.huffman === "absent" ? [] : tables.dc.flatMap((dc, id) => [
      ...segment(0xc4, [id, ...dc.counts, ...dc.symbols]),
      ...segment(0xc4, [
        0x10 + id,
        ...tables.ac[id]!.counts,
        ...tables.ac[id]!.symbols,
      ]),
    ])),
    ...scans.flatMap((scan) => [
      ...segment(0xda, [
        scan.length,
        ...scan.flatMap(({ id, table }) => [id, table * 0x11]),
        ...[0, 63, 0],
      ]),
      ...scanData(scan, components, all, tables, random),
    ]),
    ...[0xff, 0xd9],
  ]);
}

/** `FF marker length parameters`. */
export function segment(
  marker: number,
  parameters: readonly number[],
): number[] {
  return [0xff, marker, ...uint16(parameters.length + 2), ...parameters];
}

function uint16(value: number): number[] {
  return [value >> 8, value & 255];
}

function quantTable(id: number, precision: 8 | 16, start: number): number[] {
  const values = Array.from({ length: 64 }, (_, index) => start + id + index);
  return precision === 8
    ? [id, ...values.map((value) => Math.min(255, value))]
    : [0x10 + id, ...values.flatMap(uint16)];
}

function scanData(
  scan: readonly Component[],
  components: readonly Component[],
  all: { width: number; height: number; restartInterval: number } & {
    amplitude: number;
  },
  tables: TestTables,
  random: SeededRandom,
): number[] {
  const highest = Math.max(...components.map(({ h }) => h));
  const tallest = Math.max(...components.map(({ v }) => v));
  const alone = scan.length === 1 ? scan[0] : undefined;
  const mcus = alone === undefined
    ? Math.ceil(all.width / 8 / highest) * Math.ceil(all.height / 8 / tallest)
    : Math.ceil(Math.ceil(all.width * alone.h / highest) / 8) *
      Math.ceil(Math.ceil(all.height * alone.v / tallest) / 8);
  const dcCodes = tables.dc.map(codesOf);
  const acCodes = tables.ac.map(codesOf);
  const predicted = new Map<number, number>();
  const bytes: number[] = [];
  let bits = "";
  for (let mcu = 0; mcu < mcus; mcu++) {
    const turn = all.restartInterval > 0 ? mcu / all.restartInterval : 0;
    if (turn > 0 && Number.isInteger(turn)) {
      bytes.push(...stuffed(bits), 0xff, 0xd0 + ((turn - 1) & 7));
      bits = "";
      predicted.clear();
    }
    for (const { id, h, v, table } of scan) {
      for (let block = alone === undefined ? h * v : 1; block > 0; block--) {
        const dc = random.integer(2 * all.amplitude + 1) - all.amplitude;
        bits += coefficient(dc - (predicted.get(id) ?? 0), 0, dcCodes[table]!);
        predicted.set(id, dc);
        bits += acBits(random, all.amplitude, acCodes[table]!);
      }
    }
  }
  bytes.push(...stuffed(bits));
  return bytes;
}

/** A block's AC coefficients: some have none, some have long runs, some have all 63. */
function acBits(random: SeededRandom, amplitude: number, codes: Codes): string {
  const density = random.integer(5) / 4;
  let bits = "";
  let run = 0;
  for (let index = 1; index < 64; index++) {
    const value = random.next() < density
      ? random.integer(2 * amplitude + 1) - amplitude
      : 0;
    if (value === 0) {
      run++;
      continue;
    }
    for (; run > 15; run -= 16) bits += codes.get(0xf0);
    bits += coefficient(value, run, codes);
    run = 0;
  }
  return run > 0 ? bits + codes.get(0x00) : bits;
}

function coefficient(value: number, run: number, codes: Codes): string {
  const size = value === 0 ? 0 : Math.abs(value).toString(2).length;
  const plain = value < 0 ? value + 2 ** size - 1 : value;
  return codes.get(run * 16 + size)! +
    (size === 0 ? "" : plain.toString(2).padStart(size, "0"));
}

function stuffed(bits: string): number[] {
  const whole = bits.padEnd(Math.ceil(bits.length / 8) * 8, "1");
  return (whole.match(/.{8}/g) ?? []).flatMap((byte) =>
    byte === "11111111" ? [0xff, 0] : [parseInt(byte, 2)]
  );
}

function codesOf({ counts, symbols }: TestTable): Codes {
  const codes = new Map<number, string>();
  const left = [...symbols];
  let code = 0;
  for (const [at, count] of [...counts].entries()) {
    for (let each = 0; each < count; each++) {
      codes.set(left.shift()!, (code++).toString(2).padStart(at + 1, "0"));
    }
    code *= 2;
  }
  return codes;
}

function randomTables(random: SeededRandom): TestTables {
  const dc = Array.from({ length: 12 }, (_, size) => size);
  const ac = [0x00, 0xf0];
  for (let run = 0; run < 16; run++) {
    for (let size = 1; size <= 10; size++) ac.push(run * 16 + size);
  }
  return {
    dc: [randomTable(dc, random), randomTable(dc, random)],
    ac: [randomTable(ac, random), randomTable(ac, random)],
  };
}

/** Any code lengths that fit into 16 bits and leave the all-ones code free. */
function randomTable(
  symbols: readonly number[],
  random: SeededRandom,
): TestTable {
  const shuffled = symbols
    .map((symbol) => ({ symbol, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ symbol }) => symbol);
  const counts: number[] = [];
  let left = shuffled.length;
  let free = 1;
  for (let length = 1; length <= 16; length++) {
    free *= 2;
    const most = Math.min(left, free - 1);
    let count = length === 16 ? left : random.integer(most + 1);
    while ((free - count) * 2 ** (16 - length) <= left - count) count--;
    counts.push(count);
    left -= count;
    free -= count;
  }
  return { counts, symbols: shuffled };
}
