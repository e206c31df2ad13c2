import assert from "node:assert/strict";
import {
  type FragmentStore,
  RepairResponder,
  type StoredFrame,
  type WantedFragment,
  WHOLE_FRAME,
} from "../../src/chain/mod.ts";

const FRAGMENT = 1000;
const MS = 1000;

function store(
  frames: readonly { number: number; total: number; sent?: number }[],
  storedStreamId = 7,
): FragmentStore {
  const all = new Map(frames.map(({ number, total, sent = total }) => {
    const frame: StoredFrame = {
      number,
      bytes: new Uint8Array(total * FRAGMENT),
      total,
      originTimeUs: 0,
      has: (index) => index < sent,
    };
    return [number, frame];
  }));
  return { storedStreamId, stored: (frame) => all.get(frame) };
}

function of(frame: number, ...indices: number[]): WantedFragment[] {
  return indices.map((index) => ({ frame, index }));
}

Deno.test("what is there is sent again, and what is not is counted", () => {
  const responder = new RepairResponder();
  const frames = store([{ number: 5, total: 10, sent: 4 }]);
  const wanted = [...of(4, 0), ...of(5, 1, 3, 4, 99)];
  assert.deepEqual(responder.answer(wanted, frames, 0), of(5, 1, 3));
  assert.deepEqual(responder.figures, {
    asked: 5,
    resent: 2,
    withheld: 0,
    unknown: 3,
  });
});

Deno.test("a whole frame is as much of it as has left", () => {
  const frames = store([{ number: 5, total: 10, sent: 3 }]);
  const answer = new RepairResponder()
    .answer(of(5, WHOLE_FRAME), frames, 0);
  assert.deepEqual(answer, of(5, 0, 1, 2));
});

Deno.test("a question that crosses its answer is not answered twice", () => {
  const responder = new RepairResponder();
  const frames = store([{ number: 5, total: 10 }]);
  assert.deepEqual(responder.answer(of(5, 1, 1), frames, 0), of(5, 1));
  assert.deepEqual(responder.answer(of(5, 1), frames, 3 * MS), []);
  assert.deepEqual(responder.answer(of(5, 1), frames, 9 * MS), of(5, 1));
});

Deno.test("whatever is asked for, only a share of what is sent is sent again", () => {
  const responder = new RepairResponder();
  const frames = store(
    Array.from({ length: 16 }, (_, number) => ({ number, total: 60 })),
  );
  const wanted = Array.from(
    { length: 16 },
    (_, number) => of(number, WHOLE_FRAME),
  ).flat();
  let now = 0;
  const ask = (): number =>
    responder.answer(wanted, frames, now += 10 * MS).length * FRAGMENT;
  assert.ok(ask() <= 64 * 1024);
  let saved = 0;
  for (let round = 0; round < 100; round++) saved += ask();
  assert.ok(saved <= 512 * 1024);
  assert.equal(ask(), 0);
  responder.sent(100_000);
  assert.equal(ask(), 30_000);
  assert.ok(responder.figures.withheld > 0);
});

Deno.test("another stream's frame of the same number was not sent again yet", () => {
  const responder = new RepairResponder();
  responder.answer(of(5, 1), store([{ number: 5, total: 10 }], 7), 0);
  const other = store([{ number: 5, total: 10 }], 8);
  assert.deepEqual(responder.answer(of(5, 1), other, 1), of(5, 1));
});
