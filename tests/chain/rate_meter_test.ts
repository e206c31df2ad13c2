import assert from "node:assert/strict";
import { RateMeter } from "../../src/chain/mod.ts";
import { NOW_US } from "./support.ts";

const FRAME_US = 1_000_000 / 30;

/** A meter after `frames` frames of 1000 bytes at 30 frames/s, and the time of the last. */
function running(frames: number): { meter: RateMeter; lastUs: number } {
  const meter = new RateMeter();
  for (let at = 0; at < frames; at++) meter.add(NOW_US + at * FRAME_US, 1000);
  return { meter, lastUs: NOW_US + (frames - 1) * FRAME_US };
}

function near(actual: number, expected: number): void {
  assert(Math.abs(actual / expected - 1) < 1e-5, `${actual}, not ${expected}`);
}

Deno.test("a steady stream shows its rate at any moment between two frames", () => {
  for (const frames of [2, 10, 1000]) {
    const { meter, lastUs } = running(frames);
    for (const part of [0, 0.5, 0.99]) {
      near(meter.fps(lastUs + part * FRAME_US), 30);
      near(meter.kbps(lastUs + part * FRAME_US), 240);
    }
  }
});

Deno.test("a stall shows, and ends at nothing", () => {
  const { meter, lastUs } = running(1000);
  const early = meter.fps(lastUs + 500_000);
  const later = meter.fps(lastUs + 1_500_000);
  assert(early < 30 && later < early && later > 5, `${early}, ${later}`);
  assert.equal(meter.fps(lastUs + 4_000_000), 0);
  assert.equal(meter.kbps(lastUs + 4_000_000), 0);
});

Deno.test("one frame is no rate, and a reset forgets all", () => {
  const { meter, lastUs } = running(1);
  assert.equal(meter.fps(lastUs), 0);
  meter.add(lastUs + 1000, 1);
  assert(meter.fps(lastUs + 1000) > 0);
  meter.reset();
  assert.equal(meter.fps(lastUs + 1000), 0);
});

Deno.test("more frames than it remembers still give the rate", () => {
  const meter = new RateMeter();
  for (let at = 0; at < 5000; at++) meter.add(NOW_US + at * 1000, 125);
  near(meter.fps(NOW_US + 4_999_000), 1000);
  near(meter.kbps(NOW_US + 4_999_000), 1000);
});
