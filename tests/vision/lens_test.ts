import assert from "node:assert/strict";
import fc from "fast-check";
import { Lens } from "../../src/vision/mod.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const SIZE = { width: 1920, height: 1080 } as const;

Deno.test("bending undoes correcting, for any point and any lens", () => {
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(part, part, part, part, (strength, balance, across, down) => {
      const lens = new Lens(SIZE.width, SIZE.height, { strength, balance });
      const point = { x: across * SIZE.width, y: down * SIZE.height };
      const back = lens.bend(lens.correct(point));
      assert.ok(Math.hypot(back.x - point.x, back.y - point.y) < 0.01);
    }),
    { numRuns: fuzzRuns(100) },
  );
});

Deno.test("strength 0 changes nothing, and the middle never moves", () => {
  const none = new Lens(SIZE.width, SIZE.height, { strength: 0, balance: 1 });
  assert.deepEqual(none.correct({ x: 12, y: 1000 }), { x: 12, y: 1000 });
  const lens = new Lens(SIZE.width, SIZE.height, { strength: 1, balance: 0 });
  assert.deepEqual(lens.correct({ x: 959.5, y: 539.5 }), {
    x: 959.5,
    y: 539.5,
  });
});

Deno.test("balance 1 keeps the corners in the picture, balance 0 pushes them out", () => {
  const corner = { x: -0.5, y: -0.5 };
  const keep = new Lens(SIZE.width, SIZE.height, { strength: 0.8, balance: 1 });
  const kept = keep.correct(corner);
  assert.ok(Math.abs(kept.x + 0.5) < 0.01 && Math.abs(kept.y + 0.5) < 0.01);
  const fill = new Lens(SIZE.width, SIZE.height, { strength: 0.8, balance: 0 });
  assert.ok(fill.correct(corner).x < -50);
});

Deno.test("strength and balance are parts of 1", () => {
  assert.throws(
    () => new Lens(10, 10, { strength: 1.5, balance: 0 }),
    new RangeError(
      "Cannot correct a lens with strength 1.5: it must be from 0 to 1",
    ),
  );
  assert.throws(() => new Lens(10, 10, { strength: 1, balance: NaN }));
});
