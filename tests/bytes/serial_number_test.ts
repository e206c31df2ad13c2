import assert from "node:assert/strict";
import fc from "fast-check";
import { serialDistance, SerialExtender } from "../../src/bytes/mod.ts";

/** RFC 1982 section 3.2, and the edges of each space. */
const DISTANCES: [a: number, b: number, bits: 16 | 32, distance: number][] = [
  [0, 0, 16, 0],
  [1, 0, 16, 1],
  [0, 1, 16, -1],
  [0, 65_535, 16, 1],
  [65_535, 0, 16, -1],
  [5, 65_530, 16, 11],
  [32_767, 0, 16, 32_767],
  [32_768, 0, 16, -32_768],
  [32_769, 0, 16, -32_767],
  [0, 4_294_967_295, 32, 1],
  [4_294_967_295, 0, 32, -1],
  [2_147_483_647, 0, 32, 2_147_483_647],
  [2_147_483_648, 0, 32, -2_147_483_648],
  [10, 4_294_967_290, 32, 16],
];

for (const [a, b, bits, distance] of DISTANCES) {
  Deno.test(`from ${b} to ${a} in ${bits} bits it is ${distance}`, () => {
    assert.equal(serialDistance(a, b, bits), distance);
  });
}

Deno.test("a distance added to its start gives its end, in both spaces", () => {
  for (const bits of [16, 32] as const) {
    const size = 2 ** bits;
    const serial = fc.integer({ min: 0, max: size - 1 });
    fc.assert(fc.property(serial, serial, (a, b) => {
      const distance = serialDistance(a, b, bits);
      assert.ok(distance >= -size / 2 && distance < size / 2);
      assert.equal((b + distance + size) % size, a);
    }));
  }
});

/** Serials as they arrive, and what they are extended to. */
const EXTENSIONS: [name: string, bits: 16 | 32, [number, number][]][] = [
  ["counts on across the wrap", 16, [
    [65_534, 65_534],
    [65_535, 65_535],
    [0, 65_536],
    [1, 65_537],
  ]],
  ["places a late one before the wrap", 16, [
    [65_534, 65_534],
    [0, 65_536],
    [65_535, 65_535],
    [1, 65_537],
  ]],
  ["gives the same number for a duplicate", 16, [[7, 7], [7, 7], [7, 7]]],
  ["gives negative numbers before the first", 16, [
    [2, 2],
    [65_535, -1],
    [3, 3],
  ]],
  ["takes a jump of just under half the space as forward", 16, [
    [0, 0],
    [32_767, 32_767],
    [65_534, 65_534],
    [32_765, 98_301],
  ]],
  ["takes a jump of half the space as backward", 16, [[0, 0], [
    32_768,
    -32_768,
  ]]],
  ["wraps in 32 bits", 32, [
    [4_294_967_295, 4_294_967_295],
    [0, 4_294_967_296],
    [4_294_967_294, 4_294_967_294],
  ]],
];

for (const [name, bits, steps] of EXTENSIONS) {
  Deno.test(`an extender ${name}`, () => {
    const extender = new SerialExtender(bits);
    for (const [serial, extended] of steps) {
      assert.equal(extender.extend(serial), extended, `serial ${serial}`);
    }
  });
}

Deno.test("a counter that wanders by less than half the space is followed for ever", () => {
  fc.assert(fc.property(
    fc.nat(0xffff),
    fc.array(fc.integer({ min: -1_000, max: 30_000 }), { maxLength: 200 }),
    (first, steps) => {
      const extender = new SerialExtender(16);
      let counter = first;
      let highest = first;
      assert.equal(extender.extend(first), first);
      for (const step of steps) {
        counter = highest + step;
        highest = Math.max(highest, counter);
        const serial = ((counter % 0x1_0000) + 0x1_0000) % 0x1_0000;
        assert.equal(extender.extend(serial), counter);
      }
    },
  ));
});
