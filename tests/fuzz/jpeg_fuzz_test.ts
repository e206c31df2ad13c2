import assert from "node:assert/strict";
import fc from "fast-check";
import {
  checkJpeg,
  coarsenJpeg,
  fitToRfc2435,
  hasStandardHuffman,
  JpegError,
  parseJpeg,
  recodeToStandardHuffman,
  rfc2435Profile,
  withStandardHuffman,
} from "../../src/jpeg/mod.ts";
import { readCoefficients } from "../jpeg/support/coefficients.ts";
import { readHexFixtures } from "../jpeg/support/fixtures.ts";
import { syntheticJpeg } from "../jpeg/support/synthetic.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const runs = { numRuns: fuzzRuns() };

/** Small files of every kind the re-coder takes, and some it does not. */
const file = fc.record({
  seed: fc.nat(1_000_000),
  width: fc.integer({ min: 1, max: 70 }),
  height: fc.integer({ min: 1, max: 40 }),
  sampling: fc.constantFrom(
    ["1x1"],
    ["2x2", "1x1", "1x1"],
    ["2x1", "1x1", "1x1"],
    ["2x2", "1x2", "1x2"],
    ["1x1", "1x1", "1x1"],
    ["1x2", "1x1", "1x1"],
    ["4x1", "1x1", "1x1"],
    ["3x1", "1x1", "2x1"],
  ),
  restartInterval: fc.constantFrom(0, 0, 1, 2, 7),
  separateScans: fc.boolean(),
  huffman: fc.constantFrom("standard", "random", "absent"),
  amplitude: fc.constantFrom(1, 40, 1023),
});

/** A byte to overwrite, anywhere in the file. */
const damage = fc.array(
  fc.record({
    place: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    byte: fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(0xff, 0xd8, 0xd9, 0xda, 0xd0, 0),
    ),
  }),
  { maxLength: 8 },
);

/** Every way into the core; each takes any bytes. */
const ENTRIES: readonly ((bytes: Uint8Array) => unknown)[] = [
  checkJpeg,
  parseJpeg,
  recodeToStandardHuffman,
  (bytes: Uint8Array) => coarsenJpeg(bytes, 9),
  withStandardHuffman,
  fitToRfc2435,
  (bytes) => rfc2435Profile(parseJpeg(bytes)),
];

/** Parses, or throws our own error; the bytes that came in stay as they are. */
function survives(bytes: Uint8Array): void {
  const before = bytes.slice();
  for (const enter of ENTRIES) {
    try {
      enter(bytes);
    } catch (error) {
      if (!(error instanceof JpegError)) throw error;
    }
  }
  assert.deepEqual(bytes, before);
}

Deno.test("any bytes parse or throw a JpegError", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), survives), runs);
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      (tail) => survives(Uint8Array.of(0xff, 0xd8, 0xff, ...tail)),
    ),
    runs,
  );
});

Deno.test("damaged files parse or throw a JpegError", () => {
  fc.assert(
    fc.property(file, damage, fc.double({ min: 0, max: 1, noNaN: true }), (
      options,
      bytes,
      kept,
    ) => {
      const jpeg = syntheticJpeg(options);
      for (const { place, byte } of bytes) {
        jpeg[Math.floor(place * jpeg.length)] = byte;
      }
      survives(jpeg);
      survives(jpeg.subarray(0, Math.floor(kept * jpeg.length)));
    }),
    runs,
  );
});

Deno.test("files of any shape keep their coefficients", () => {
  fc.assert(
    fc.property(file, (options) => {
      const jpeg = syntheticJpeg(options);
      checkJpeg(jpeg);
      const recoded = parseJpeg(recodeToStandardHuffman(jpeg));
      assert.ok(recoded.huffmanTables && hasStandardHuffman(recoded));
      assert.deepEqual(
        readCoefficients(recoded),
        readCoefficients(parseJpeg(jpeg)),
      );
    }),
    { numRuns: fuzzRuns(60) },
  );
});

Deno.test("files that once broke the core do no more", () => {
  for (const folder of ["jpeg", "fuzz/jpeg"]) {
    for (const { bytes } of readHexFixtures(folder)) survives(bytes);
  }
});
