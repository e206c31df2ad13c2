import assert from "node:assert/strict";
import fc from "fast-check";
import { ReceiveBuffer } from "../../src/bytes/mod.ts";
import { bytesOf } from "../support/bytes.ts";

const LINE_FEED = 0x0a;

Deno.test("bytes come out in the order they went in", () => {
  const buffer = new ReceiveBuffer(100);
  buffer.push(bytesOf("01 02 03"));
  buffer.push(bytesOf("04"));
  assert.equal(buffer.length, 4);
  assert.deepEqual(buffer.take(2), bytesOf("01 02"));
  assert.deepEqual(buffer.peek(), bytesOf("03 04"));
  assert.deepEqual(buffer.take(2), bytesOf("03 04"));
  assert.equal(buffer.length, 0);
});

Deno.test("take gives nothing, and takes nothing, when too few are there", () => {
  const buffer = new ReceiveBuffer(100);
  assert.equal(buffer.take(1), undefined);
  assert.deepEqual(buffer.take(0), bytesOf(""));
  buffer.push(bytesOf("01"));
  assert.equal(buffer.take(2), undefined);
  assert.equal(buffer.length, 1);
});

Deno.test("what was taken is a copy that later pushes leave alone", () => {
  const buffer = new ReceiveBuffer(10_000);
  buffer.push(bytesOf("01 02"));
  const taken = buffer.take(2);
  buffer.push(new Uint8Array(8_000).fill(9));
  assert.deepEqual(taken, bytesOf("01 02"));
});

Deno.test("what was pushed is copied", () => {
  const buffer = new ReceiveBuffer(10);
  const chunk = bytesOf("01 02");
  buffer.push(chunk);
  chunk.fill(0);
  assert.deepEqual(buffer.take(2), bytesOf("01 02"));
});

Deno.test("the limit holds to the byte, and a refused push leaves the buffer as it was", () => {
  const buffer = new ReceiveBuffer(10);
  buffer.push(new Uint8Array(9));
  assert.throws(() => buffer.push(bytesOf("01 02")), {
    name: "RangeError",
    message: "Cannot buffer 11 bytes: the limit is 10",
  });
  assert.equal(buffer.length, 9);
  buffer.push(bytesOf("01"));
  assert.equal(buffer.length, 10);
  assert.throws(() => buffer.push(bytesOf("01")), RangeError);
  buffer.discard(1);
  buffer.push(bytesOf("02"));
  assert.equal(buffer.length, 10);
});

Deno.test("the limit counts unread bytes, not all that ever passed", () => {
  const buffer = new ReceiveBuffer(1_000);
  for (let round = 0; round < 1_000; round++) {
    buffer.push(new Uint8Array(900).fill(round & 0xff));
    assert.equal(buffer.take(900)?.[899], round & 0xff);
  }
});

Deno.test("discard drops from the front, at most what is there", () => {
  const buffer = new ReceiveBuffer(10);
  buffer.push(bytesOf("01 02 03"));
  buffer.discard(1);
  assert.deepEqual(buffer.peek(), bytesOf("02 03"));
  buffer.discard(50);
  assert.equal(buffer.length, 0);
  buffer.push(bytesOf("04"));
  assert.deepEqual(buffer.peek(), bytesOf("04"));
});

Deno.test("indexOf looks at unread bytes only", () => {
  const buffer = new ReceiveBuffer(100);
  buffer.push(new TextEncoder().encode("ab\ncd\n"));
  assert.equal(buffer.indexOf(LINE_FEED), 2);
  assert.equal(buffer.indexOf(LINE_FEED, 3), 5);
  assert.equal(buffer.indexOf(LINE_FEED, 6), -1);
  buffer.take(3);
  assert.equal(buffer.indexOf(LINE_FEED), 2);
  buffer.discard(3);
  assert.equal(buffer.indexOf(LINE_FEED), -1);
});

Deno.test("a stream is the same however it is cut", () => {
  fc.assert(fc.property(
    fc.uint8Array({ maxLength: 20_000 }),
    fc.array(fc.integer({ min: 1, max: 6_000 }), {
      minLength: 1,
      maxLength: 20,
    }),
    fc.array(fc.integer({ min: 1, max: 6_000 }), {
      minLength: 1,
      maxLength: 20,
    }),
    (stream, pushes, takes) => {
      const buffer = new ReceiveBuffer(stream.length);
      const out: number[] = [];
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = pushes[i % pushes.length]!;
        buffer.push(stream.subarray(at, at + size));
        at += size;
        const taken = buffer.take(takes[i % takes.length]!);
        if (taken) out.push(...taken);
      }
      out.push(...buffer.peek());
      assert.equal(out.length, stream.length);
      assert.ok(out.every((byte, i) => byte === stream[i]));
    },
  ));
});

Deno.test("a stream that is pushed byte by byte comes out whole", () => {
  const buffer = new ReceiveBuffer(50_000);
  for (let i = 0; i < 50_000; i++) buffer.push(Uint8Array.of(i & 0xff));
  const whole = buffer.take(50_000)!;
  assert.ok(whole.every((byte, i) => byte === (i & 0xff)));
});
