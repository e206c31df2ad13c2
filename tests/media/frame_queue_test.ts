import assert from "node:assert/strict";
import { FrameQueue } from "../../src/media/frame_queue.ts";

Deno.test("a full queue makes the producer wait until one is taken", async () => {
  const queue = new FrameQueue<number>(2, false);
  let isThrough = false;
  await queue.push(1);
  const second = queue.push(2).then(() => isThrough = true);
  await Promise.resolve();
  assert.equal(isThrough, false);
  assert.equal(await queue.next(), 1);
  await second;
  assert.equal(isThrough, true);
  assert.equal(await queue.next(), 2);
});

Deno.test("a live queue drops the oldest and never waits", async () => {
  const queue = new FrameQueue<number>(1, true);
  for (let i = 0; i < 100; i++) await queue.push(i);
  assert.equal(await queue.next(), 99);
});

Deno.test("the end comes after the last item, an error too", async () => {
  const ended = new FrameQueue<number>(4, false);
  await ended.push(1);
  ended.end();
  assert.equal(await ended.next(), 1);
  assert.equal(await ended.next(), undefined);
  const failed = new FrameQueue<number>(4, false);
  await failed.push(1);
  failed.fail(new Error("broken"));
  assert.equal(await failed.next(), 1);
  await assert.rejects(failed.next(), /broken/);
});

Deno.test("close lets both sides go", async () => {
  const queue = new FrameQueue<number>(1, false);
  const push = queue.push(1);
  queue.close();
  await push;
  assert.equal(await queue.next(), undefined);
  const waiting = new FrameQueue<number>(1, false);
  const next = waiting.next();
  waiting.close();
  assert.equal(await next, undefined);
  await waiting.push(5);
  assert.ok(waiting.isClosed);
});

Deno.test("a waiting consumer gets the item that comes", async () => {
  const queue = new FrameQueue<number>(2, false);
  const next = queue.next();
  await queue.push(7);
  assert.equal(await next, 7);
});
