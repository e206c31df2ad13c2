import assert from "node:assert/strict";
import type { Impairment } from "../support/impairment.ts";
import { FRAMES, play } from "./support/lossy_chain.ts";

Deno.test("2 % lost and 5 % reordered on every hop: all but one in a thousand frames whole, at most 6 % more datagrams", async () => {
  const { whole, datagrams, fragments, intact } = await play({
    loss: 0.02,
    reorder: 0.05,
  });
  assert.ok(intact);
  assert.ok(Math.min(...whole) >= FRAMES * 0.999, `whole: ${whole}`);
  const most = Math.max(...datagrams) / (FRAMES * fragments);
  assert.ok(most <= 1.06, `sent: ${datagrams}`);
});

Deno.test("10 % lost on every hop: 99 % of the frames whole", async () => {
  const { whole, intact } = await play({ loss: 0.1 });
  assert.ok(intact);
  assert.ok(Math.min(...whole) >= FRAMES * 0.99, `whole: ${whole}`);
});

Deno.test("parity replaces what is lost where nobody can be asked", async () => {
  const deaf: Impairment = { loss: 1 };
  const bad: Impairment = { loss: 0.01 };
  const without = await play(bad, { backward: deaf, frames: 120 });
  const { whole, intact } = await play(bad, {
    backward: deaf,
    frames: 120,
    parityPercent: 40,
  });
  assert.ok(intact);
  const lost = without.whole.map((count) => 120 - count);
  assert.ok(Math.max(...lost) > 10, `lost without parity: ${lost}`);
  assert.ok(Math.min(...whole) >= 110, `whole: ${whole}`);
});

Deno.test("a hop that loses everything for a while is not flooded afterwards", async () => {
  let number = 0;
  const gap = (): boolean => number++ > 900 && number < 1800;
  const { whole, datagrams, fragments } = await play({ drop: gap }, {
    frames: 150,
  });
  // What is lost for longer than it is kept is lost; the rest comes.
  assert.ok(Math.min(...whole) >= 50, `whole: ${whole}`);
  assert.ok(Math.max(...datagrams) <= 150 * fragments * 1.3, `${datagrams}`);
});

Deno.test("nothing is asked for while nothing is lost", async () => {
  const { whole, datagrams, fragments } = await play({}, { frames: 60 });
  assert.deepEqual(whole, [60, 60, 60, 60]);
  // The end of the stream is said three times.
  for (const count of datagrams) {
    assert.ok(count >= 60 * fragments && count <= 60 * fragments + 3);
  }
});
