import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { parseJpeg } from "../../src/jpeg/mod.ts";
import {
  STANDARD_HUFFMAN,
  STANDARD_QUANT,
  standardHuffmanSegment,
} from "../../src/jpeg/standard_tables.ts";
import { makeJpeg } from "../support/clips.ts";
import { readHexFixtures } from "./support/fixtures.ts";
import { segment, syntheticJpeg } from "./support/synthetic.ts";

Deno.test("the standard tables are those that ffmpeg writes", async () => {
  const image = parseJpeg(await makeJpeg({ size: "64x48" }));
  image.scans[0]!.components.forEach(({ dcTable, acTable }, index) => {
    const id = index === 0 ? 0 : 1;
    assert.deepEqual(dcTable, STANDARD_HUFFMAN.dc[id]);
    assert.deepEqual(acTable, STANDARD_HUFFMAN.ac[id]);
  });
  assert.equal(standardHuffmanSegment().length, 420);
});

/** T.81 tables K.1 and K.2 as they are printed, line by line. */
const PRINTED_QUANT = [
  [
    [16, 11, 10, 16, 24, 40, 51, 61],
    [12, 12, 14, 19, 26, 58, 60, 55],
    [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77],
    [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101],
    [72, 92, 95, 98, 112, 100, 103, 99],
  ],
  [
    [17, 18, 24, 47, 99, 99, 99, 99],
    [18, 21, 26, 66, 99, 99, 99, 99],
    [24, 26, 56, 99, 99, 99, 99, 99],
    [47, 66, 99, 99, 99, 99, 99, 99],
    [99, 99, 99, 99, 99, 99, 99, 99],
    [99, 99, 99, 99, 99, 99, 99, 99],
    [99, 99, 99, 99, 99, 99, 99, 99],
    [99, 99, 99, 99, 99, 99, 99, 99],
  ],
];

Deno.test("the standard quantisation tables are Annex K's in zigzag order", () => {
  PRINTED_QUANT.forEach((lines, id) =>
    assert.deepEqual([...STANDARD_QUANT[id]!], zigzag(lines))
  );
});

/** The diagonals of a square, up and down in turn (T.81 figure 5). */
function zigzag(lines: readonly (readonly number[])[]): number[] {
  return Array.from({ length: 15 }, (_, sum) => {
    const diagonal = lines.flatMap((line, y) => line[sum - y] ?? []);
    return sum % 2 === 0 ? diagonal.reverse() : diagonal;
  }).flat();
}

Deno.test("tables, components and scan of a file are found", () => {
  const bytes = syntheticJpeg({
    restartInterval: 2,
    quantTables: [0, 1, 2],
    quantPrecision: 16,
    quantStart: 250,
  });
  const image = parseJpeg(bytes);
  assert.deepEqual([...image.quantTables.keys()], [0, 1, 2]);
  const third = image.quantTables.get(2)!;
  assert.equal(third.precision, 16);
  assert.deepEqual([third.values[0], third.values[63]], [252, 315]);
  assert.deepEqual(image.components[1], {
    id: 2,
    horizontal: 1,
    vertical: 1,
    quantTable: 1,
  });
  assert.equal(image.restartInterval, 2);
  assert.equal(image.scans.length, 1);
  const [scan] = image.scans;
  assert.equal(scan!.restartInterval, 2);
  assert.deepEqual(scan!.components.map(({ index }) => index), [0, 1, 2]);
  assert.deepEqual([...bytes.subarray(scan!.end)], [0xff, 0xd9]);
  assert.deepEqual([...bytes.subarray(scan!.start - 3, scan!.start)], [
    ...[0, 63, 0],
  ]);
  assert.deepEqual(image.warnings, []);
});

Deno.test("what is wrong but harmless becomes a warning", () => {
  const bytes = syntheticJpeg({ huffman: "absent" });
  const image = parseJpeg(Uint8Array.of(...bytes, 0, 0, 0));
  assert.deepEqual(image.warnings, [
    "3 bytes follow the end of the JPEG",
    "no Huffman tables, the standard ones are used",
  ]);
  assert.equal(image.huffmanTables, false);
  const spectral = syntheticJpeg();
  spectral[parseJpeg(spectral).scans[0]!.start - 2] = 0;
  assert.deepEqual(parseJpeg(spectral).warnings, [
    "the scan header names coefficients 0 to 0, not 0 to 63",
  ]);
});

Deno.test("Adobe's marker tells the colour transform", () => {
  const adobe = segment(0xee, [
    ...Buffer.from("Adobe"),
    ...[0, 100, 0, 0, 0, 0, 0],
  ]);
  const other = segment(0xee, [
    ...Buffer.from("Adorn"),
    ...new Array(9).fill(7),
  ]);
  assert.equal(
    parseJpeg(syntheticJpeg({ extraSegments: [adobe] })).adobeTransform,
    0,
  );
  assert.equal(
    parseJpeg(syntheticJpeg({ extraSegments: [other] })).adobeTransform,
    undefined,
  );
});

Deno.test("broken files are refused, all but those with bytes after their end", () => {
  for (const { name, bytes, expect } of readHexFixtures("jpeg")) {
    if (expect === "trailing-data") {
      assert.equal(parseJpeg(bytes).width, 8);
    } else {
      assert.throws(() => parseJpeg(bytes), { code: expect }, name);
    }
  }
});

Deno.test("faults in Huffman tables, scan headers and restart intervals have their codes", () => {
  const faults: [string, string, number[]][] = [
    ["class 2", "bad-huffman-table", segment(0xc4, [0x20, ...counts(1), 0])],
    ["number 4", "bad-huffman-table", segment(0xc4, [0x04, ...counts(1), 0])],
    ["no counts", "bad-huffman-table", segment(0xc4, [0x00, 1, 2])],
    ["no symbols", "bad-huffman-table", segment(0xc4, [0x00, ...counts(1)])],
    [
      "three codes of one bit",
      "bad-huffman-table",
      segment(0xc4, [0x00, ...counts(3), 1, 2, 3]),
    ],
    [
      "257 symbols",
      "bad-huffman-table",
      segment(0xc4, [
        ...[0, ...counts(0, 0, 0, 0, 0, 0, 0, 0, 255, 2)],
        ...new Array<number>(257).fill(1),
      ]),
    ],
    ["three bytes", "bad-restart-interval", segment(0xdd, [0, 1, 2])],
  ];
  for (const [what, code, extra] of faults) {
    const bytes = syntheticJpeg({ extraSegments: [extra] });
    assert.throws(() => parseJpeg(bytes), { code }, what);
  }
  const header = (change: (header: Uint8Array) => void) => {
    const bytes = syntheticJpeg();
    const { start } = parseJpeg(bytes).scans[0]!;
    change(bytes.subarray(start - 10, start)); // Ns, three times two, Ss Se AhAl
    return bytes;
  };
  const headers: [string, string, Uint8Array][] = [
    ["no components", "bad-scan-header", header((each) => each[0] = 0)],
    ["five components", "bad-scan-header", header((each) => each[0] = 5)],
    ["two of three", "bad-scan-header", header((each) => each[0] = 2)],
    ["unknown component", "bad-scan-header", header((each) => each[3] = 9)],
    ["component twice", "bad-scan-header", header((each) => each[3] = 1)],
    ["no table 2", "no-huffman-table", header((each) => each[2] = 0x20)],
    ["no table 15", "no-huffman-table", header((each) => each[2] = 0x0f)],
  ];
  for (const [what, code, bytes] of headers) {
    assert.throws(() => parseJpeg(bytes), { code }, what);
  }
});

Deno.test("a component that no scan brings, or two do, is refused", () => {
  const bytes = syntheticJpeg({ separateScans: true });
  const [first, second, third] = parseJpeg(bytes).scans;
  const without = [
    ...bytes.subarray(0, second!.end),
    ...bytes.subarray(third!.end),
  ];
  const twice = [
    ...bytes.subarray(0, third!.end),
    ...bytes.subarray(first!.end, second!.end),
    ...[0xff, 0xd9],
  ];
  for (const each of [without, twice]) {
    assert.throws(
      () => parseJpeg(Uint8Array.from(each)),
      { code: "bad-scan-header" },
    );
  }
});

/** BITS of a DHT segment; lengths that are not named have no code. */
function counts(...each: number[]): number[] {
  return [...each, ...new Array<number>(16 - each.length).fill(0)];
}
