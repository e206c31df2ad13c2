import assert from "node:assert/strict";
import { RecordingTimeline } from "../../src/services/chain_peer/recording_timeline.ts";

/** Frames as they come: their number and when they were sent, in frame times of `fps`. */
function placed(
  rate: number,
  fps: number | undefined,
  frames: readonly (readonly [number, number])[],
): (number | undefined)[] {
  const timeline = new RecordingTimeline(rate);
  if (fps !== undefined) timeline.announceRate(fps);
  timeline.beginStream();
  return frames.map(([number, at]) =>
    timeline.place(number, at * 1e6 / (fps ?? rate))
  );
}

const CASES: readonly {
  readonly what: string;
  readonly rate: number;
  readonly fps?: number;
  readonly frames: readonly (readonly [number, number])[];
  readonly repeats: readonly (number | undefined)[];
}[] = [
  {
    what: "a steady stream fills every tick once",
    rate: 30,
    fps: 30,
    frames: [[0, 0], [1, 1], [2, 2]],
    repeats: [0, 0, 0],
  },
  {
    what: "jitter of the sending moves nothing",
    rate: 30,
    fps: 30,
    frames: [[0, 0], [1, 3.9], [2, 4], [3, 4.1], [4, 4.2]],
    repeats: [0, 0, 0, 0, 0],
  },
  {
    what: "lost frames repeat the one before",
    rate: 24,
    fps: 24,
    frames: [[5, 0], [6, 1], [9, 4]],
    repeats: [0, 0, 2],
  },
  {
    what: "a frame that comes after a later one has no place",
    rate: 24,
    fps: 24,
    frames: [[0, 0], [2, 2], [1, 1], [3, 3]],
    repeats: [0, 1, undefined, 0],
  },
  {
    what: "a slower stream repeats, a faster one leaves out",
    rate: 30,
    fps: 15,
    frames: [[0, 0], [1, 1], [2, 2]],
    repeats: [0, 1, 1],
  },
  {
    what: "a faster stream leaves frames out",
    rate: 15,
    fps: 30,
    frames: [[0, 0], [1, 1], [2, 2], [3, 3], [4, 4]],
    repeats: [0, 0, undefined, 0, undefined],
  },
  {
    what: "without a rate the times of sending decide",
    rate: 30,
    frames: [[0, 0], [1, 2], [2, 4.1]],
    repeats: [0, 1, 1],
  },
  {
    what:
      "a source that is slower than it said is followed after half a second",
    rate: 30,
    fps: 30,
    frames: [[0, 0], [1, 14], [2, 28]],
    repeats: [0, 0, 26],
  },
  {
    what: "of a long gap ten seconds are filled, and what follows is close",
    rate: 10,
    fps: 10,
    frames: [[0, 0], [1000, 1000], [1001, 1001]],
    repeats: [0, 100, 0],
  },
];

for (const { what, rate, fps, frames, repeats } of CASES) {
  Deno.test(`recording: ${what}`, () => {
    assert.deepEqual(placed(rate, fps, frames), repeats);
  });
}

Deno.test("recording: a stream whose last frames were lost is as long as it was", () => {
  const timeline = new RecordingTimeline(30);
  timeline.announceRate(30);
  timeline.beginStream();
  timeline.place(0, 0);
  assert.equal(timeline.endStream(5), 4);
  assert.equal(timeline.ticks, 5);
  timeline.beginStream();
  assert.equal(timeline.place(0, 1e9), 0);
  assert.equal(timeline.endStream(1), 0);
  assert.equal(timeline.endStream(50), 0);
  assert.equal(timeline.ticks, 6);
});
