import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteReader, ByteWriter } from "../../src/bytes/mod.ts";
import { bytesOf } from "../support/bytes.ts";

type NumberMethod = Exclude<
  {
    [M in keyof ByteReader]: ByteReader[M] extends () => number | bigint ? M
      : never;
  }[keyof ByteReader],
  undefined
>;

/** One table for reading, writing and the length of each number. */
const NUMBERS: {
  method: NumberMethod;
  bytes: string;
  value: number | bigint;
}[] = [
  { method: "uint8", bytes: "00", value: 0 },
  { method: "uint8", bytes: "ff", value: 255 },
  { method: "uint16", bytes: "0102", value: 0x0102 },
  { method: "uint16", bytes: "ffff", value: 65_535 },
  { method: "uint24", bytes: "010203", value: 0x010203 },
  { method: "uint24", bytes: "ffffff", value: 16_777_215 },
  { method: "uint32", bytes: "01020304", value: 0x01020304 },
  { method: "uint32", bytes: "ffffffff", value: 4_294_967_295 },
  { method: "int32", bytes: "ffffffff", value: -1 },
  { method: "int32", bytes: "80000000", value: -2_147_483_648 },
  { method: "int32", bytes: "7fffffff", value: 2_147_483_647 },
  { method: "uint64", bytes: "0102030405060708", value: 0x0102030405060708n },
  {
    method: "uint64",
    bytes: "ffffffffffffffff",
    value: 18_446_744_073_709_551_615n,
  },
  { method: "uint32le", bytes: "04030201", value: 0x01020304 },
  { method: "uint32le", bytes: "ffffffff", value: 4_294_967_295 },
];

for (const { method, bytes, value } of NUMBERS) {
  Deno.test(`${method} reads ${bytes} as ${value}, and moves on`, () => {
    const reader = new ByteReader(bytesOf(`${bytes} aa`));
    assert.equal(reader[method](), value);
    assert.equal(reader.offset, bytes.length / 2);
    assert.equal(reader.remaining, 1);
  });

  Deno.test(`${method} writes ${value} as ${bytes}`, () => {
    const writer = new ByteWriter();
    const write = writer[method] as (value: number | bigint) => ByteWriter;
    assert.equal(write.call(writer, value), writer);
    assert.deepEqual(writer.finish(), bytesOf(bytes));
  });

  Deno.test(`${method} refuses every length short of ${bytes}`, () => {
    const whole = bytesOf(bytes);
    for (let length = 0; length < whole.length; length++) {
      const reader = new ByteReader(whole.subarray(0, length));
      assert.throws(() => reader[method](), {
        name: "RangeError",
        message: `Cannot read ${whole.length} bytes: ${length} are left`,
      });
      assert.equal(reader.offset, 0, "a refused read must not move");
    }
  });
}

Deno.test("a reader of a part of a buffer never sees the rest of it", () => {
  const whole = bytesOf("00 11 22 33 44");
  const reader = new ByteReader(whole.subarray(1, 4));
  assert.equal(reader.uint16(), 0x1122);
  assert.equal(reader.uint8(), 0x33);
  assert.throws(() => reader.uint8(), RangeError);
});

Deno.test("bytes and rest are views, and end where the input ends", () => {
  const input = bytesOf("01 02 03 04 05");
  const reader = new ByteReader(input);
  const first = reader.bytes(2);
  assert.deepEqual(first, bytesOf("01 02"));
  assert.equal(first.buffer, input.buffer);
  reader.skip(1);
  assert.deepEqual(reader.rest(), bytesOf("04 05"));
  assert.equal(reader.remaining, 0);
  assert.deepEqual(reader.rest(), bytesOf(""));
  assert.deepEqual(reader.bytes(0), bytesOf(""));
});

Deno.test("a count that is negative or too large is refused and moves nothing", () => {
  const reader = new ByteReader(bytesOf("01 02 03"));
  for (const count of [-1, 4, Infinity]) {
    assert.throws(() => reader.bytes(count), RangeError, String(count));
    assert.throws(() => reader.skip(count), RangeError, String(count));
  }
  assert.equal(reader.offset, 0);
  reader.skip(3);
  assert.equal(reader.remaining, 0);
});

Deno.test("whatever is written is read back, wherever the writer grew", () => {
  const item = fc.oneof(
    fc.record({ kind: fc.constant("uint8"), value: fc.nat(0xff) }),
    fc.record({ kind: fc.constant("uint16"), value: fc.nat(0xffff) }),
    fc.record({ kind: fc.constant("uint24"), value: fc.nat(0xff_ffff) }),
    fc.record({
      kind: fc.constantFrom("uint32", "uint32le"),
      value: fc.integer({ min: 0, max: 0xffff_ffff }),
    }),
    fc.record({ kind: fc.constant("int32"), value: fc.integer() }),
    fc.record({
      kind: fc.constant("uint64"),
      value: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    }),
    fc.record({
      kind: fc.constant("bytes"),
      value: fc.uint8Array({ maxLength: 60 }),
    }),
  );
  fc.assert(fc.property(
    fc.array(item, { maxLength: 40 }),
    fc.nat(40),
    (items, capacity) => {
      const writer = new ByteWriter(capacity);
      for (const { kind, value } of items) {
        (writer as unknown as Record<string, (value: unknown) => void>)[kind]!(
          value,
        );
      }
      const written = writer.finish();
      assert.equal(written.length, writer.length);
      const reader = new ByteReader(written);
      for (const { kind, value } of items) {
        const read = value instanceof Uint8Array
          ? reader.bytes(value.length)
          : reader[kind as NumberMethod]();
        assert.deepEqual(read, value);
      }
      assert.equal(reader.remaining, 0);
    },
  ));
});
