import assert from "node:assert/strict";
import {
  decodeJpegPayload,
  decodeRtpPacket,
  packetizeJpeg,
  packetLengthAt,
  packetOffset,
  planJpegPackets,
  retargetPackets,
} from "../../src/rtp/mod.ts";
import { bytesOf } from "../support/bytes.ts";
import { OPTIONS, packetsOf, scanFrame } from "./jpeg_frames.ts";

const HEADERS = 8;
const TABLES = 4 + 128;

Deno.test("a small frame is one packet, byte for byte as RFC 2435 draws it", () => {
  const frame = scanFrame(5);
  const [packet, ...more] = packetsOf(frame);
  assert.deepEqual(more, []);
  assert.deepEqual(
    packet!.payload,
    Uint8Array.from([
      ...bytesOf("00 000000 01 ff 50 3c"),
      ...bytesOf("00 00 0080"),
      ...frame.qTables[0],
      ...frame.qTables[1],
      ...frame.scan,
    ]),
  );
  assert.equal(packet!.payloadType, 26);
  assert.equal(packet!.marker, true);
  assert.equal(packet!.sequence, OPTIONS.sequence);
  assert.equal(packet!.timestamp, OPTIONS.timestamp);
  assert.equal(packet!.ssrc, OPTIONS.ssrc);
});

Deno.test("a frame with restart markers has type 64 more and its header in every packet", () => {
  const packets = packetsOf(
    scanFrame(1000, { type: 64, restartInterval: 0x0102 }),
  );
  assert.ok(packets.length > 3);
  for (const { payload } of packets) {
    assert.equal(payload[4], 64);
    assert.deepEqual(payload.slice(8, 12), bytesOf("0102 ffff"));
  }
});

Deno.test("scans of every length come out whole, in packets of one size but the last", () => {
  const full = OPTIONS.maxPayload - HEADERS;
  const interesting = [1, full - TABLES - 1, full - TABLES, full - TABLES + 1];
  const more = interesting.map((length) => length + full);
  for (const length of [...interesting, ...more, 9999]) {
    const frame = scanFrame(length);
    const packets = packetsOf(frame);
    let offset = 0;
    for (const [index, packet] of packets.entries()) {
      const last = index === packets.length - 1;
      const payload = decodeJpegPayload(packet.payload);
      assert.equal(packet.marker, last);
      assert.equal(packet.sequence, (OPTIONS.sequence + index) & 0xffff);
      assert.equal(payload.fragmentOffset, offset);
      assert.deepEqual(
        payload.data,
        frame.scan.subarray(offset, offset + payload.data.length),
      );
      assert.equal(payload.tables !== undefined, index === 0);
      assert.ok(payload.data.length > 0);
      if (!last) assert.equal(packet.payload.length, OPTIONS.maxPayload);
      offset += payload.data.length;
    }
    assert.equal(offset, length);
    assert.equal(
      packets.length,
      Math.ceil((length + TABLES) / full),
      "no packet more than needed",
    );
  }
});

Deno.test("packets keep the room in front and behind that was asked for", () => {
  const frame = scanFrame(2000);
  const options = { ...OPTIONS, headroom: 4, tailroom: 10 };
  const out = new Uint8Array(8000).fill(0xee);
  const run = packetizeJpeg(frame, options, out);
  const plain = packetsOf(frame);
  assert.equal(run.count, plain.length);
  let octets = 0;
  for (const [index, packet] of plain.entries()) {
    const start = packetOffset(run, index);
    const end = start + packetLengthAt(run, index);
    assert.deepEqual(decodeRtpPacket(out.slice(start, end)), packet);
    assert.deepEqual([...out.slice(start - 4, start)], [
      0xee,
      0xee,
      0xee,
      0xee,
    ]);
    assert.deepEqual(
      [...out.slice(end, end + 10)],
      new Array(10).fill(0xee),
    );
    octets += packet.payload.length;
  }
  assert.equal(run.octets, octets);
  assert.equal(
    run.byteLength,
    packetOffset(run, run.count - 1) + run.lastLength + 10,
  );
  assert.ok(out.subarray(run.byteLength).every((byte) => byte === 0xee));
});

Deno.test("written packets can be turned to another viewer", () => {
  const frame = scanFrame(2000);
  const out = new Uint8Array(4000);
  const run = packetizeJpeg(frame, OPTIONS, out);
  const target = { sequence: 65_534, timestamp: 77, ssrc: 88 };
  retargetPackets(out, run, target);
  const expected = new Uint8Array(4000);
  packetizeJpeg(frame, { ...OPTIONS, ...target }, expected);
  assert.deepEqual(out, expected);
});

Deno.test("what the packetiser cannot carry is refused", () => {
  const frame = scanFrame(2000);
  for (const maxPayload of [0, 255, 65_496]) {
    assert.throws(
      () => planJpegPackets(frame, { ...OPTIONS, maxPayload }),
      /not within 256–65495/,
    );
  }
  for (const scan of [new Uint8Array(), new Uint8Array(0x1_00_0000)]) {
    assert.throws(
      () => planJpegPackets({ ...frame, scan }, OPTIONS),
      /a scan of/,
    );
  }
  const { byteLength } = planJpegPackets(frame, OPTIONS);
  assert.throws(
    () => packetizeJpeg(frame, OPTIONS, new Uint8Array(byteLength - 1)),
    /do not fit/,
  );
});
