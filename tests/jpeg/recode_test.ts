import assert from "node:assert/strict";
import {
  checkJpeg,
  coarsenJpeg,
  hasStandardHuffman,
  JpegError,
  parseJpeg,
  readSegments,
  recodeToStandardHuffman,
  withStandardHuffman,
} from "../../src/jpeg/mod.ts";
import { decodeJpegs, makeJpegs } from "../support/clips.ts";
import { readCoefficients } from "./support/coefficients.ts";
import {
  segment,
  syntheticJpeg,
  type SyntheticOptions,
} from "./support/synthetic.ts";

const SIZES = ["640x480", "1620x1080", "17x13", "322x241", "16x16"];

for (const pixFmt of ["yuvj420p", "yuvj422p", "yuvj444p"]) {
  Deno.test(`ffmpeg's optimised ${pixFmt} frames are re-coded to the same picture`, async () => {
    for (const size of SIZES) {
      const what = { size, pixFmt, frames: 2 };
      const optimal = await makeJpegs({ ...what, huffman: "optimal" });
      const recoded = optimal.map(recodeToStandardHuffman);
      for (const each of recoded) {
        checkJpeg(each);
        assert.ok(hasStandardHuffman(parseJpeg(each)));
      }
      assert.ok(!hasStandardHuffman(parseJpeg(optimal[0]!)));
      assertSame(await decodeJpegs(optimal), await decodeJpegs(recoded), size);
      // What ffmpeg writes with the standard tables is what we must arrive at.
      const standard = await makeJpegs({ ...what, huffman: "default" });
      recoded.forEach((each, index) =>
        assertSame(scanOf(standard[index]!), scanOf(each), size)
      );
    }
  });
}

const SYNTHETIC: readonly (readonly [string, SyntheticOptions])[] = [
  ["grey", { sampling: ["1x1"] }],
  ["grey with odd factors", { sampling: ["2x2"], width: 41 }],
  ["4:2:0", { sampling: ["2x2", "1x1", "1x1"], width: 17, height: 13 }],
  ["4:2:2", { sampling: ["2x1", "1x1", "1x1"], width: 33 }],
  ["4:4:4", { sampling: ["1x1", "1x1", "1x1"] }],
  ["4:4:0", { sampling: ["1x2", "1x1", "1x1"] }],
  ["4:1:1", { sampling: ["4x1", "1x1", "1x1"] }],
  ["restart markers", { restartInterval: 1, width: 200, height: 33 }],
  ["restart markers past RST7", { restartInterval: 3, width: 500 }],
  ["a last interval that is full", { restartInterval: 2, width: 64 }],
  ["a restart interval beyond the picture", { restartInterval: 999 }],
  ["a scan for each component", { separateScans: true, width: 41 }],
  ["scans with restart markers", { separateScans: true, restartInterval: 4 }],
  ["the largest coefficients", { amplitude: 1023 }],
  ["coefficients of one bit", { amplitude: 1 }],
  ["one pixel", { width: 1, height: 1 }],
  ["extended sequential", { sof: 0xc1 }],
];

Deno.test("no coefficient changes, whatever the file is like", () => {
  for (const [what, options] of SYNTHETIC) {
    for (let seed = 1; seed <= 5; seed++) {
      const own = syntheticJpeg({ ...options, seed, huffman: "random" });
      const image = parseJpeg(own);
      assert.ok(!hasStandardHuffman(image), what);
      const recoded = parseJpeg(recodeToStandardHuffman(own));
      assert.ok(hasStandardHuffman(recoded), what);
      assert.deepEqual(recoded.warnings, []);
      assert.deepEqual(
        readCoefficients(recoded),
        readCoefficients(image),
        what,
      );
      assert.equal(recoded.restartInterval, image.restartInterval);
    }
  }
});

Deno.test("a coarser file has the coefficients up to the last one that is left, and no others", () => {
  for (const [what, options] of SYNTHETIC) {
    for (const last of [1, 5, 20, 62, 63]) {
      const own = syntheticJpeg({ ...options, huffman: "random" });
      const coarse = coarsenJpeg(own, last);
      checkJpeg(coarse);
      const wanted = readCoefficients(parseJpeg(own));
      for (const { blocks } of wanted) {
        for (const block of blocks.values()) {
          (block as number[]).fill(0, last + 1);
        }
      }
      assert.deepEqual(readCoefficients(parseJpeg(coarse)), wanted, what);
    }
  }
});

Deno.test("ffmpeg decodes files with restart markers, grey, and several scans the same", async () => {
  for (const [what, options] of SYNTHETIC) {
    if (options.sof !== undefined || options.sampling?.[0] === "4x1") continue;
    const own = syntheticJpeg({ ...options, huffman: "random" });
    assertSame(
      await decodeJpegs([own]),
      await decodeJpegs([recodeToStandardHuffman(own)]),
      what,
    );
  }
});

Deno.test("everything but tables and scan stays as it is", () => {
  const comment = segment(0xfe, [1, 2, 3]);
  const app1 = segment(0xe1, [0xff, 0xd9, 0xff]);
  const bytes = syntheticJpeg({
    huffman: "random",
    restartInterval: 2,
    extraSegments: [comment, app1],
  });
  assert.deepEqual(
    keptSegments(recodeToStandardHuffman(bytes)),
    keptSegments(bytes),
  );
});

Deno.test("a file with the standard tables is returned untouched", () => {
  const bytes = syntheticJpeg();
  assert.equal(recodeToStandardHuffman(bytes), bytes);
  assert.equal(withStandardHuffman(bytes), bytes);
});

Deno.test("a file without tables gets the standard ones and nothing else", () => {
  const bytes = syntheticJpeg({ huffman: "absent" });
  assert.ok(hasStandardHuffman(parseJpeg(bytes)));
  for (const complete of [withStandardHuffman, recodeToStandardHuffman]) {
    const whole = complete(bytes);
    assert.equal(whole.length, bytes.length + 420);
    assert.ok(parseJpeg(whole).huffmanTables);
    assertSame(scanOf(whole), scanOf(bytes), "scan");
  }
});

Deno.test("bytes after EOI are left behind", () => {
  const bytes = syntheticJpeg({ huffman: "random" });
  const recoded = recodeToStandardHuffman(Uint8Array.of(...bytes, 1, 2, 3));
  checkJpeg(recoded);
});

Deno.test("chroma coded with luma's standard tables is not what RFC 2435 means", () => {
  const bytes = syntheticJpeg({ sampling: ["1x1", "1x1", "1x1"] });
  const { start } = parseJpeg(bytes).scans[0]!;
  bytes[start - 6] = 0x00;
  assert.ok(!hasStandardHuffman(parseJpeg(bytes)));
});

Deno.test("other kinds of JPEG are refused by name", () => {
  const kinds: [SyntheticOptions, RegExp][] = [
    [{ sof: 0xc2 }, /progressive coding/],
    [{ sof: 0xc3 }, /lossless coding/],
    [{ sof: 0xc9 }, /arithmetic coding/],
    [{ sof: 0xc1, precision: 12 }, /12 bits a sample/],
    [{ sampling: ["1x1", "1x1", "1x1", "1x1"] }, /4 components/],
  ];
  for (const [options, message] of kinds) {
    assert.throws(
      () => recodeToStandardHuffman(syntheticJpeg(options)),
      { name: "JpegError", code: "unsupported", message },
    );
  }
});

Deno.test("a damaged scan is an error, never a wrong picture that ends early", () => {
  const bytes = syntheticJpeg({ huffman: "random", width: 64, height: 64 });
  const { start, end } = parseJpeg(bytes).scans[0]!;
  for (const kept of [1, 2, 3, 50, Math.floor((end - start) / 2)]) {
    const cut = Uint8Array.of(
      ...bytes.subarray(0, start),
      ...bytes.subarray(start, start + kept).map((each) =>
        each === 0xff ? 0xfe : each
      ),
      ...[0xff, 0xd9],
    );
    assert.throws(
      () => recodeToStandardHuffman(cut),
      (error) =>
        error instanceof JpegError &&
        ["bad-entropy-data", "not-encodable"].includes(error.code),
    );
  }
});

Deno.test("restart markers that are missing, too many or out of turn are an error", () => {
  const bytes = syntheticJpeg({
    huffman: "random",
    restartInterval: 1,
    width: 64,
    height: 16,
  });
  const first = indexOfPair(bytes, 0xff, 0xd0);
  const second = indexOfPair(bytes, 0xff, 0xd1);
  const swapped = bytes.slice();
  swapped[first + 1] = 0xd1;
  const missing = [...bytes.subarray(0, first), ...bytes.subarray(second)];
  const last = indexOfPair(bytes, 0xff, 0xd2);
  const lost = [...bytes.subarray(0, last), 0xff, 0xd9];
  const without = syntheticJpeg({ huffman: "random" });
  const { start } = parseJpeg(without).scans[0]!;
  const unannounced = [
    ...without.subarray(0, start + 1),
    ...[0xff, 0xd0],
    ...without.subarray(start + 1),
  ];
  for (const broken of [swapped, missing, lost, unannounced]) {
    assert.throws(
      () => recodeToStandardHuffman(Uint8Array.from(broken)),
      { code: "bad-entropy-data" },
    );
  }
});

Deno.test("a symbol that Annex K has no code for is not encodable", () => {
  const bytes = syntheticJpeg({ huffman: "random" });
  // Every AC symbol of luma becomes run 0, size 11.
  let at = 0;
  for (const { marker, start, end } of readSegments(bytes)) {
    if (marker === 0xc4 && bytes[start] === 0x10) {
      bytes.fill(0x0b, start + 17, end);
      at = start;
    }
  }
  assert.ok(at > 0);
  assert.throws(
    () => recodeToStandardHuffman(bytes),
    { code: "not-encodable", message: /run 0 and size 11/ },
  );
});

function scanOf(bytes: Uint8Array): Uint8Array {
  const { start, end } = parseJpeg(bytes).scans[0]!;
  return bytes.subarray(start, end);
}

function keptSegments(bytes: Uint8Array): number[][] {
  const kept: number[][] = [];
  for (const { marker, offset, start, end } of readSegments(bytes)) {
    if (marker === 0xc4) continue;
    kept.push([...bytes.subarray(offset, marker === 0xda ? start : end)]);
  }
  return kept;
}

function indexOfPair(bytes: Uint8Array, a: number, b: number): number {
  const at = bytes.findIndex((each, index) =>
    each === a && bytes[index + 1] === b
  );
  assert.notEqual(at, -1);
  return at;
}

function assertSame(a: Uint8Array, b: Uint8Array, what: string): void {
  assert.equal(a.length, b.length, what);
  assert.equal(a.findIndex((value, index) => value !== b[index]), -1, what);
}
