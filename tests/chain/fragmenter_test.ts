import assert from "node:assert/strict";
import {
  BINARY_HEADER_BYTES,
  BinaryFragmenter,
  decodeBinaryDatagram,
  DEFAULT_FRAGMENT_BYTES,
} from "../../src/chain/mod.ts";
import { fakeJpeg, fragments, NOW_US } from "./support.ts";

Deno.test("the fragments of a frame are the frame, equal in size but for the last", () => {
  for (
    const [bytes, fragmentBytes] of [
      [1, 1],
      [1, 1360],
      [5, 4],
      [9, 2],
      [1360, 1360],
      [1361, 1360],
      [178_000, 1360],
      [178_001, 7640],
      [65_535, 1],
      [4_000_000, 65_467],
    ] as const
  ) {
    const frame = new Uint8Array(bytes).map((_, at) => at * 13 + (at >> 8));
    const datagrams = fragments(frame, 3, { fragmentBytes });
    const joined = new Uint8Array(bytes);
    let stride = 0;
    for (const [index, datagram] of datagrams.entries()) {
      const read = decodeBinaryDatagram(datagram);
      assert(read.type === "fragment");
      assert.equal(read.index, index);
      assert.equal(read.total, datagrams.length);
      assert(read.payload.length <= fragmentBytes && read.payload.length > 0);
      stride ||= read.payload.length;
      if (index < datagrams.length - 1) {
        assert.equal(read.payload.length, stride);
      }
      joined.set(read.payload, read.offset);
    }
    assert.equal(datagrams.length, Math.ceil(bytes / fragmentBytes));
    assert.deepEqual(joined, frame);
  }
});

Deno.test("a default datagram has at most 1400 bytes", () => {
  assert.equal(DEFAULT_FRAGMENT_BYTES + BINARY_HEADER_BYTES, 1400);
  const fragmenter = new BinaryFragmenter({ streamId: 1 });
  fragmenter.begin(fakeJpeg(178_000), 0);
  assert(fragmenter.datagramBytes <= 1400);
});

Deno.test("all datagrams at once are those written one by one", () => {
  const frame = fakeJpeg(10_000);
  const fragmenter = new BinaryFragmenter({ streamId: 7, fragmentBytes: 999 });
  fragmenter.begin(frame, 3);
  const out = new Uint8Array(fragmenter.totalBytes);
  const { count, stride, bytes } = fragmenter.writeAll(NOW_US, out);
  assert.equal(bytes, out.length);
  const one = fragments(frame, 3, { fragmentBytes: 999 });
  assert.equal(count, one.length);
  assert.deepEqual(
    one.map((_, index) => out.subarray(index * stride, (index + 1) * stride)),
    one,
  );
});

Deno.test("each fragment carries the time at which it was written", () => {
  const fragmenter = new BinaryFragmenter({ streamId: 7, fragmentBytes: 100 });
  fragmenter.begin(fakeJpeg(200), 0);
  const out = new Uint8Array(400);
  const first = fragmenter.write(0, NOW_US, out, 0);
  fragmenter.write(1, NOW_US + 4000.75, out, first);
  const second = decodeBinaryDatagram(out.subarray(first, 2 * first));
  assert.equal(second.originTimeUs, NOW_US + 4000);
  assert.equal(second.hopTimeUs, (NOW_US + 4000) % 2 ** 32);
});

Deno.test("what cannot be fragmented is refused", () => {
  for (const streamId of [0, -1, 1.5, 2 ** 32, NaN]) {
    assert.throws(() => new BinaryFragmenter({ streamId }), RangeError);
  }
  for (const fragmentBytes of [0, -5, 1.5, 65_468, NaN]) {
    assert.throws(
      () => new BinaryFragmenter({ streamId: 1, fragmentBytes }),
      RangeError,
    );
  }
  const fragmenter = new BinaryFragmenter({ streamId: 1, fragmentBytes: 2 });
  assert.throws(() => fragmenter.begin(new Uint8Array(0), 0), RangeError);
  assert.throws(() => fragmenter.begin(new Uint8Array(131_071), 0), {
    name: "RangeError",
    message:
      "Cannot fragment a frame of 131071 bytes: it takes 65536 fragments and 1 to 65535 are possible",
  });
  fragmenter.begin(new Uint8Array(4), 0);
  const out = new Uint8Array(100);
  for (const index of [-1, 2, 0.5]) {
    assert.throws(() => fragmenter.write(index, NOW_US, out, 0), RangeError);
  }
  assert.throws(() => fragmenter.write(0, NOW_US, out, 59), RangeError);
  assert.throws(
    () => fragmenter.writeAll(NOW_US, new Uint8Array(83)),
    RangeError,
  );
});
