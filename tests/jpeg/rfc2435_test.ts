import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  buildJpeg,
  checkJpeg,
  fitToRfc2435,
  parseJpeg,
  type Rfc2435Profile,
  rfc2435Profile,
  rfc2435QuantTables,
  type Rfc2435Reason,
  type Rfc2435Result,
} from "../../src/jpeg/mod.ts";
import { STANDARD_QUANT } from "../../src/jpeg/standard_tables.ts";
import { decodeJpegs, makeJpegs } from "../support/clips.ts";
import { type Plane, readCoefficients } from "./support/coefficients.ts";
import {
  segment,
  syntheticJpeg,
  type SyntheticOptions,
} from "./support/synthetic.ts";

const ADOBE_RGB = segment(0xee, [
  ...Buffer.from("Adobe"),
  ...[0, 100, 0, 0, 0, 0, 0],
]);

const OBSTACLES: readonly (readonly [
  Rfc2435Reason,
  lossless: boolean,
  SyntheticOptions,
])[] = [
  ["progressive", false, { sof: 0xc2 }],
  ["lossless", false, { sof: 0xc3 }],
  ["hierarchical", false, { sof: 0xc5 }],
  ["arithmetic", false, { sof: 0xc9 }],
  ["precision", false, { sof: 0xc1, precision: 12 }],
  ["components", false, { sampling: ["1x1", "1x1", "1x1", "1x1"] }],
  ["components", false, { sampling: ["1x1", "1x1"] }],
  ["not-ycbcr", false, { extraSegments: [ADOBE_RGB] }],
  ["sampling", false, { sampling: ["1x1", "1x1", "1x1"] }],
  ["sampling", false, { sampling: ["1x2", "1x1", "1x1"] }],
  ["sampling", false, { sampling: ["4x1", "1x1", "1x1"] }],
  ["sampling", false, { sampling: ["2x2", "2x1", "1x1"] }],
  ["too-large", false, { width: 2041, height: 8 }],
  ["too-large", false, { width: 8, height: 2041 }],
  ["three-quantisation-tables", false, { quantTables: [0, 1, 2] }],
  ["sixteen-bit-quantisation", false, {
    quantPrecision: 16,
    quantStart: 200,
  }],
  ["grey", true, { sampling: ["1x1"] }],
  ["multiple-scans", true, { separateScans: true }],
  ["block-order", true, { sampling: ["2x2", "1x2", "1x2"] }],
  ["block-order", true, { sampling: ["4x2", "2x2", "2x2"] }],
  ["huffman", true, { huffman: "random" }],
];

Deno.test("what stands in the way is named, and whether it can be helped", () => {
  for (const [reason, lossless, options] of OBSTACLES) {
    const bytes = syntheticJpeg(options);
    const result = rfc2435Profile(parseJpeg(bytes));
    assert.ok(!result.fits, reason);
    assert.equal(result.reason, reason);
    assert.equal(result.lossless, lossless, reason);
    assert.match(result.message, /^Cannot send a JPEG by RFC 2435: it /);
    assert.equal(fitToRfc2435(bytes).fits, lossless, reason);
  }
});

Deno.test("what fits is carried as it is", () => {
  const fitting: [SyntheticOptions, Partial<Rfc2435Profile>][] = [
    [{}, { type: 1, width8: 5, height8: 3, restartInterval: 0 }],
    [{ width: 17, height: 13 }, { type: 1, width8: 3, height8: 2 }],
    [{ width: 2040, height: 8 }, { width8: 255, height8: 1 }],
    [{ sampling: ["2x1", "1x1", "1x1"] }, { type: 0 }],
    [{ restartInterval: 2 }, { type: 65, restartInterval: 2 }],
    [
      { sampling: ["2x1", "1x1", "1x1"], restartInterval: 1 },
      { type: 64, restartInterval: 1 },
    ],
    [{ huffman: "absent" }, { type: 1 }],
    [{ sof: 0xc1 }, { type: 1 }],
    [{ quantPrecision: 16 }, { type: 1 }],
  ];
  for (const [options, expected] of fitting) {
    const bytes = syntheticJpeg(options);
    const image = parseJpeg(bytes);
    const profile = profileOf(rfc2435Profile(image));
    for (const [key, value] of Object.entries(expected)) {
      assert.equal(profile[key as keyof Rfc2435Profile], value, key);
    }
    const { start, end } = image.scans[0]!;
    assert.deepEqual(profile.scan, bytes.subarray(start, end));
    assert.deepEqual(profileOf(fitToRfc2435(bytes)), profile);
  }
});

Deno.test("there are always two tables of 64 bytes", () => {
  const ramp = (start: number) =>
    Uint8Array.from({ length: 64 }, (_, index) => start + index);
  const cases: [SyntheticOptions, number, number][] = [
    [{ quantTables: [0, 1, 1] }, 3, 4],
    [{ quantTables: [0, 0, 0] }, 3, 3],
    [{ quantTables: [3, 1, 1] }, 6, 4],
    [{ quantTables: [1, 0, 0], quantPrecision: 16 }, 4, 3],
    [{ quantTables: [0], sampling: ["1x1"] }, 3, 3],
  ];
  for (const [options, luma, chroma] of cases) {
    const { qTables } = profileOf(fitToRfc2435(syntheticJpeg(options)));
    assert.deepEqual(qTables, [ramp(luma), ramp(chroma)]);
  }
});

Deno.test("three tables are two when those of Cb and Cr are alike", () => {
  const bytes = syntheticJpeg({ quantTables: [0, 1, 2] });
  // The third DQT, made equal to the second.
  const second = bytes.findIndex((_, at) => isTable(bytes, at, 1));
  const third = bytes.findIndex((_, at) => isTable(bytes, at, 2));
  bytes.copyWithin(third + 5, second + 5, second + 69);
  assert.ok(rfc2435Profile(parseJpeg(bytes)).fits);
});

Deno.test("re-ordered blocks are the same blocks", () => {
  const layouts: SyntheticOptions[] = [
    { sampling: ["2x2", "1x2", "1x2"] },
    { sampling: ["4x2", "2x2", "2x2"] },
    { sampling: ["4x4", "2x2", "2x2"] },
    { sampling: ["2x1", "1x1", "1x1"], separateScans: true },
    { sampling: ["2x2", "1x1", "1x1"], separateScans: true },
    { sampling: ["2x2", "1x2", "1x2"], restartInterval: 1 },
    {
      sampling: ["2x2", "1x1", "1x1"],
      separateScans: true,
      restartInterval: 3,
    },
  ];
  for (const layout of layouts) {
    for (const [width, height] of [[40, 24], [17, 13], [1, 1], [48, 33]]) {
      for (const huffman of ["standard", "random"] as const) {
        const bytes = syntheticJpeg({
          ...layout,
          width: width!,
          height: height!,
          huffman,
        });
        const image = parseJpeg(bytes);
        const built = build(fitToRfc2435(bytes), width!, height!);
        assertSamePlanes(
          readCoefficients(image),
          readCoefficients(parseJpeg(built)),
        );
      }
    }
  }
});

Deno.test("grey gets chroma of zeros", () => {
  for (const [width, height] of [[40, 24], [17, 13], [1, 1], [24, 8]]) {
    for (const sampling of [["1x1"], ["2x2"]]) {
      const bytes = syntheticJpeg({
        sampling,
        width: width!,
        height: height!,
        restartInterval: 2,
        huffman: "random",
      });
      const result = fitToRfc2435(bytes);
      assert.equal(profileOf(result).type, 0);
      assert.equal(profileOf(result).restartInterval, 0);
      const [luma, ...chroma] = readCoefficients(
        parseJpeg(build(result, width!, height!)),
      );
      assertSamePlanes(readCoefficients(parseJpeg(bytes)), [luma!]);
      assert.equal(chroma.length, 2);
      for (const { blocks } of chroma) {
        for (const block of blocks.values()) {
          assert.ok(block.every((value) => value === 0));
        }
      }
    }
  }
});

for (const pixFmt of ["yuvj420p", "yuvj422p"]) {
  Deno.test(`ffmpeg's ${pixFmt} frames look the same after the way through RFC 2435`, async () => {
    for (const size of ["640x480", "1620x1080", "17x13"]) {
      for (const huffman of ["default", "optimal"] as const) {
        const [width, height] = size.split("x").map(Number);
        const jpegs = await makeJpegs({ size, pixFmt, huffman, frames: 2 });
        const arrived = jpegs.map((jpeg) =>
          build(fitToRfc2435(jpeg), width!, height!)
        );
        const before = await decodeJpegs(jpegs);
        const after = await decodeJpegs(arrived);
        assert.equal(Buffer.compare(before, after), 0, `${size} ${huffman}`);
      }
    }
  });
}

Deno.test("ffmpeg sees in re-ordered grey the grey of before", async () => {
  const bytes = syntheticJpeg({ sampling: ["1x1"], width: 48, height: 24 });
  const before = await decodeJpegs([bytes], "gray");
  const after = await decodeJpegs([build(fitToRfc2435(bytes), 48, 24)], "gray");
  assert.equal(Buffer.compare(before, after), 0);
});

Deno.test("Q 1 to 99 scale the standard tables as RFC 2435 appendix A does", () => {
  assert.deepEqual(rfc2435QuantTables(50), [...STANDARD_QUANT]);
  const first = (q: number) => rfc2435QuantTables(q).map((table) => table[0]);
  assert.deepEqual(first(1), [255, 255]);
  assert.deepEqual(first(10), [80, 85]);
  assert.deepEqual(first(49), [16, 17]); // 102 %
  assert.deepEqual(first(75), [8, 9]);
  assert.deepEqual(first(90), [3, 3]);
  assert.deepEqual(first(99), [1, 1]);
  for (const q of [0, 100, 127, 128, 255, 1.5, NaN]) {
    assert.throws(() => rfc2435QuantTables(q), { code: "unsupported" });
  }
});

Deno.test("the tables of Q are those that libjpeg's quality writes", () => {
  // At quality 75, as they stand in every file of that quality.
  const [luma, chroma] = rfc2435QuantTables(75);
  assert.deepEqual([...luma.subarray(0, 16)], [
    ...[8, 6, 6, 7, 6, 5, 8, 7, 7, 7, 9, 9, 8, 10, 12, 20],
  ]);
  assert.deepEqual([...chroma.subarray(0, 16)], [
    ...[9, 9, 9, 12, 11, 12, 24, 13, 13, 24, 50, 33, 28, 33, 50, 50],
  ]);
});

function profileOf(result: Rfc2435Result): Rfc2435Profile {
  assert.ok(result.fits);
  return result.profile;
}

function build(
  result: Rfc2435Result,
  width: number,
  height: number,
): Uint8Array {
  const jpeg = buildJpeg({ ...profileOf(result), width, height });
  checkJpeg(jpeg);
  return jpeg;
}

/** Where both have a block, it is the same; at least the visible ones are there. */
function assertSamePlanes(
  before: readonly Plane[],
  after: readonly Plane[],
): void {
  assert.equal(before.length, after.length);
  before.forEach((plane, index) => {
    const other = after[index]!;
    const columns = Math.min(plane.blocksPerLine, other.blocksPerLine);
    const lines = Math.min(plane.blockLines, other.blockLines);
    for (let y = 0; y < lines; y++) {
      for (let x = 0; x < columns; x++) {
        assert.deepEqual(
          other.blocks.get(y * other.blocksPerLine + x),
          plane.blocks.get(y * plane.blocksPerLine + x),
        );
      }
    }
  });
}

function isTable(bytes: Uint8Array, at: number, id: number): boolean {
  return bytes[at] === 0xff && bytes[at + 1] === 0xdb && bytes[at + 4] === id;
}
