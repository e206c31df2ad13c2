import assert from "node:assert/strict";
import { LatencyWindow } from "../../src/chain/mod.ts";
import { NOW_US } from "./support.ts";

Deno.test("percentiles are the nearest ranks, in milliseconds", () => {
  const window = new LatencyWindow();
  for (let us = 100; us >= 1; us--) window.add(us * 1000, NOW_US);
  assert.deepEqual(window.summary(NOW_US), {
    p50: 50,
    p99: 99,
    max: 100,
    count: 100,
  });
  assert.equal(window.relative, false);
});

Deno.test("nothing measured is a count of 0", () => {
  const nothing = { p50: 0, p99: 0, max: 0, count: 0 };
  const window = new LatencyWindow();
  assert.deepEqual(window.summary(NOW_US), nothing);
  window.add(5000, NOW_US);
  window.reset();
  assert.deepEqual(window.summary(NOW_US), nothing);
});

Deno.test("old measurements count no more", () => {
  const window = new LatencyWindow(1_000_000);
  window.add(9000, NOW_US);
  window.add(1000, NOW_US + 900_000);
  assert.equal(window.summary(NOW_US + 900_000).max, 9);
  assert.equal(window.summary(NOW_US + 1_500_000).max, 1);
  assert.equal(window.summary(NOW_US + 3_000_000).count, 0);
});

Deno.test("only the newest of very many are kept", () => {
  const window = new LatencyWindow();
  for (let at = 0; at < 10_000; at++) window.add(at, NOW_US);
  const { count, max, p50 } = window.summary(NOW_US);
  assert.equal(count, 512);
  assert.equal(max, 9.999);
  assert(p50 > 9.7);
});

Deno.test("when the clocks differ, latencies are above the smallest one", () => {
  for (const offset of [-3_000_000, -5, 2_000_000]) {
    const window = new LatencyWindow();
    for (const latency of [4, 1, 3]) {
      window.add(latency * 1000 - 1000 + offset, NOW_US);
    }
    assert.equal(window.relative, true, String(offset));
    assert.deepEqual(window.summary(NOW_US), {
      p50: 2,
      p99: 3,
      max: 3,
      count: 3,
    });
  }
});
