import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ChainProtocolError,
  extractJpeg,
  pickleJpeg,
} from "../../src/chain/mod.ts";
import { crashers, fakeJpeg, fixture, unpacked } from "../chain/support.ts";
import { fuzzRuns } from "../support/fuzz.ts";

/** Gives a JPEG, or throws our protocol error. */
function check(bytes: Uint8Array): void {
  try {
    const jpeg = extractJpeg(bytes);
    assert.deepEqual([...jpeg.subarray(0, 3)], [0xff, 0xd8, 0xff]);
    assert.deepEqual([...jpeg.subarray(-2)], [0xff, 0xd9]);
  } catch (error) {
    if (!(error instanceof ChainProtocolError)) throw error;
  }
}

const { vectors } = fixture<{ vectors: { name: string; pickle: string }[] }>(
  "pickles_numpy_2.4.6.json",
);
const SEEDS = [
  pickleJpeg(fakeJpeg(50)),
  ...vectors
    .filter(({ name }) => name.endsWith("small"))
    .map(({ pickle }) => unpacked(pickle)),
];

Deno.test("pickles: junk gives a JPEG or throws our error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (junk) => {
      check(junk);
      check(Uint8Array.of(0x80, 4, ...junk));
      check(Uint8Array.of(0xff, 0xd8, 0xff, ...junk));
    }),
    { numRuns: fuzzRuns() },
  );
});

Deno.test("pickles: changed, cut and spliced ones give a JPEG or throw our error", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...SEEDS),
      fc.constantFrom(...SEEDS),
      fc.nat(),
      fc.nat(),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      (first, second, head, tail, changes) => {
        const bytes = Uint8Array.from([
          ...first.subarray(0, head % (first.length + 1)),
          ...second.subarray(tail % (second.length + 1)),
        ]);
        for (const [at, value] of changes) {
          if (bytes.length > 0) bytes[at % bytes.length] = value;
        }
        check(bytes);
      },
    ),
    { numRuns: fuzzRuns() },
  );
});

Deno.test("pickles: what once broke the reader does no more", () => {
  for (const { bytes } of crashers("chain_pickle")) check(bytes);
});
