import assert from "node:assert/strict";
import { ByteWriter } from "../../src/bytes/mod.ts";
import { bytesOf } from "../support/bytes.ts";

Deno.test("a writer without a word written is empty", () => {
  const writer = new ByteWriter();
  assert.equal(writer.length, 0);
  assert.deepEqual(writer.finish(), bytesOf(""));
});

Deno.test("calls chain, and bytes are copied", () => {
  const input = bytesOf("aa bb");
  const writer = new ByteWriter().uint8(1).uint16(2).bytes(input).uint24(3);
  input.fill(0);
  assert.deepEqual(writer.finish(), bytesOf("01 0002 aabb 000003"));
});

Deno.test("growing keeps what was written, for a capacity of nothing too", () => {
  for (const capacity of [0, 1, 15, 16, 17, 300]) {
    const writer = new ByteWriter(capacity);
    for (let i = 0; i < 300; i++) writer.uint8(i & 0xff);
    assert.equal(writer.length, 300);
    assert.deepEqual(
      writer.finish(),
      Uint8Array.from({ length: 300 }, (_, i) => i & 0xff),
    );
  }
});

Deno.test("one write larger than twice the room fits", () => {
  const large = new Uint8Array(100_000).fill(7);
  const writer = new ByteWriter(16).uint8(1).bytes(large).uint8(2);
  const written = writer.finish();
  assert.equal(written.length, 100_002);
  assert.equal(written[0], 1);
  assert.equal(written[100_000], 7);
  assert.equal(written[100_001], 2);
});

Deno.test("numbers wrap to their width, as in a header's field", () => {
  const written = new ByteWriter().uint8(0x1ff).uint16(0x1_ffff)
    .uint32(0x1_0000_0001).int32(-1).finish();
  assert.deepEqual(written, bytesOf("ff ffff 00000001 ffffffff"));
});

Deno.test("what was written after finish does not change its length", () => {
  const writer = new ByteWriter().uint8(1);
  const first = writer.finish();
  writer.uint8(2);
  assert.deepEqual(first, bytesOf("01"));
  assert.deepEqual(writer.finish(), bytesOf("01 02"));
});
