import assert from "node:assert/strict";
import { FrameCount } from "../../src/services/rtsp_player/frame_count.ts";
import { MediaClock } from "../../src/services/rtsp_player/media_clock.ts";

const RATE = 90_000;
const FRAME = RATE / 25;

function countOf(dialect: "standard" | "lab", frameRate?: number): FrameCount {
  return new FrameCount({ dialect, clockRate: RATE, frameRate });
}

Deno.test("a frame of which not one packet came is seen in the timestamps", () => {
  const count = countOf("standard", 25);
  assert.equal(count.add(0, { lostPackets: 0, incompleteFrames: 0 }), 0);
  assert.equal(
    count.add(3 * FRAME, { lostPackets: 40, incompleteFrames: 0 }),
    2,
  );
  assert.deepEqual([count.number, count.complete, count.lost], [4, 2, 2]);
});

Deno.test("a jump in time without a lost packet is no lost frame", () => {
  const count = countOf("standard", 25);
  count.add(0, { lostPackets: 0, incompleteFrames: 0 });
  assert.equal(
    count.add(50 * FRAME, { lostPackets: 0, incompleteFrames: 0 }),
    0,
  );
});

Deno.test("more frames than packets were lost cannot be missing", () => {
  const count = countOf("standard", 25);
  count.add(0, { lostPackets: 0, incompleteFrames: 0 });
  assert.equal(
    count.add(50 * FRAME, { lostPackets: 2, incompleteFrames: 1 }),
    2,
  );
});

Deno.test("in the teaching dialect a lost packet is a lost frame", () => {
  const count = countOf("lab");
  count.add(undefined, { lostPackets: 0, incompleteFrames: 0 });
  assert.equal(
    count.add(undefined, { lostPackets: 3, incompleteFrames: 0 }),
    3,
  );
});

Deno.test("what is no picture, or given up, counts as lost once", () => {
  const count = countOf("standard", 25);
  count.addUnsound();
  count.giveUp({ lostPackets: 7, incompleteFrames: 2 });
  assert.equal(count.lost, 3);
  assert.equal(
    count.add(0, { lostPackets: 7, incompleteFrames: 2 }),
    0,
  );
  assert.deepEqual([count.number, count.lost], [1, 3]);
});

Deno.test("media time follows the timestamps over their wrap", () => {
  const clock = new MediaClock(RATE);
  clock.begin(10, 0xffff_ffff - RATE + 1);
  clock.follow(0xffff_ffff - RATE + 1, 0, undefined);
  assert.equal(clock.mediaTime, 10);
  clock.follow(0, 1000, undefined);
  clock.follow(RATE, 2000, undefined);
  assert.equal(clock.mediaTime, 12);
});

Deno.test("without timestamps media time is our own clock's", () => {
  const clock = new MediaClock(RATE);
  clock.begin(5, undefined);
  clock.follow(undefined, 100, undefined);
  clock.follow(undefined, 1600, undefined);
  assert.equal(clock.mediaTime, 6.5);
});

Deno.test("another source goes on where the one before was", () => {
  const clock = new MediaClock(RATE);
  clock.begin(0, 1000);
  clock.follow(1000 + 2 * RATE, 0, undefined);
  clock.changeSource();
  clock.follow(77, 100, undefined);
  clock.follow(77 + RATE, 1100, undefined);
  assert.equal(clock.mediaTime, 3);
});

Deno.test("latency is told after a sender report, and not when the clocks have nothing in common", () => {
  const clock = new MediaClock(RATE);
  clock.begin(0, 0);
  clock.follow(0, 0, 1_000_000);
  assert.equal(clock.latencyMs, undefined);
  clock.report(0, 1_000_000);
  clock.follow(RATE, 1000, 1_001_030);
  assert.equal(clock.latencyMs, 30);
  clock.follow(2 * RATE, 2000, 9_000_000);
  assert.equal(clock.latencyMs, undefined);
});
