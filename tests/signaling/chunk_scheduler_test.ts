import assert from "node:assert/strict";
import {
  CHUNK_BYTES,
  ChunkMemory,
  ChunkScheduler,
  MAX_STRIKES,
  MIN_WINDOW,
  STALL_MS,
} from "../../src/signaling/mod.ts";

/** Chunks asked of each source. */
function asked(
  scheduler: ChunkScheduler,
  now: number,
): Record<string, number[]> {
  const bySource: Record<string, number[]> = {};
  for (const { source, chunk } of scheduler.next(now)) {
    (bySource[source] ??= []).push(chunk);
  }
  return bySource;
}

function arrive(
  scheduler: ChunkScheduler,
  source: string,
  chunk: number,
  now: number,
): void {
  scheduler.landed(source, chunk, CHUNK_BYTES, now);
  scheduler.accepted(chunk);
}

Deno.test("three chunks are under way, and one more when one has come", () => {
  const scheduler = new ChunkScheduler(100);
  scheduler.addSource("a", 0);
  assert.deepEqual(asked(scheduler, 0), { a: [0, 1, 2] });
  assert.deepEqual(asked(scheduler, 1), {});
  arrive(scheduler, "a", 0, 100);
  assert.deepEqual(asked(scheduler, 100), { a: [3] });
});

Deno.test("from the play position on, then round from the beginning, each chunk once", () => {
  const scheduler = new ChunkScheduler(10);
  scheduler.setPlayhead(7, 10);
  scheduler.addSource("a", 0);
  const order: number[] = [];
  for (let now = 0; scheduler.count < 10 && now < 1e6; now += 50) {
    for (const { chunk } of scheduler.next(now)) {
      order.push(chunk);
      arrive(scheduler, "a", chunk, now + 20);
    }
  }
  assert.deepEqual(order, [7, 8, 9, 0, 1, 2, 3, 4, 5, 6]);
});

Deno.test("no more than what is wanted ahead", () => {
  const scheduler = new ChunkScheduler(100);
  scheduler.setPlayhead(10, 2);
  scheduler.addSource("a", 0);
  assert.deepEqual(asked(scheduler, 0), { a: [10, 11] });
  arrive(scheduler, "a", 10, 50);
  scheduler.setPlayhead(11, 2);
  assert.deepEqual(asked(scheduler, 60), { a: [12] });
});

Deno.test("what is needed now comes first, the newest need before older ones", () => {
  const scheduler = new ChunkScheduler(100);
  const release = scheduler.demand(50, 50);
  scheduler.demand(80, 80);
  scheduler.addSource("a", 0);
  assert.deepEqual(asked(scheduler, 0), { a: [80, 50, 0] });
  release();
  arrive(scheduler, "a", 80, 30);
  assert.deepEqual(asked(scheduler, 40), { a: [1] });
});

Deno.test("a seek is answered by the next request", () => {
  const scheduler = new ChunkScheduler(1000);
  scheduler.addSource("a", 0);
  scheduler.next(0);
  scheduler.setPlayhead(500, 1000);
  arrive(scheduler, "a", 0, 30);
  assert.deepEqual(asked(scheduler, 30), { a: [500] });
});

Deno.test("the window grows to what the path holds and no further", () => {
  // 5 MB/s and 200 ms hold 16 chunks.
  const scheduler = new ChunkScheduler(5000);
  scheduler.addSource("a", 0);
  const line: { at: number; chunk: number }[] = [];
  let free = 0;
  let most = 0;
  for (let now = 0; now < 20_000; now++) {
    for (const { chunk } of scheduler.next(now)) {
      free = Math.max(free, now) + CHUNK_BYTES / 5000;
      line.push({ at: free + 200, chunk });
    }
    while (line[0] !== undefined && line[0].at <= now) {
      arrive(scheduler, "a", line.shift()!.chunk, now);
    }
    most = Math.max(most, line.length);
  }
  const [figures] = scheduler.figures();
  assert.ok(figures!.bytesPerSecond > 4.5e6, `${figures!.bytesPerSecond}`);
  assert.ok(most <= 22, `${most} under way`);
});

Deno.test("an index, whose chunks shrink, is fetched with a window that doubles", () => {
  const scheduler = new ChunkScheduler(500);
  scheduler.addSource("a", 0);
  const line: { at: number; chunk: number }[] = [];
  let now = 0;
  for (; scheduler.count < 96 && now < 5000; now++) {
    for (const { chunk } of scheduler.next(now)) {
      line.push({ at: Math.max(line.at(-1)?.at ?? 0, now + 50) + 1, chunk });
    }
    while (line[0] !== undefined && line[0].at <= now) {
      const { chunk } = line.shift()!;
      scheduler.landed("a", chunk, 2500, now);
      scheduler.accepted(chunk);
    }
  }
  assert.ok(now < 400, `${now} ms`);
});

Deno.test("a source that says nothing is asked again later; others take over", () => {
  const scheduler = new ChunkScheduler(100);
  scheduler.addSource("dead", 0);
  assert.equal(scheduler.next(0).length, MIN_WINDOW);
  scheduler.addSource("alive", 10);
  assert.deepEqual(asked(scheduler, 10), { alive: [3, 4, 5] });
  assert.deepEqual(scheduler.expire(STALL_MS - 1), []);
  scheduler.activity("alive", STALL_MS);
  assert.equal(scheduler.expire(STALL_MS).length, MIN_WINDOW);
  for (const chunk of [3, 4, 5]) arrive(scheduler, "alive", chunk, STALL_MS);
  const next = asked(scheduler, STALL_MS);
  assert.deepEqual(next.alive?.slice(0, 3), [0, 1, 2]);
  assert.equal(next.dead, undefined);
  assert.ok(scheduler.nextTimeoutAt(STALL_MS)! <= STALL_MS + 1000);
});

Deno.test("what is needed now and does not come is asked of a second source", () => {
  const scheduler = new ChunkScheduler(100);
  scheduler.setPlayhead(0, 1);
  scheduler.addSource("slow", 0);
  scheduler.demand(0, 0);
  assert.deepEqual(asked(scheduler, 0), { slow: [0] });
  scheduler.addSource("other", 0);
  assert.deepEqual(asked(scheduler, 500), {});
  assert.deepEqual(asked(scheduler, 800), { other: [0] });
  assert.deepEqual(asked(scheduler, 2000), {}, "not of a third time");
});

Deno.test("a wrong chunk is asked for again, and a source with several is left", () => {
  const scheduler = new ChunkScheduler(100);
  scheduler.addSource("bad", 0);
  for (let strike = 1; strike <= MAX_STRIKES; strike++) {
    const [request] = scheduler.next(strike * 1000).filter(({ chunk }) =>
      chunk === 0
    );
    assert.equal(request?.chunk, 0);
    scheduler.landed("bad", 0, CHUNK_BYTES, strike * 1000);
    assert.equal(scheduler.rejected("bad", 0), strike === MAX_STRIKES);
  }
  scheduler.removeSource("bad");
  scheduler.addSource("good", 9000);
  assert.deepEqual(asked(scheduler, 9000), { good: [0, 1, 2] });
});

Deno.test("a cap on the download is kept", () => {
  const scheduler = new ChunkScheduler(10_000, 1_000_000);
  scheduler.addSource("a", 0);
  let bytes = 0;
  for (let now = 0; now <= 10_000; now += 10) {
    for (const { chunk } of scheduler.next(now)) {
      bytes += CHUNK_BYTES;
      arrive(scheduler, "a", chunk, now + 5);
    }
  }
  assert.ok(bytes > 9.5e6 && bytes < 10.5e6, `${bytes}`);
});

Deno.test("memory throws away what was played, then what is far, and never the index", () => {
  const forgotten: number[] = [];
  const memory = new ChunkMemory(4, (chunk) => forgotten.push(chunk));
  for (const chunk of [0, 1, 2, 3]) memory.put(chunk, new Uint8Array(1));
  memory.playhead = 3;
  memory.put(4, new Uint8Array(1));
  memory.put(9, new Uint8Array(1));
  memory.put(5, new Uint8Array(1));
  assert.deepEqual(forgotten, [1, 2, 9]);
  assert.ok(memory.get(0));
  assert.equal(memory.size, 4);
});

Deno.test("a chunk that was thrown away is asked for again", () => {
  const scheduler = new ChunkScheduler(3);
  scheduler.addSource("a", 0);
  for (const { chunk } of scheduler.next(0)) arrive(scheduler, "a", chunk, 5);
  assert.equal(scheduler.runFrom(0), 3);
  scheduler.forget(1);
  assert.equal(scheduler.runFrom(0), 1);
  assert.deepEqual(asked(scheduler, 10), { a: [1] });
});
