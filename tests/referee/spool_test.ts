import assert from "node:assert/strict";
import {
  SPOOL_HEADER_BYTES,
  type SpoolEntry,
  type SpoolFrame,
  SpoolIndex,
  SpoolScanner,
  writeSpoolHeader,
} from "../../src/referee/mod.ts";
import { concat } from "./support/frames.ts";

function record(frame: SpoolFrame): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(SPOOL_HEADER_BYTES);
  writeSpoolHeader(frame, header, 0);
  return concat(header, frame.bytes);
}

const FRAMES: readonly SpoolFrame[] = [
  {
    kind: "jpeg",
    number: 0,
    timestamp: 0,
    width: 640,
    height: 480,
    bytes: Uint8Array.of(1, 2, 3),
  },
  {
    kind: "png",
    number: 7,
    timestamp: 1.5,
    width: 8,
    height: 9,
    bytes: Uint8Array.of(4),
  },
  {
    kind: "raw",
    number: 2 ** 53 - 1,
    timestamp: 1_760_000_000.123456,
    width: 65_535,
    height: 1,
    bytes: Uint8Array.from({ length: 200 }, (_, at) => at),
  },
];
const SPOOL = concat(...FRAMES.map(record));

function scan(
  pieces: Iterable<Uint8Array>,
): { entries: SpoolEntry[]; scanner: SpoolScanner } {
  const scanner = new SpoolScanner();
  const entries: SpoolEntry[] = [];
  for (const piece of pieces) {
    scanner.push(piece);
    for (let one = scanner.next(); one; one = scanner.next()) entries.push(one);
  }
  return { entries, scanner };
}

Deno.test("what is written is read: whole, byte by byte, cut anywhere", () => {
  const whole = scan([SPOOL]).entries;
  assert.deepEqual(
    whole.map(({ kind, number, timestamp, width, height, length }) => ({
      kind,
      number,
      timestamp,
      width,
      height,
      length,
    })),
    FRAMES.map(({ bytes, ...facts }) => ({ ...facts, length: bytes.length })),
  );
  for (const [place, { offset, length }] of whole.entries()) {
    assert.deepEqual(
      SPOOL.slice(offset, offset + length),
      FRAMES[place]!.bytes,
    );
  }
  const bytes = Array.from(SPOOL, (byte) => Uint8Array.of(byte));
  assert.deepEqual(scan(bytes).entries, whole);
  for (let cut = 0; cut <= SPOOL.length; cut++) {
    const { entries, scanner } = scan([
      SPOOL.subarray(0, cut),
      SPOOL.subarray(cut),
    ]);
    assert.deepEqual(entries, whole);
    assert.equal(scanner.soundBytes, SPOOL.length);
    assert.equal(scanner.damaged, false);
  }
});

Deno.test("a write that was cut off anywhere loses the frame it was in and no other", () => {
  const ends = scan([SPOOL]).entries.map(({ offset, length }) =>
    offset + length
  );
  for (let cut = 0; cut < SPOOL.length; cut++) {
    const { entries, scanner } = scan([SPOOL.subarray(0, cut)]);
    const whole = ends.filter((end) => end <= cut).length;
    assert.equal(entries.length, whole, `cut at ${cut}`);
    assert.equal(scanner.soundBytes, ends[whole - 1] ?? 0);
  }
});

Deno.test("a flipped bit ends the sound part before its record", () => {
  const ends = [
    0,
    ...scan([SPOOL]).entries.map(({ offset, length }) => offset + length),
  ];
  for (let at = 0; at < SPOOL.length; at++) {
    const damaged = SPOOL.slice();
    damaged[at]! ^= 0x10;
    const { entries, scanner } = scan([damaged]);
    const before = ends.filter((end) => end <= at).length - 1;
    assert.equal(entries.length, before, `byte ${at}`);
    assert.equal(scanner.damaged, true);
    assert.equal(scanner.soundBytes, ends[before]);
  }
});

Deno.test("the index keeps every entry, beyond its first size", () => {
  const index = new SpoolIndex();
  const entry = (number: number): SpoolEntry => ({
    kind: number % 2 === 0 ? "jpeg" : "raw",
    number,
    timestamp: number / 30,
    width: number % 100,
    height: 7,
    offset: number * 1e9,
    length: number,
    crc: 2 ** 32 - 1 - number,
  });
  for (let number = 0; number < 1000; number++) index.push(entry(number));
  assert.equal(index.length, 1000);
  assert.deepEqual(
    [...index],
    Array.from({ length: 1000 }, (_, number) => entry(number)),
  );
  assert.throws(() => index.at(1000), RangeError);
  assert.throws(() => index.at(-1), RangeError);
  assert.ok(index.memoryBytes < 1024 * 64);
});
