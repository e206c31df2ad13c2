import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import {
  BINARY_HEADER_BYTES,
  BINARY_TYPE,
  BinaryHeader,
  ChainProtocolError,
  decodeBinaryDatagram,
  encodeBinaryEnd,
  readBinaryHeader,
  setHopTime,
} from "../../src/chain/mod.ts";
import { fakeJpeg, fragments, NOW_US } from "./support.ts";

const FRAME = fakeJpeg(250);

/** A good fragment (index 1 of 3) with some bytes changed and the sum made right. */
function changed(
  change: (view: DataView) => void,
  length = FRAME.length,
): Uint8Array {
  const whole = fragments(FRAME, 5)[1]!;
  const bytes = new Uint8Array(Math.max(length, 0)).subarray(0, length);
  bytes.set(whole.subarray(0, length));
  change(new DataView(bytes.buffer));
  return summed(bytes);
}

function summed(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer).setUint32(4, crc32(bytes.subarray(12)));
  return bytes;
}

Deno.test("a fragment's bytes are those of the drawn header", () => {
  const [datagram] = fragments(Uint8Array.of(1, 2, 3), 0x01020304, {
    streamId: 0xa1a2a3a4,
    nowUs: 0x0006_4759_1234_5678,
  });
  const covered = "a1a2a3a4" + "01020304" + "0000" + "0001" + "00000003" +
    "0006475912345678" + "0000" + "0000" + "010203";
  const sum = crc32(Uint8Array.fromHex(covered)).toString(16).padStart(8, "0");
  assert.equal(datagram!.toHex(), `53540101${sum}12345678${covered}`);
});

Deno.test("a fragment is read as it was written", () => {
  const datagram = fragments(FRAME, 5)[2]!;
  const read = decodeBinaryDatagram(datagram);
  assert.deepEqual(read, {
    type: "fragment",
    streamId: 7,
    frameNumber: 5,
    index: 2,
    total: 3,
    frameBytes: 250,
    offset: 168,
    hopTimeUs: NOW_US % 2 ** 32,
    originTimeUs: NOW_US,
    payload: FRAME.subarray(168),
  });
});

Deno.test("an end of stream is read as it was written", () => {
  assert.deepEqual(decodeBinaryDatagram(encodeBinaryEnd(9, 411, NOW_US)), {
    type: "end",
    streamId: 9,
    frames: 411,
    hopTimeUs: NOW_US % 2 ** 32,
    originTimeUs: NOW_US,
  });
});

Deno.test("an extension is skipped", () => {
  const payload = Uint8Array.of(5, 6, 7);
  const bytes = new Uint8Array(BINARY_HEADER_BYTES + 4 + 3);
  bytes.set(fragments(payload, 0)[0]!.subarray(0, BINARY_HEADER_BYTES));
  bytes.set(payload, BINARY_HEADER_BYTES + 4);
  new DataView(bytes.buffer).setUint16(38, 4);
  const read = decodeBinaryDatagram(summed(bytes));
  assert.deepEqual(read.type === "fragment" && read.payload, payload);
});

Deno.test("the hop time changes without the checksum", () => {
  const datagram = fragments(FRAME, 5)[0]!;
  setHopTime(datagram, NOW_US + 12_345);
  const read = decodeBinaryDatagram(datagram);
  assert.equal(read.hopTimeUs, (NOW_US + 12_345) % 2 ** 32);
  assert.equal(read.originTimeUs, NOW_US);
});

Deno.test("a datagram inside a larger buffer is read like one alone", () => {
  const datagram = fragments(FRAME, 5)[0]!;
  const buffer = new Uint8Array(1000).fill(0xee);
  buffer.set(datagram, 333);
  const inside = buffer.subarray(333, 333 + datagram.length);
  assert.deepEqual(
    decodeBinaryDatagram(inside),
    decodeBinaryDatagram(datagram),
  );
});

Deno.test("what is no datagram of ours is refused, and the reason named", () => {
  const end = new Uint8Array(encodeBinaryEnd(9, 4, NOW_US));
  const endWithPayload = new Uint8Array(41);
  endWithPayload.set(end);
  const endWithIndex = end.slice();
  endWithIndex[21] = 1;
  const flipped = fragments(FRAME, 5)[1]!;
  flipped[100]! ^= 1;
  const cases: [string, Uint8Array, string][] = [
    ["nothing", new Uint8Array(0), "truncated"],
    ["one byte", Uint8Array.of(0x53), "truncated"],
    ["JSON", new TextEncoder().encode('{"type": "x"}'), "unknown-wire"],
    ["junk", new Uint8Array(65_507).fill(0x41), "unknown-wire"],
    ["39 bytes", fragments(FRAME, 5)[0]!.subarray(0, 39), "truncated"],
    ["version 2", changed((v) => v.setUint8(2, 2)), "bad-version"],
    ["type 0", changed((v) => v.setUint8(3, 0)), "bad-type"],
    ["a nack", changed((v) => v.setUint8(3, BINARY_TYPE.nack)), "bad-type"],
    ["parity", changed((v) => v.setUint8(3, BINARY_TYPE.parity)), "bad-header"],
    ["keep-alive", changed((v) => v.setUint8(3, 5)), "bad-type"],
    ["a flipped bit", flipped, "bad-checksum"],
    ["stream 0", changed((v) => v.setUint32(12, 0)), "bad-header"],
    ["index = total", changed((v) => v.setUint16(20, 3)), "bad-header"],
    ["total 0", changed((v) => v.setUint16(22, 0)), "bad-header"],
    ["another total", changed((v) => v.setUint16(22, 4)), "bad-header"],
    ["another size", changed((v) => v.setUint32(24, 900)), "bad-header"],
    ["no frame bytes", changed((v) => v.setUint32(24, 0)), "bad-header"],
    ["4 GiB frame", changed((v) => v.setUint32(24, 2 ** 32 - 1)), "bad-header"],
    [
      "origin in the year 60000",
      changed((v) => v.setUint32(28, 0x20_0000)),
      "bad-header",
    ],
    ["a reserved flag", changed((v) => v.setUint16(36, 1)), "bad-header"],
    ["an unknown flag", changed((v) => v.setUint16(36, 0x8000)), "bad-header"],
    [
      "an extension beyond the end",
      changed((v) => v.setUint16(38, 5000)),
      "truncated",
    ],
    [
      "an extension in the payload",
      changed((v) => v.setUint16(38, 1)),
      "bad-header",
    ],
    ["a byte too few", changed(() => {}, 123), "bad-header"],
    ["an end with a payload", summed(endWithPayload), "bad-header"],
    ["an end with an index", summed(endWithIndex), "bad-header"],
  ];
  for (const [name, bytes, code] of cases) {
    assert.throws(
      () => decodeBinaryDatagram(bytes),
      (error: unknown) =>
        error instanceof ChainProtocolError && error.code === code &&
        error.message.startsWith("Cannot read the chain datagram: it"),
      `${name} should be ${code}, is ${
        readBinaryHeader(bytes, new BinaryHeader())
      }`,
    );
  }
});

Deno.test("fragments that would leave later ones empty are refused", () => {
  // 5 bytes in 4 fragments: a stride of 2 fills three of them.
  const bytes = new Uint8Array(BINARY_HEADER_BYTES + 2);
  bytes.set(fragments(Uint8Array.of(1, 2), 0)[0]!);
  const view = new DataView(bytes.buffer);
  view.setUint16(22, 4);
  view.setUint32(24, 5);
  assert.equal(
    readBinaryHeader(summed(bytes), new BinaryHeader()),
    "bad-header",
  );
});
