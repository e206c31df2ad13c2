import assert from "node:assert/strict";
import { FrameIntervals } from "../../src/referee/mod.ts";
import { timeoutIssue, validateSession } from "../../src/referee/validation.ts";

function received(...numbers: number[]): FrameIntervals {
  const intervals = new FrameIntervals();
  for (const number of numbers) intervals.add(number);
  return intervals;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

/** The documents' texts, to the letter. */
const CASES: readonly {
  readonly name: string;
  readonly frames: readonly number[];
  readonly expected?: number;
  readonly timedOutAfter?: number;
  readonly issues: readonly string[];
  readonly missing?: number;
}[] = [
  { name: "all is well", frames: range(0, 30), expected: 30, issues: [] },
  { name: "nobody promised anything", frames: range(0, 30), issues: [] },
  {
    name: "the first frame is 1",
    frames: range(1, 31),
    expected: 30,
    issues: [],
  },
  { name: "nothing came", frames: [], issues: ["No frames received"] },
  {
    name: "nothing came and some were promised",
    frames: [],
    expected: 90,
    issues: ["No frames received", "Expected 90 frames, received 0"],
  },
  {
    name: "two are missing",
    frames: [0, 1, 2, ...range(5, 15)],
    issues: ["Missing frames: [3, 4]"],
    missing: 2,
  },
  {
    name: "five are missing",
    frames: [0, ...range(6, 20)],
    issues: ["Missing frames: [1, 2, 3, 4, 5]"],
    missing: 5,
  },
  {
    name: "six are missing",
    frames: [0, ...range(7, 20)],
    issues: ["Missing 6 frames (first: 1, last: 6)"],
    missing: 6,
  },
  {
    name: "a number beyond all reason",
    frames: [...range(0, 10), 2_000_000_000],
    issues: ["Missing 1999999990 frames (first: 10, last: 1999999999)"],
    missing: 1_999_999_990,
  },
  {
    name: "fewer than promised",
    frames: range(0, 80),
    expected: 90,
    issues: ["Expected 90 frames, received 80"],
  },
  {
    name: "too few",
    frames: range(0, 9),
    issues: ["Too few frames: 9 (minimum 10)"],
  },
  {
    name: "everything at once",
    frames: [0, 2],
    expected: 3,
    timedOutAfter: 300.04,
    issues: [
      "Missing frames: [1]",
      "Expected 3 frames, received 2",
      "Too few frames: 2 (minimum 10)",
      "Session timeout: no activity for 300.0s",
    ],
    missing: 1,
  },
];

Deno.test("the issues read as in the documents", () => {
  for (
    const { name, frames, expected = 0, timedOutAfter, issues, missing = 0 }
      of CASES
  ) {
    assert.deepEqual(
      validateSession({
        received: received(...frames),
        duplicates: 3,
        outOfOrder: 2,
        expected,
        hasSignal: false,
        timedOutAfter,
      }),
      {
        valid: issues.length === 0,
        issues,
        frame_count: frames.length,
        missing_frames: missing,
        duplicate_frames: 3,
        out_of_order_frames: 2,
        has_signal: false,
      },
      name,
    );
  }
});

Deno.test("a time-out is told to a tenth of a second", () => {
  assert.equal(timeoutIssue(301.26), "Session timeout: no activity for 301.3s");
});
