import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_FRAME_GAPS } from "../../src/referee/frame_intervals.ts";
import { FrameIntervals } from "../../src/referee/mod.ts";
import { fuzzRuns } from "../support/fuzz.ts";

Deno.test("any order of numbers gives the same set as a set", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 60 }), { maxLength: 120 }),
      (numbers) => {
        const intervals = new FrameIntervals();
        const set = new Set<number>();
        for (const number of numbers) {
          assert.equal(intervals.add(number), !set.has(number));
          set.add(number);
        }
        const sorted = [...set].sort((a, b) => a - b);
        assert.equal(intervals.count, set.size);
        assert.equal(intervals.highest, sorted.at(-1) ?? -1);
        for (let number = 0; number <= 61; number++) {
          assert.equal(intervals.has(number), set.has(number));
        }
        const listed = intervals.ranges().flatMap(([first, last]) =>
          Array.from({ length: last - first + 1 }, (_, at) => first + at)
        );
        assert.deepEqual(listed, sorted);
        const gaps = sorted.length === 0 ? [] : Array.from(
          { length: sorted.at(-1)! - sorted[0]! + 1 },
          (_, at) => sorted[0]! + at,
        ).filter((number) => !set.has(number));
        const missing = intervals.missing(5);
        assert.equal(missing.count, gaps.length);
        assert.deepEqual(missing.lowest, gaps.slice(0, 5));
        assert.equal(missing.first, gaps[0] ?? 0);
        assert.equal(missing.last, gaps.at(-1) ?? 0);
      },
    ),
    { numRuns: fuzzRuns() },
  );
});

Deno.test("frame 2,000,000,000 is one interval more", () => {
  const intervals = new FrameIntervals();
  for (let number = 0; number < 1800; number++) intervals.add(number);
  intervals.add(2_000_000_000);
  assert.equal(intervals.size, 2);
  assert.deepEqual(intervals.missing(3), {
    count: 1_999_998_200,
    first: 1800,
    last: 1_999_999_999,
    lowest: [1800, 1801, 1802],
  });
});

Deno.test("a client that makes gaps on purpose is stopped", () => {
  const intervals = new FrameIntervals();
  for (let gap = 0; gap <= MAX_FRAME_GAPS; gap++) intervals.add(gap * 2);
  assert.throws(() => intervals.add(MAX_FRAME_GAPS * 2 + 2), RangeError);
  assert.equal(intervals.add(1), true, "what closes a gap is welcome");
});
