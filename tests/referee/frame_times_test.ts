import assert from "node:assert/strict";
import { planVideoTimes, SpoolIndex } from "../../src/referee/mod.ts";

function indexOf(frames: readonly (readonly [number, number])[]): SpoolIndex {
  const index = new SpoolIndex();
  for (const [number, timestamp] of frames) {
    index.push({
      kind: "jpeg",
      number,
      timestamp,
      width: 1,
      height: 1,
      offset: 0,
      length: 1,
      crc: 0,
    });
  }
  return index;
}

Deno.test("times are the client's own, in the order of the numbers", () => {
  const plan = planVideoTimes(
    indexOf([[0, 0.5], [2, 0.5667], [1, 0.5333], [9, 0.8]]),
    30,
  );
  assert.deepEqual([...plan.order], [0, 2, 1, 3]);
  assert.deepEqual([...plan.timesUs], [500_000, 533_300, 566_700, 800_000]);
  assert.equal(plan.originSeconds, 0);
  assert.equal(plan.clock, "timestamps");
  assert.deepEqual(plan.warnings, []);
});

Deno.test("times of a clock begin at the first, to the microsecond", () => {
  const start = 1_760_000_000;
  const plan = planVideoTimes(
    indexOf([[0, start + 0.25], [1, start + 0.28125], [2, start + 0.3125]]),
    30,
  );
  assert.equal(plan.originSeconds, start + 0.25);
  assert.deepEqual([...plan.timesUs], [0, 31_250, 62_500]);
  const negative = planVideoTimes(indexOf([[0, -2], [1, -1]]), 30);
  assert.deepEqual([...negative.timesUs], [0, 1_000_000]);
});

Deno.test("timestamps that say nothing give way to the frame rate", () => {
  const plan = planVideoTimes(indexOf([[0, 0], [1, 0], [2, 0], [3, 0]]), 25);
  assert.equal(plan.clock, "frame_rate");
  assert.deepEqual([...plan.timesUs], [0, 40_000, 80_000, 120_000]);
  assert.match(plan.warnings[0]!, /spaced by 25 frames/);
  const wild = planVideoTimes(indexOf([[0, 0], [1, 1], [2, 1e300]]), 25);
  assert.equal(wild.clock, "frame_rate");
});

Deno.test("a stamp that leaps ahead does not drag the others along", () => {
  const plan = planVideoTimes(
    indexOf([[0, 0], [1, 0.1], [2, 3600], [3, 0.3], [4, 0.4], [5, 0.5]]),
    10,
  );
  assert.deepEqual([...plan.timesUs], [
    0,
    100_000,
    200_000,
    300_000,
    400_000,
    500_000,
  ]);
  assert.equal(plan.warnings.length, 1);
});

Deno.test("equal stamps follow each other closely", () => {
  const plan = planVideoTimes(
    indexOf([[0, 0], [1, 0.1], [2, 0.1], [3, 0.2], [4, 0.3]]),
    10,
  );
  assert.deepEqual([...plan.timesUs], [0, 100_000, 100_001, 200_000, 300_000]);
});

Deno.test("no frame and one frame are no trouble, nor is an absurd rate", () => {
  assert.deepEqual([...planVideoTimes(indexOf([]), 30).timesUs], []);
  assert.deepEqual([...planVideoTimes(indexOf([[5, 7]]), 30).timesUs], [
    7_000_000,
  ]);
  const fast = planVideoTimes(indexOf([[0, 0], [1, 0], [2, 0]]), 1e9).timesUs;
  assert.ok(fast[0]! < fast[1]! && fast[1]! < fast[2]!);
});
