import assert from "node:assert/strict";
import { mapEvents, type SignalEvent } from "../../src/referee/mod.ts";

function event(time: number): SignalEvent {
  return { time, kind: "hit", side: "left", text: "HIT", frame: undefined };
}

const FRAMES = { numbers: [10, 11, 13, 14], times: [0.5, 0.6, 0.8, 0.9] };

Deno.test("an event has the frame nearest in time, not the one of its number", () => {
  const cases: [number, number, number][] = [
    [0, 0, -0.5],
    [0.5, 0, 0],
    [0.54, 0, 0.04],
    [0.56, 1, -0.04],
    [0.7, 1, 0.1], // equally near: the earlier one
    [0.85, 2, 0.05],
    [9, 3, 8.1],
  ];
  for (const [time, index, difference] of cases) {
    const [mapped] = mapEvents([event(time)], FRAMES);
    assert.equal(mapped?.frame_index, index, `at ${time}`);
    assert.equal(mapped.frame_number, FRAMES.numbers[index]);
    assert.equal(mapped.frame_time, FRAMES.times[index]);
    assert.equal(mapped.difference, difference);
  }
});

Deno.test("an offset moves the events, not what is told of them", () => {
  const [mapped] = mapEvents([event(0.1)], FRAMES, 0.5);
  assert.equal(mapped?.time, 0.1);
  assert.equal(mapped.frame_index, 1);
  assert.equal(mapped.difference, 0);
});

Deno.test("without frames there is nothing to map to", () => {
  assert.deepEqual(mapEvents([event(1)], { numbers: [], times: [] }), []);
});
