import assert from "node:assert/strict";
import fc from "fast-check";
import { Pacer } from "../../src/net/pacer.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const FRAME_US = 33_333;

/** Lets the pacer run on a clock that wakes `lateUs` after each deadline. */
function run(
  pacer: Pacer,
  startUs: number,
  lateUs: number,
): { at: number; count: number }[] {
  const sent: { at: number; count: number }[] = [];
  let now = startUs;
  while (!pacer.done) {
    const count = pacer.take(now);
    if (count > 0) sent.push({ at: now, count });
    now = Math.max(now + 1, (pacer.nextAt() ?? now) + lateUs);
  }
  return sent;
}

Deno.test("a frame is spread over its share of the frame time", () => {
  const pacer = new Pacer({ share: 0.8 });
  pacer.begin(130, 1400, 1_000_000, FRAME_US, 1_000_000);
  const sent = run(pacer, 1_000_000, 0);
  assert.equal(sent.reduce((sum, s) => sum + s.count, 0), 130);
  assert.equal(sent[0]?.at, 1_000_000);
  const last = sent.at(-1);
  assert.ok(last !== undefined && last.at <= 1_004_000 + FRAME_US * 0.8);
  assert.ok(last.at > 1_000_000 + FRAME_US * 0.6);
  assert.ok(Math.max(...sent.map((s) => s.count)) <= 21);
});

Deno.test("late wake-ups do not add up", () => {
  const pacer = new Pacer({ share: 0.8 });
  pacer.begin(130, 1400, 0, FRAME_US, 0);
  const sent = run(pacer, 0, 900);
  const end = sent.at(-1)?.at ?? Infinity;
  assert.ok(end <= FRAME_US * 0.8 + 5000, `ended at ${end}`);
});

Deno.test("a sender that slept does not send everything at once", () => {
  const pacer = new Pacer({ burstBytes: 14_000, tickUs: 4000 });
  pacer.begin(130, 1400, 0, FRAME_US, 0);
  assert.equal(pacer.take(FRAME_US), 10);
  assert.equal(pacer.take(FRAME_US), 0);
  assert.equal(pacer.nextAt(), FRAME_US + 4000);
  assert.equal(pacer.take(FRAME_US + 4000), 10);
});

Deno.test("a frame that begins late uses the time that is left", () => {
  const pacer = new Pacer({ share: 0.5, tickUs: 100 });
  pacer.begin(10, 1400, 0, 10_000, 4000);
  assert.equal(pacer.take(4000), 1);
  const sent = run(pacer, 4001, 0);
  assert.ok((sent.at(-1)?.at ?? 0) >= 4800);
  assert.ok((sent.at(-1)?.at ?? Infinity) <= 17_000);
});

Deno.test("whatever the clock does, every datagram is taken once", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 1, max: 65_000 }),
      fc.array(fc.integer({ min: 0, max: 50_000 }), { maxLength: 50 }),
      (count, bytes, steps) => {
        const pacer = new Pacer();
        pacer.begin(count, bytes, 0, FRAME_US, 0);
        let now = 0;
        let total = 0;
        for (const step of steps) {
          now += step;
          total += pacer.take(now);
        }
        while (!pacer.done) {
          now += 4000;
          total += pacer.take(now);
        }
        assert.equal(total, count);
        assert.equal(pacer.nextAt(), undefined);
      },
    ),
    { numRuns: fuzzRuns(100) },
  );
});
