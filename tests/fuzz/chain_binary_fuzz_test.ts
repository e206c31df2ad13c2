import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import {
  BinaryHeader,
  ChainProtocolError,
  decodeBinaryDatagram,
  encodeBinaryEnd,
  readBinaryHeader,
} from "../../src/chain/mod.ts";
import { crashers, fakeJpeg, fragments, NOW_US } from "../chain/support.ts";
import { fuzzRuns } from "../support/fuzz.ts";

/** Parses, or throws our protocol error; both forms of the reader agree. */
function check(bytes: Uint8Array): void {
  const header = new BinaryHeader();
  const reason = readBinaryHeader(bytes, header);
  try {
    const read = decodeBinaryDatagram(bytes);
    assert.equal(reason, 0);
    if (read.type === "fragment") {
      assert(read.payload.length > 0);
      assert(read.offset + read.payload.length <= read.frameBytes);
      assert(read.index < read.total && read.streamId > 0);
    }
    assert(Number.isSafeInteger(read.originTimeUs));
  } catch (error) {
    if (!(error instanceof ChainProtocolError)) throw error;
    assert.equal(reason, error.code);
  }
}

/** Makes the checksum right, so that what is behind it is reached. */
function summed(bytes: Uint8Array): Uint8Array {
  if (bytes.length >= 12) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    view.setUint32(4, crc32(bytes.subarray(12)));
  }
  return bytes;
}

const SEEDS = [
  ...fragments(fakeJpeg(250), 5),
  encodeBinaryEnd(7, 411, NOW_US),
];

Deno.test("binary datagrams: junk parses or throws our error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), check),
    { numRuns: fuzzRuns() },
  );
});

Deno.test("binary datagrams: changed bytes behind a right checksum parse or throw our error", () => {
  const change = fc.tuple(fc.nat(60), fc.nat(255));
  fc.assert(
    fc.property(
      fc.constantFrom(...SEEDS),
      fc.array(change, { maxLength: 6 }),
      fc.nat(200),
      (seed, changes, cut) => {
        const bytes = seed.slice(0, Math.max(0, seed.length - cut + 150));
        for (const [at, value] of changes) {
          if (at < bytes.length) bytes[at] = value;
        }
        bytes.set(SEEDS[0]!.subarray(0, Math.min(4, bytes.length)));
        check(summed(bytes));
      },
    ),
    { numRuns: fuzzRuns(500) },
  );
});

Deno.test("binary datagrams: any one flipped bit but the hop time's is found", () => {
  const [seed] = SEEDS;
  for (let bit = 0; bit < seed!.length * 8; bit++) {
    const bytes = seed!.slice();
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    const isHopTime = bit >> 3 >= 8 && bit >> 3 < 12;
    const reason = readBinaryHeader(bytes, new BinaryHeader());
    assert.equal(reason === 0, isHopTime, `bit ${bit}: ${reason}`);
  }
});

Deno.test("binary datagrams: what once broke the reader does no more", () => {
  for (const { bytes } of crashers("chain_binary")) check(bytes);
});
