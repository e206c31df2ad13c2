import assert from "node:assert/strict";
import {
  decodeRtpPacket,
  LAB_MAX_PACKET_SIZE,
  LabDepacketizer,
  labRunLength,
  packetizeLab,
  packetLengthAt,
  packetOffset,
  RtpProtocolError,
} from "../../src/rtp/mod.ts";
import type { RtpPacket } from "../../src/rtp/mod.ts";
import { bytesOf } from "../support/bytes.ts";

function image(length: number, fill = 1): Uint8Array {
  const bytes = new Uint8Array(length).fill(fill);
  bytes.set([0xff, 0xd8]);
  bytes.set([0xff, 0xd9], length - 2);
  return bytes;
}

function packetsOf(
  jpeg: Uint8Array,
  sequence: number,
  maxPacketSize?: number,
): RtpPacket[] {
  const out = new Uint8Array(labRunLength(jpeg.length, maxPacketSize));
  const options = { sequence, timestamp: 1_700_000_000 };
  const run = packetizeLab(
    jpeg,
    maxPacketSize === undefined ? options : { ...options, maxPacketSize },
    out,
  );
  assert.equal(run.byteLength, out.length);
  return Array.from({ length: run.count }, (_, index) => {
    const start = packetOffset(run, index);
    return decodeRtpPacket(
      out.slice(start, start + packetLengthAt(run, index)),
    );
  });
}

Deno.test("a frame of the teaching dialect is one packet, byte for byte", () => {
  const jpeg = image(10);
  const out = new Uint8Array(labRunLength(jpeg.length));
  packetizeLab(jpeg, { sequence: 245, timestamp: 1_700_000_000 }, out);
  assert.deepEqual(
    out,
    Uint8Array.from([...bytesOf("801a00f5 6553f100 00000000"), ...jpeg]),
  );
});

Deno.test("a frame of the largest size stays whole, a larger one is cut", () => {
  assert.equal(packetsOf(image(LAB_MAX_PACKET_SIZE), 1).length, 1);
  const packets = packetsOf(image(LAB_MAX_PACKET_SIZE + 1), 1);
  assert.deepEqual(
    packets.map(({ payload }) => payload.length),
    [...new Array(14).fill(1400), 881],
  );
  assert.deepEqual(
    packets.map(({ sequence }) => sequence),
    packets.map((_, index) => index + 1),
  );
  assert.deepEqual(
    packets.map(({ marker }) => marker),
    packets.map((_, index) => index === packets.length - 1),
  );
});

Deno.test("frames come out as they went in, whole or in pieces", () => {
  const depacketizer = new LabDepacketizer();
  let sequence = 1;
  for (const length of [10, 1400, 5000, 1400, 1401, 2800, 4]) {
    const jpeg = image(length, length);
    const packets = packetsOf(jpeg, sequence, 1400);
    sequence += packets.length;
    const frames = packets.map((packet) => depacketizer.push(packet));
    assert.deepEqual(frames.at(-1), jpeg);
    assert.ok(frames.slice(0, -1).every((frame) => frame === undefined));
  }
  assert.equal(depacketizer.framesComplete, 7);
  assert.equal(depacketizer.packetsLost, 0);
});

Deno.test("a frame with a piece missing never comes out", () => {
  const packets = packetsOf(image(5000), 1, 1400);
  for (const missing of packets.keys()) {
    const depacketizer = new LabDepacketizer();
    const kept = packets.filter((_, index) => index !== missing);
    const next = packetsOf(image(50), packets.length + 1, 1400);
    const frames = [...kept, ...next].flatMap((packet) =>
      depacketizer.push(packet) ?? []
    );
    assert.equal(frames.length, 1);
    assert.equal(frames[0]!.length, 50);
    assert.equal(depacketizer.framesIncomplete, missing === 0 ? 0 : 1);
    assert.equal(depacketizer.packetsLost, missing === 0 ? 0 : 1);
  }
});

Deno.test("lost frames are counted, late and repeated ones dropped", () => {
  const depacketizer = new LabDepacketizer();
  const push = (sequence: number) =>
    depacketizer.push(packetsOf(image(20), sequence)[0]!) !== undefined;
  assert.deepEqual([2, 3, 6, 6, 5, 7].map(push), [
    true,
    true,
    true,
    false,
    false,
    true,
  ]);
  assert.equal(depacketizer.packetsLost, 2);
});

Deno.test("a server whose numbers start over at 1 is followed", () => {
  const depacketizer = new LabDepacketizer();
  const push = (sequence: number) =>
    depacketizer.push(packetsOf(image(20), sequence)[0]!) !== undefined;
  assert.deepEqual([1, 2, 3, 1, 2, 3].map(push), new Array(6).fill(true));
  assert.deepEqual([500, 501, 400].map(push), [true, true, true]);
  assert.equal(depacketizer.restarts, 2);
});

Deno.test("zeros behind the end of the image do not hide it", () => {
  const jpeg = new Uint8Array(30);
  jpeg.set(image(20));
  assert.deepEqual(
    new LabDepacketizer().push(packetsOf(jpeg, 1)[0]!),
    jpeg,
  );
});

Deno.test("pieces without end are refused, and the next frame comes out", () => {
  const depacketizer = new LabDepacketizer();
  const piece = new Uint8Array(60_000);
  piece.set([0xff, 0xd8]);
  const [template] = packetsOf(image(20), 1);
  let sequence = 0;
  assert.throws(() => {
    for (let index = 0; index < 1000; index++) {
      const payload = index === 0 ? piece : piece.subarray(2);
      depacketizer.push({ ...template!, sequence: ++sequence, payload });
    }
  }, RtpProtocolError);
  const next = packetsOf(image(20), sequence + 1)[0]!;
  assert.deepEqual(depacketizer.push(next), image(20));
});

Deno.test("an empty frame and a buffer that is too small are refused", () => {
  const options = { sequence: 1, timestamp: 0 };
  assert.throws(
    () => packetizeLab(new Uint8Array(), options, new Uint8Array(100)),
    RangeError,
  );
  assert.throws(
    () => packetizeLab(image(100), options, new Uint8Array(111)),
    RangeError,
  );
});
