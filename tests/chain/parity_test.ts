import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeBinaryDatagram,
  parityDatagramBytes,
  parityGroups,
  Relay,
  writeParity,
} from "../../src/chain/mod.ts";
import { fuzzRuns } from "../support/fuzz.ts";
import { fakeJpeg, fragments, NOW_US } from "./support.ts";

const STREAM = 7;

/** A frame's fragments and its parity. */
function datagramsOf(
  bytes: Uint8Array,
  frameNumber: number,
  fragmentBytes: number,
  percent: number,
): { data: Uint8Array[]; parity: Uint8Array[] } {
  const data = fragments(bytes, frameNumber, { fragmentBytes });
  const frame = { streamId: STREAM, frameNumber, bytes, total: data.length };
  const groups = parityGroups(data.length, percent);
  const parity = Array.from({ length: groups }, (_, group) => {
    const out = new Uint8Array(parityDatagramBytes(frame));
    writeParity(frame, group, groups, NOW_US, out, 0);
    return out;
  });
  return { data, parity };
}

/** The whole frames that a relay makes of datagrams. */
function wholeOf(datagrams: readonly Uint8Array[]): {
  whole: Uint8Array[];
  drops: (string | 0)[];
} {
  const relay = new Relay();
  const whole: Uint8Array[] = [];
  const drops = datagrams.map((datagram) => {
    const { frame, drop } = relay.receive(datagram.slice(), NOW_US, true);
    if (frame !== undefined) {
      whole.push(frame.jpeg.bytes.slice());
      frame.jpeg.release();
    }
    return drop;
  });
  relay.close();
  return { whole, drops };
}

Deno.test("the groups are the percentage of the fragments, at least one, at most all", () => {
  const cases: [number, number, number][] = [
    [131, 0, 0],
    [131, 10, 14],
    [2, 10, 1],
    [1, 100, 1],
    [10, 100, 10],
    [60_000, 100, 256],
  ];
  for (const [total, percent, groups] of cases) {
    assert.equal(parityGroups(total, percent), groups);
  }
});

Deno.test("any one fragment of a group is replaced, whenever the parity comes", () => {
  const frame = fakeJpeg(2345);
  const { data, parity } = datagramsOf(frame, 0, 100, 10);
  assert.equal(parity.length, 3);
  for (let lost = 0; lost < data.length; lost++) {
    const rest = data.filter((_, index) => index !== lost);
    const orders = [
      [...rest, ...parity],
      [...parity, ...rest],
      [...rest.slice(0, 9), ...parity, ...rest.slice(9)],
    ];
    for (const order of orders) {
      assert.deepEqual(wholeOf(order).whole, [frame], `without ${lost}`);
    }
  }
});

Deno.test("a burst as long as there are groups is replaced, one longer is not", () => {
  const frame = fakeJpeg(5000);
  const { data, parity } = datagramsOf(frame, 0, 100, 10);
  const without = (first: number, count: number): Uint8Array[] => [
    ...data.filter((_, index) => index < first || index >= first + count),
    ...parity,
  ];
  assert.deepEqual(wholeOf(without(20, parity.length)).whole, [frame]);
  assert.deepEqual(wholeOf(without(20, parity.length + 1)).whole, []);
});

Deno.test("parity of a whole frame goes on once; of another division of it nothing does", () => {
  const frame = fakeJpeg(500);
  const { data, parity } = datagramsOf(frame, 0, 100, 40);
  const [first] = parity;
  const { drops } = wholeOf([...data, first!, first!]);
  assert.deepEqual(drops.slice(-2), [0, "duplicate"]);
  const other = datagramsOf(frame, 0, 100, 60).parity[1]!;
  assert.deepEqual(wholeOf([data[0]!, first!, other]).drops, [
    0,
    0,
    "conflict",
  ]);
});

Deno.test("a parity datagram is read as it was written", () => {
  const frame = fakeJpeg(1000);
  const [, second] = datagramsOf(frame, 5, 100, 20).parity;
  const read = decodeBinaryDatagram(second!);
  assert.ok(read.type === "parity");
  assert.deepEqual(
    [read.group, read.groups, read.total, read.frameBytes, read.frameNumber],
    [1, 2, 10, 1000, 5],
  );
  assert.equal(read.payload.length, 100);
});

Deno.test("fuzz: whatever is lost and in whatever order, a whole frame is the one that was sent", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 4, max: 3000 }),
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 100 }),
      fc.infiniteStream(fc.nat(1000)),
      (bytes, fragmentBytes, percent, numbers) => {
        const frame = fakeJpeg(bytes);
        const { data, parity } = datagramsOf(frame, 0, fragmentBytes, percent);
        const kept = [...data, ...parity]
          .filter(() => numbers.next().value! > 100)
          .map((datagram) => ({ datagram, key: numbers.next().value! }))
          .sort((a, b) => a.key - b.key)
          .map(({ datagram }) => datagram);
        const { whole } = wholeOf(kept);
        assert.ok(whole.length <= 1);
        for (const one of whole) assert.deepEqual(one, frame);
      },
    ),
    { numRuns: fuzzRuns(100) },
  );
});
