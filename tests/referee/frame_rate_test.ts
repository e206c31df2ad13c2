import assert from "node:assert/strict";
import { FrameRate } from "../../src/referee/frame_rate.ts";

Deno.test("the rate is that of the last two seconds", () => {
  const rate = new FrameRate();
  assert.equal(rate.rate(0), 0);
  let now = 12_345;
  for (let frame = 0; frame < 90; frame++) rate.count(now += 1000 / 30);
  assert.ok(Math.abs(rate.rate(now) - 30) < 1, String(rate.rate(now)));
  for (let frame = 0; frame < 240; frame++) rate.count(now += 1000 / 120);
  assert.ok(Math.abs(rate.rate(now) - 120) < 3, String(rate.rate(now)));
  assert.ok(rate.rate(now + 1000) < 90);
  assert.equal(rate.rate(now + 2001), 0);
  assert.equal(rate.rate(now + 1e9), 0);
});

Deno.test("a burst is not counted as more than it was in a quarter of a second", () => {
  const rate = new FrameRate();
  for (let frame = 0; frame < 10; frame++) rate.count(1000);
  assert.equal(rate.rate(1000), 40);
});
