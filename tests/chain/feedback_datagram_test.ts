import assert from "node:assert/strict";
import {
  BINARY_HEADER_BYTES,
  ChainProtocolError,
  decodeFeedback,
  encodeNack,
  encodeProbe,
  isFeedback,
  MAX_NACK_ENTRIES,
  type WantedFragment,
  WHOLE_FRAME,
} from "../../src/chain/mod.ts";
import { fakeJpeg, fragments, NOW_US } from "./support.ts";

function of(frame: number, ...indices: number[]): WantedFragment[] {
  return indices.map((index) => ({ frame, index }));
}

const CASES: readonly {
  name: string;
  wanted: WantedFragment[];
  entries: number;
}[] = [
  { name: "nothing", wanted: [], entries: 0 },
  { name: "one", wanted: of(3, 0), entries: 1 },
  { name: "as many as a mask holds", wanted: of(3, 5, 6, 21), entries: 1 },
  { name: "one beyond the mask", wanted: of(3, 5, 22), entries: 2 },
  { name: "two frames", wanted: [...of(3, 9), ...of(4, 10)], entries: 2 },
  {
    name: "a whole frame between others",
    wanted: [...of(3, 9), ...of(4, WHOLE_FRAME), ...of(5, 0, 1)],
    entries: 3,
  },
  {
    name: "the last fragment there can be, of the last frame",
    wanted: of(0xffff_ffff, WHOLE_FRAME - 1),
    entries: 1,
  },
];

for (const { name, wanted, entries } of CASES) {
  Deno.test(`a question for ${name} is read as it was written`, () => {
    const bytes = encodeNack(7, wanted, NOW_US);
    assert.equal(bytes.length, BINARY_HEADER_BYTES + entries * 8);
    assert.ok(isFeedback(bytes));
    assert.deepEqual(decodeFeedback(bytes), {
      type: "nack",
      streamId: 7,
      timeMs: Math.floor(NOW_US / 1000) % 2 ** 32,
      wanted,
    });
  });
}

Deno.test("a question that is too long ends where a datagram does", () => {
  const wanted = Array.from(
    { length: 400 },
    (_, i) => ({ frame: 1, index: i * 20 }),
  );
  const read = decodeFeedback(encodeNack(7, wanted, NOW_US));
  assert.ok(read.type === "nack");
  assert.deepEqual(read.wanted, wanted.slice(0, MAX_NACK_ENTRIES));
});

Deno.test("a probe and its answer carry the asker's time", () => {
  for (const kind of ["ask", "answer"] as const) {
    const bytes = encodeProbe(kind, NOW_US, NOW_US + 5);
    assert.deepEqual(decodeFeedback(bytes), {
      type: "probe",
      kind,
      timeUs: NOW_US % 2 ** 32,
    });
  }
});

function changed(
  bytes: Uint8Array,
  change: (view: DataView) => void,
): Uint8Array {
  const copy = bytes.slice();
  change(new DataView(copy.buffer));
  return copy;
}

Deno.test("what is no feedback is refused, and video is none", () => {
  const nack = encodeNack(7, of(3, 0), NOW_US);
  const [video] = fragments(fakeJpeg(50), 0);
  assert.ok(video !== undefined && !isFeedback(video));
  for (
    const bytes of [
      video,
      new Uint8Array(0),
      nack.subarray(0, 20),
      nack.subarray(0, nack.length - 1),
      changed(nack, (view) => view.setUint32(12, 0)),
      changed(nack, (view) => view.setUint32(40, 9)),
      changed(encodeProbe("ask", 1, 1), (view) => view.setUint8(3, 3)),
    ]
  ) assert.throws(() => decodeFeedback(bytes), ChainProtocolError);
});
