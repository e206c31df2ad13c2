import assert from "node:assert/strict";
import { findScanEnd, readSegments } from "../../src/jpeg/markers.ts";
import { syntheticJpeg } from "./support/synthetic.ts";

const SCAN_ENDS: readonly [what: string, bytes: number[], end: number][] = [
  ["plain bytes up to EOI", [1, 2, 3, 0xff, 0xd9], 3],
  ["a marker at once", [0xff, 0xd9], 0],
  ["stuffed FF", [0xff, 0, 0xff, 0, 0xff, 0xd9], 4],
  ["restart markers", [1, 0xff, 0xd0, 2, 0xff, 0xd7, 0xff, 0xd9], 6],
  ["fill before EOI", [1, 0xff, 0xff, 0xff, 0xd9], 1],
  ["fill before a restart marker", [1, 0xff, 0xff, 0xd0, 2, 0xff, 0xd9], 5],
  ["another segment", [1, 0xff, 0xc4, 0, 2], 1],
  ["no marker", [1, 2, 3], -1],
  ["a FF at the end", [1, 2, 0xff], -1],
  ["fill at the end", [1, 0xff, 0xff], -1],
  ["a stuffed FF at the end", [1, 0xff, 0], -1],
  ["nothing", [], -1],
];

Deno.test("a scan ends at the first marker that is no restart marker", () => {
  for (const [what, bytes, end] of SCAN_ENDS) {
    // The search goes eight bytes at a time: try every alignment of the end.
    for (let before = 0; before < 20; before++) {
      for (const filler of [0x00, 0x7f, 0x80, 0xfe]) {
        const shifted = Uint8Array.from([
          ...new Array<number>(before).fill(filler),
          ...bytes,
        ]);
        const expected = end < 0 ? -1 : end + before;
        assert.equal(findScanEnd(shifted, 0), expected, what);
        assert.equal(findScanEnd(shifted, before), expected, what);
      }
    }
  }
});

Deno.test("a scan's end is found in a view that does not begin its buffer", () => {
  const buffer = new Uint8Array(64).fill(0xff);
  const view = buffer.subarray(11, 31);
  view.fill(7);
  view.set([0xff, 0xd9], 18);
  assert.equal(findScanEnd(view, 0), 18);
});

Deno.test("segments come in order and cover the file without a gap", () => {
  const bytes = syntheticJpeg({ restartInterval: 2, separateScans: true });
  const markers: number[] = [];
  let at = 0;
  for (const segment of readSegments(bytes)) {
    assert.equal(segment.offset, at);
    markers.push(segment.marker);
    at = segment.dataEnd;
  }
  assert.equal(at, bytes.length);
  assert.deepEqual(
    markers.map((marker) => marker.toString(16)).join(" "),
    "d8 db db dd c0 c4 c4 c4 c4 da da da d9",
  );
});

Deno.test("fill bytes before a marker belong to its segment", () => {
  const bytes = Uint8Array.of(0xff, 0xd8, 0xff, 0xff, 0xff, 0xfe, 0, 3, 9);
  const [, comment] = take(readSegments(bytes), 2);
  assert.deepEqual(comment, {
    marker: 0xfe,
    offset: 2,
    start: 8,
    end: 9,
    dataEnd: 9,
  });
});

function take<T>(items: Iterable<T>, count: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}
