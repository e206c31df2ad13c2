import assert from "node:assert/strict";
import {
  applyAction,
  applyWaiting,
  ClockOffset,
  initialPlayback,
  positionAt,
  SyncSteering,
} from "../../src/signaling/mod.ts";
import { SeededRandom } from "../support/random.ts";

Deno.test("position follows from state and time", () => {
  let state = initialPlayback(1000);
  assert.equal(positionAt(state, 9000), 0);
  state = applyAction(state, { action: "play", time: 5 }, 10_000);
  assert.equal(positionAt(state, 12_000), 7);
  state = applyAction(state, { action: "speed", speed: 2 }, 12_000);
  assert.equal(positionAt(state, 13_000), 9);
  state = applyAction(state, { action: "volume", volume: 0.5 }, 13_000);
  assert.equal(positionAt(state, 13_500), 10);
  state = applyWaiting(state, ["b"], 13_500);
  assert.equal(positionAt(state, 99_000), 10);
  state = applyWaiting(state, [], 20_000);
  assert.equal(positionAt(state, 20_500), 11);
  state = applyAction(state, { action: "seek", time: 100 }, 21_000);
  assert.equal(positionAt(state, 21_500), 101);
  state = applyAction(state, { action: "pause" }, 22_000);
  assert.equal(positionAt(state, 50_000), 102);
  assert.equal(positionAt(state, 0), 102, "never before it was set");
});

for (const roundTrip of [20, 100, 200]) {
  Deno.test(`the clock's offset is right within 10 ms at ${roundTrip} ms and 20 ms of jitter`, () => {
    const random = new SeededRandom(roundTrip);
    const errors: number[] = [];
    for (let run = 0; run < 200; run++) {
      const clock = new ClockOffset();
      const offset = 1e6 * random.next();
      let now = 0;
      for (let trip = 0; trip < 10; trip++) {
        now += 60;
        const there = roundTrip / 2 + 20 * random.next();
        const back = roundTrip / 2 + 20 * random.next();
        clock.add({
          sent: now,
          remote: now + there + offset,
          received: now + there + back,
        });
      }
      errors.push(Math.abs(clock.offsetMs - offset));
    }
    errors.sort((a, b) => a - b);
    assert.ok(errors[100]! < 4, `p50 ${errors[100]}`);
    assert.ok(errors[190]! < 10, `p95 ${errors[190]}`);
  });
}

Deno.test("nonsense is no round trip", () => {
  const clock = new ClockOffset();
  clock.add({ sent: 10, remote: 5, received: 9 });
  clock.add({ sent: 10, remote: NaN, received: 11 });
  assert.equal(clock.known, false);
  assert.equal(clock.toRemote(5), 5);
});

/** A player whose picture is late by up to a refresh, and whose clock runs a little wrong. */
function simulate(
  { start, seekMs = 180, skew = 1.0005, seconds = 10, disturbAt = -1 }: {
    start: number;
    seekMs?: number;
    skew?: number;
    seconds?: number;
    disturbAt?: number;
  },
): { drifts: number[]; seeks: number; settledAt: number } {
  const random = new SeededRandom(7);
  const steering = new SyncSteering();
  let position = start;
  let rate = 1;
  let seekUntil = -1;
  let seeks = 0;
  let settledAt = 0;
  const drifts: number[] = [];
  for (let now = 0; now < seconds * 1000; now += 33) {
    const target = 100 + now / 1000;
    if (now <= disturbAt && disturbAt < now + 33) position -= 0.25;
    if (seekUntil > 0 && now >= seekUntil) {
      seekUntil = -1;
      steering.seeked(now);
    }
    const seeking = seekUntil > 0;
    if (!seeking) position += 0.033 * rate * skew;
    const action = steering.update({
      now,
      target,
      rate: 1,
      actual: position - 0.016 * random.next(),
      ready: !seeking,
    });
    if (action.type === "rate") rate = action.rate;
    if (action.type === "seek") {
      seeks++;
      position = action.to;
      seekUntil = now + seekMs;
    }
    const drift = 1000 * (position - target);
    drifts.push(drift);
    if (Math.abs(drift) > 50) settledAt = now;
  }
  return { drifts, seeks, settledAt };
}

Deno.test("a small difference is taken off by speed, without a seek", () => {
  for (const start of [100.1, 99.8, 99.6]) {
    const { drifts, seeks, settledAt } = simulate({ start });
    assert.equal(seeks, 0);
    assert.ok(settledAt < 2000, `${start}: ${settledAt} ms`);
    const last = drifts.slice(-100).map(Math.abs).sort((a, b) => a - b);
    assert.ok(last[50]! < 20, `p50 ${last[50]}`);
    assert.ok(last[95]! < 50, `p95 ${last[95]}`);
  }
});

Deno.test("a large one by seeks that learn what a seek takes", () => {
  for (const seekMs of [40, 180, 600]) {
    const { seeks, settledAt } = simulate({ start: 60, seekMs });
    assert.ok(seeks >= 1 && seeks <= 2, `${seeks} seeks`);
    assert.ok(settledAt < 3500, `${seekMs}: ${settledAt}`);
  }
});

Deno.test("after a disturbance of 0.25 s it is back within 1.5 s", () => {
  const { settledAt, seeks } = simulate({ start: 100, disturbAt: 5000 });
  assert.equal(seeks, 0);
  assert.ok(settledAt - 5000 < 1500, `${settledAt - 5000} ms`);
});

Deno.test("a player that stands still goes to its place once", () => {
  const steering = new SyncSteering();
  const still = { target: 5, rate: 0, ready: true };
  assert.deepEqual(steering.update({ ...still, now: 0, actual: 4 }), {
    type: "seek",
    to: 5,
  });
  assert.deepEqual(steering.update({ ...still, now: 100, actual: 4 }), {
    type: "none",
  });
  steering.seeked(150);
  assert.deepEqual(steering.update({ ...still, now: 5000, actual: 5.01 }), {
    type: "none",
  });
});

Deno.test("when somebody has set the position, the player goes there at once, however often", () => {
  const steering = new SyncSteering();
  const at = { rate: 1, actual: 10 };
  const first = steering.jump({ ...at, now: 0, target: 50 });
  assert.ok(first.type === "seek" && first.to > 50 && first.to < 50.5);
  const second = steering.jump({ ...at, now: 50, target: 20 });
  assert.equal(second.type, "seek");
  const none = steering.jump({ ...at, now: 90, target: 10.1 });
  assert.equal(none.type, "none");
  const still = steering.jump({ rate: 0, actual: 10, now: 99, target: 10.1 });
  assert.deepEqual(still, { type: "seek", to: 10.1 });
});
