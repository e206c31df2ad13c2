import assert from "node:assert/strict";
import {
  buildJpeg,
  checkJpeg,
  checkJpegParts,
  hasStandardHuffman,
  JpegError,
  type JpegParts,
  parseJpeg,
  readSegments,
} from "../../src/jpeg/mod.ts";

import { SeededRandom } from "../support/random.ts";

const TABLES = [
  new Uint8Array(64).fill(7),
  new Uint8Array(64).fill(9),
] as const;

const PARTS: JpegParts = {
  type: 1,
  width: 320,
  height: 240,
  qTables: TABLES,
  restartInterval: 0,
  scan: Uint8Array.of(1, 2, 3),
};

Deno.test("parts are found sound without a file exactly when their file is", () => {
  const random = new SeededRandom(31);
  const bytes = [0, 1, 0x80, 0xd0, 0xd9, 0xda, 0xff, 0xff];
  let sound = 0;
  const count = 2000;
  for (let index = 0; index < count; index++) {
    const scan = Uint8Array.from(
      { length: 1 + random.integer(6) },
      () => bytes[random.integer(bytes.length)]!,
    );
    const parts = { ...PARTS, scan };
    const verdict = (check: () => void): boolean => {
      try {
        check();
        return true;
      } catch (error) {
        assert.ok(error instanceof JpegError);
        return false;
      }
    };
    const isSound = verdict(() => checkJpegParts(parts));
    assert.equal(
      isSound,
      verdict(() => checkJpeg(buildJpeg(parts))),
      `${scan}`,
    );
    if (isSound) sound++;
  }
  assert.ok(sound > 100 && sound < count - 100, `${sound}`);
});

Deno.test("a built file has what RFC 2435 appendix B says", () => {
  for (
    const [type, restartInterval, layout] of [
      [0, 0, "4:2:2"],
      [1, 0, "4:2:0"],
      [64, 5, "4:2:2"],
      [65, 700, "4:2:0"],
    ] as const
  ) {
    const bytes = buildJpeg({ ...PARTS, type, restartInterval });
    const image = parseJpeg(bytes);
    assert.equal(image.kind, "baseline");
    assert.equal(image.layout, layout);
    assert.deepEqual([image.width, image.height], [320, 240]);
    assert.deepEqual(image.components.map(({ id }) => id), [1, 2, 3]);
    assert.deepEqual(image.components.map((each) => each.quantTable), [
      0,
      1,
      1,
    ]);
    assert.equal(image.quantTables.get(0)!.values[63], 7);
    assert.equal(image.quantTables.get(1)!.values[0], 9);
    assert.equal(image.restartInterval, restartInterval);
    assert.ok(image.huffmanTables && hasStandardHuffman(image));
    assert.deepEqual(image.warnings, []);
    const { start, end } = image.scans[0]!;
    assert.deepEqual([...bytes.subarray(start, end)], [1, 2, 3]);
    const markers = [...readSegments(bytes)].map(({ marker }) => marker);
    assert.equal(markers.includes(0xdd), restartInterval > 0);
    assert.equal(markers[1], 0xe0);
    assert.equal(
      new TextDecoder().decode(bytes.subarray(6, 11)),
      "JFIF\0",
    );
  }
});

Deno.test("EOI is added only where it is missing", () => {
  const without = buildJpeg(PARTS);
  const withEoi = buildJpeg({
    ...PARTS,
    scan: Uint8Array.of(1, 2, 3, 0xff, 0xd9),
  });
  assert.deepEqual(without, withEoi);
});

Deno.test("tables of 16 bits make an extended sequential file", () => {
  const wide = new Uint8Array(128).fill(1);
  const image = parseJpeg(buildJpeg({ ...PARTS, qTables: [wide, TABLES[1]] }));
  assert.equal(image.kind, "extended");
  assert.equal(image.quantTables.get(0)!.values[5], 0x0101);
  assert.equal(image.quantTables.get(1)!.values[5], 9);
});

Deno.test("parts that make no file are refused", () => {
  const faults: [string, Partial<JpegParts>][] = [
    ["unsupported", { type: 2 }],
    ["unsupported", { type: 66 }],
    ["unsupported", { type: 128 }],
    ["zero-dimension", { width: 0 }],
    ["zero-dimension", { height: 65536 }],
    ["zero-dimension", { width: 1.5 }],
    ["no-scan", { scan: new Uint8Array(0) }],
    ["bad-quantisation-table", { qTables: [new Uint8Array(63), TABLES[1]] }],
  ];
  for (const [code, parts] of faults) {
    assert.throws(() => buildJpeg({ ...PARTS, ...parts }), { code });
  }
});
