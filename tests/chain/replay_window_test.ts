import assert from "node:assert/strict";
import fc from "fast-check";
import { ReplayWindow } from "../../src/chain/mod.ts";

Deno.test("a number is taken once, in about the order of counting", () => {
  const window = new ReplayWindow();
  assert.ok(window.take(5000));
  assert.ok(!window.take(5000));
  assert.ok(window.take(4999));
  assert.ok(!window.take(4999));
  assert.ok(window.take(5000 - 1023));
  assert.ok(!window.take(5000 - 1024));
  assert.ok(window.take(1_000_000));
  assert.ok(!window.take(5001));
  assert.ok(!window.take(-1));
  window.reset();
  assert.ok(window.take(0));
});

Deno.test("whatever comes, nothing is taken twice and nothing new is refused", () => {
  fc.assert(fc.property(
    fc.array(fc.oneof(fc.nat(3000), fc.nat(2 ** 40)), { maxLength: 300 }),
    (numbers) => {
      const window = new ReplayWindow();
      const taken = new Set<number>();
      let newest = -1;
      for (const number of numbers) {
        const isNew = !taken.has(number) && number > newest - 1024;
        assert.equal(window.take(number), isNew);
        if (isNew) taken.add(number);
        newest = Math.max(newest, number);
      }
    },
  ));
});
