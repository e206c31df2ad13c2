import assert from "node:assert/strict";
import { JitterBuffer } from "../../src/rtp/mod.ts";
import type { JitterBufferCounts } from "../../src/rtp/mod.ts";
import { SeededRandom } from "../support/random.ts";

/** Pushes sequence numbers one millisecond apart and gives what comes out, gaps waited for. */
function play(
  sequences: readonly number[],
  options: { latency?: number; expect?: number; maxHeld?: number } = {},
): { out: number[]; counts: JitterBufferCounts } {
  const { latency = 20, expect, maxHeld } = options;
  const buffer = new JitterBuffer<{ sequence: number }>(latency, maxHeld);
  if (expect !== undefined) buffer.expect(expect);
  const out: number[] = [];
  const drain = () => {
    for (let next = buffer.pop(); next !== undefined; next = buffer.pop()) {
      out.push(next.sequence);
    }
  };
  for (const [now, sequence] of sequences.entries()) {
    buffer.handleTimeout(now);
    buffer.push({ sequence }, now);
    drain();
  }
  buffer.handleTimeout(sequences.length + latency);
  drain();
  assert.equal(buffer.held, 0);
  assert.equal(buffer.nextTimeoutAt(), undefined);
  return { out, counts: buffer.counts };
}

const CASES: readonly {
  name: string;
  push: readonly number[];
  out: readonly number[];
  counts: Partial<JitterBufferCounts>;
  options?: { latency?: number; expect?: number; maxHeld?: number };
}[] = [
  {
    name: "in order",
    push: [7, 8, 9],
    out: [7, 8, 9],
    counts: { released: 3 },
  },
  {
    name: "around the wrap",
    push: [65_534, 0, 65_535, 1],
    out: [65_534, 65_535, 0, 1],
    counts: { reordered: 1 },
  },
  {
    name: "reordered by five",
    push: [1, 3, 4, 5, 6, 7, 2, 8],
    out: [1, 2, 3, 4, 5, 6, 7, 8],
    counts: { reordered: 1 },
  },
  {
    name: "a packet that never comes",
    push: [1, 2, 4, 5],
    out: [1, 2, 4, 5],
    counts: { lost: 1 },
  },
  {
    name: "two gaps",
    push: [1, 3, 6, 7],
    out: [1, 3, 6, 7],
    counts: { lost: 3 },
  },
  {
    name: "copies of what is out, and of what waits",
    push: [1, 1, 3, 3, 2, 2, 3],
    out: [1, 2, 3],
    counts: { duplicates: 4, reordered: 1 },
  },
  {
    name: "a packet that comes after it was given up",
    push: [1, 3, 4, 5, 6, 7, 2, 2],
    options: { latency: 3 },
    out: [1, 3, 4, 5, 6, 7],
    counts: { late: 1, reordered: 1, duplicates: 1 },
  },
  {
    name: "a packet from before the first",
    push: [5, 4, 6],
    out: [5, 6],
    counts: { late: 1, reordered: 1 },
  },
  {
    name: "a packet from before the first, when the first is known",
    push: [6, 5, 7],
    options: { expect: 5 },
    out: [5, 6, 7],
    counts: { reordered: 1 },
  },
  {
    name: "the announced first packet lost",
    push: [6, 7],
    options: { expect: 5 },
    out: [6, 7],
    counts: { lost: 1 },
  },
  {
    name: "an announcement that is made up",
    push: [6, 7],
    options: { expect: 40_000 },
    out: [6, 7],
    counts: {},
  },
  {
    name: "more waiting than may be held",
    push: [1, 3, 4, 5, 6],
    options: { maxHeld: 3, latency: 1000 },
    out: [1, 3, 4, 5, 6],
    counts: { lost: 1 },
  },
  {
    name: "one stray packet from far away",
    push: [1, 2, 30_000, 3, 4],
    out: [1, 2, 3, 4],
    counts: { released: 4 },
  },
  {
    name: "a sender that starts over",
    push: [20_000, 20_001, 1, 2, 3],
    out: [20_000, 20_001, 1, 2, 3],
    counts: { restarts: 1 },
  },
];

for (const { name, push, out, counts, options } of CASES) {
  Deno.test(`packets leave the jitter buffer right: ${name}`, () => {
    const result = play(push, options);
    assert.deepEqual(result.out, out);
    assert.deepEqual(result.counts, {
      received: push.length,
      released: out.length,
      lost: 0,
      duplicates: 0,
      reordered: 0,
      late: 0,
      restarts: 0,
      ...counts,
    });
  });
}

Deno.test("a gap is waited for exactly as long as the latency", () => {
  const buffer = new JitterBuffer<{ sequence: number }>(100);
  buffer.push({ sequence: 1 }, 1000);
  assert.equal(buffer.nextTimeoutAt(), undefined);
  buffer.push({ sequence: 3 }, 1010);
  buffer.push({ sequence: 4 }, 1050);
  assert.equal(buffer.nextTimeoutAt(), 1110);
  buffer.handleTimeout(1109);
  assert.equal(buffer.held, 2);
  buffer.handleTimeout(1110);
  assert.equal(buffer.held, 0);
  assert.deepEqual([buffer.pop(), buffer.pop(), buffer.pop()], [
    { sequence: 1 },
    { sequence: 3 },
    { sequence: 4 },
  ]);
});

Deno.test("loss, copies and disorder that are injected are counted exactly", () => {
  for (let seed = 0; seed < 30; seed++) {
    const random = new SeededRandom(seed);
    let lost = 0;
    let copies = 0;
    let swapped = 0;
    const sent: number[] = [];
    const total = 70_000;
    // The first and last are kept, so that no loss is out of sight.
    for (let number = 0; number < total; number++) {
      const sequence = (number + 64_000) & 0xffff;
      if (number > 0 && number < total - 1 && random.next() < 0.01) {
        lost++;
        continue;
      }
      sent.push(sequence);
      if (random.next() < 0.005) {
        copies++;
        sent.push(sequence);
      }
    }
    for (let at = 5; at < sent.length - 12; at += 11) {
      // One packet held back by three: it comes behind three higher numbers.
      if (new Set(sent.slice(at, at + 4)).size < 4) continue;
      if (sent[at] === sent[at - 1] || sent[at] === sent[at + 4]) continue;
      sent.splice(at + 3, 0, ...sent.splice(at, 1));
      swapped++;
    }
    const { counts } = play(sent);
    assert.deepEqual(counts, {
      received: sent.length,
      released: total - lost,
      lost,
      duplicates: copies,
      reordered: swapped,
      late: 0,
      restarts: 0,
    });
  }
});

Deno.test("a reset forgets what waits and keeps the counts", () => {
  const buffer = new JitterBuffer<{ sequence: number }>(100);
  for (const sequence of [1, 5, 6]) buffer.push({ sequence }, 0);
  buffer.reset();
  assert.equal(buffer.pop(), undefined);
  buffer.push({ sequence: 40_000 }, 1);
  assert.deepEqual(buffer.pop(), { sequence: 40_000 });
  assert.equal(buffer.counts.received, 4);
  assert.equal(buffer.counts.lost, 0);
});
