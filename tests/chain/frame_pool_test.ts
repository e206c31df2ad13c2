import assert from "node:assert/strict";
import { FramePool } from "../../src/chain/mod.ts";

Deno.test("a frame has exactly the bytes asked for and a buffer little larger", () => {
  const pool = new FramePool();
  for (
    const bytes of [0, 1, 4095, 4096, 4097, 5120, 5121, 100_000, 16_777_216]
  ) {
    const frame = pool.acquire(bytes);
    assert.equal(frame.bytes.length, bytes);
    const room = frame.bytes.buffer.byteLength;
    assert(
      room >= bytes && room <= Math.max(4096, bytes * 1.25),
      `${bytes}: ${room}`,
    );
    assert.equal(pool.bytesInUse, bytes);
    frame.release();
    assert.equal(pool.bytesInUse, 0);
  }
});

Deno.test("a released buffer is used again, for frames of about its size", () => {
  const pool = new FramePool();
  const first = pool.acquire(100_000);
  const { buffer } = first.bytes;
  first.release();
  assert(pool.pooledBytes >= 100_000);
  const tiny = pool.acquire(1000);
  assert.notEqual(tiny.bytes.buffer, buffer);
  for (const bytes of [100_000, 99_000, 60_000]) {
    const frame = pool.acquire(bytes);
    assert.equal(frame.bytes.buffer, buffer, String(bytes));
    assert.equal(pool.pooledBytes, 0);
    frame.release();
  }
  tiny.release();
});

Deno.test("a frame goes back when its last holder releases it", () => {
  const pool = new FramePool();
  const frame = pool.acquire(5000);
  assert.equal(frame.retain(), frame);
  frame.release();
  assert.equal(pool.pooledBytes, 0);
  assert.equal(frame.bytes.length, 5000);
  frame.release();
  assert(pool.pooledBytes > 0);
  assert.equal(frame.bytes.length, 0);
  assert.throws(() => frame.release(), /released by everybody/);
  assert.throws(() => frame.retain(), /released by everybody/);
});

Deno.test("free buffers beyond the cap are let go", () => {
  const pool = new FramePool(100_000);
  const frames = Array.from({ length: 20 }, () => pool.acquire(20_000));
  assert.equal(pool.bytesInUse, 400_000);
  for (const frame of frames) frame.release();
  assert.equal(pool.bytesInUse, 0);
  assert(pool.pooledBytes > 60_000 && pool.pooledBytes <= 100_000);
});
