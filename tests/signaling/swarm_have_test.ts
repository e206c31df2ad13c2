import assert from "node:assert/strict";
import {
  applyHave,
  ChunkSet,
  encodeHaveBits,
  encodeHaveList,
  MAX_HAVE_BITS_BYTES,
  MAX_HAVE_LIST,
  readHave,
  SignalProtocolError,
} from "../../src/signaling/mod.ts";

/** What somebody knows after these frames. */
function heard(frames: readonly Uint8Array<ArrayBuffer>[], total: number) {
  const set = new ChunkSet(total);
  let changes = 0;
  for (const frame of frames) {
    applyHave(set, readHave(frame, total), () => changes++);
  }
  return { set, changes };
}

Deno.test("a set that is told as bits is the same set, also when it fills several frames", () => {
  for (const total of [1, 7, 8, 9, 1000, 8 * MAX_HAVE_BITS_BYTES + 5]) {
    const mine = new ChunkSet(total);
    for (let chunk = 0; chunk < total; chunk += 3) mine.add(chunk);
    mine.add(total - 1);
    const { set } = heard(encodeHaveBits(mine), total);
    assert.equal(set.count, mine.count);
    for (let chunk = 0; chunk < total; chunk++) {
      assert.equal(set.has(chunk), mine.has(chunk));
    }
  }
});

Deno.test("what came and what was thrown away is told in lists of bounded length", () => {
  const chunks = Array.from({ length: MAX_HAVE_LIST + 1 }, (_, index) => index);
  const added = encodeHaveList("added", chunks);
  assert.equal(added.length, 2);
  const { set, changes } = heard(
    [...added, ...added, ...encodeHaveList("lost", [5, 6])],
    2000,
  );
  assert.equal(set.count, chunks.length - 2);
  assert.equal(set.has(5), false);
  assert.equal(changes, chunks.length + 2); // nothing counts twice
  assert.deepEqual(encodeHaveList("added", []), []);
});

Deno.test("a frame that speaks of chunks that there are not is refused", () => {
  const [beyond] = encodeHaveList("added", [100]);
  const whole = new ChunkSet(104);
  whole.add(103);
  const [bits] = encodeHaveBits(whole);
  const bad: [string, Uint8Array<ArrayBuffer>, number][] = [
    ["a chunk beyond the end", beyond!, 100],
    ["a bit beyond the end", bits!, 101],
    ["bytes beyond the end", bits!, 90],
    ["a list that is cut", beyond!.slice(0, -1), 200],
    ["a kind that nobody knows", new Uint8Array([3, 9, 0, 0]), 100],
    ["nothing", new Uint8Array([3]), 100],
    ["another frame", new Uint8Array([1, 0, 0, 0]), 100],
    ["odd bits", new Uint8Array([3, 0, 0, 0, 0, 0, 0, 1, 0]), 100],
  ];
  for (const [what, frame, total] of bad) {
    assert.throws(() => readHave(frame, total), SignalProtocolError, what);
  }
});
