import assert from "node:assert/strict";
import { paceFrames } from "../../src/media/mod.ts";

/** A clock that moves only when somebody sleeps or says so. */
class FakeClock {
  time = 5_000_000;
  readonly wakeLate: number;

  constructor(wakeLate = 0) {
    this.wakeLate = wakeLate;
  }

  now = (): number => this.time;

  sleepUntil = (until: number): Promise<void> => {
    this.time = Math.max(this.time, until + this.wakeLate);
    return Promise.resolve();
  };
}

async function* numbers(
  count: number,
  each: (i: number) => void = () => {},
): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) {
    each(i);
    yield i;
  }
}

Deno.test("a thousand late wake-ups do not add up", async () => {
  const clock = new FakeClock(700);
  const times: number[] = [];
  for await (
    const _ of paceFrames(numbers(1000), { fps: 30, ...clock })
  ) times.push(clock.time);
  times.forEach((time, i) => {
    const due = 5_000_000 + i * 1e6 / 30;
    assert.ok(time >= due && time - due <= 701, `${i}: ${time - due}`);
  });
});

Deno.test("a short stall is caught up with, frame by frame", async () => {
  const clock = new FakeClock();
  const times: number[] = [];
  const frames = numbers(20, (i) => {
    if (i === 5) clock.time += 500_000;
  });
  for await (const _ of paceFrames(frames, { fps: 10, ...clock })) {
    times.push(clock.time - 5_000_000);
  }
  // due at 0.5 s, taken at 0.9 s: those up to 0.9 s follow at once
  assert.deepEqual(times.slice(4, 12), [
    400_000,
    900_000,
    900_000,
    900_000,
    900_000,
    900_000,
    1_000_000,
    1_100_000,
  ]);
});

Deno.test("a long stall starts a new schedule without a burst", async () => {
  const clock = new FakeClock();
  const times: number[] = [];
  const frames = numbers(10, (i) => {
    if (i === 5) clock.time += 3_600_000_000;
  });
  for await (const _ of paceFrames(frames, { fps: 10, ...clock })) {
    times.push(clock.time);
  }
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  assert.deepEqual(gaps, [
    100_000,
    100_000,
    100_000,
    100_000,
    3_600_000_000,
    100_000,
    100_000,
    100_000,
    100_000,
  ]);
});

Deno.test("a slow consumer is treated as a stall, too", async () => {
  const clock = new FakeClock();
  const times: number[] = [];
  for await (const i of paceFrames(numbers(6), { fps: 10, ...clock })) {
    times.push(clock.time - 5_000_000);
    if (i === 1) clock.time += 250_000;
  }
  assert.deepEqual(times, [0, 100_000, 350_000, 350_000, 400_000, 500_000]);
});

Deno.test("an abort ends the sequence while it waits", async () => {
  const controller = new AbortController();
  const got: number[] = [];
  const run = (async () => {
    const frames = paceFrames(numbers(10), {
      fps: 0.001,
      signal: controller.signal,
    });
    for await (const i of frames) {
      got.push(i);
      queueMicrotask(() => controller.abort());
    }
  })();
  await run;
  assert.deepEqual(got, [0]);
});

Deno.test("the real clock keeps the rate", async () => {
  const started = performance.now();
  let count = 0;
  for await (const _ of paceFrames(numbers(11), { fps: 100 })) count++;
  const elapsed = performance.now() - started;
  assert.equal(count, 11);
  assert.ok(elapsed >= 98, `${elapsed}`);
});
