import fc from "fast-check";
import assert from "node:assert/strict";
import {
  decodeJpegPayload,
  decodeRtpPacket,
  encodeRtpPacket,
  JitterBuffer,
  JpegDepacketizer,
  LabDepacketizer,
  RtpProtocolError,
} from "../../src/rtp/mod.ts";
import type { RtpPacket } from "../../src/rtp/mod.ts";
import { readHexFixtures } from "../jpeg/support/fixtures.ts";
import { packetsOf, scanFrame } from "../rtp/jpeg_frames.ts";
import { RTP_CASES } from "../rtp/packets.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const runs = { numRuns: fuzzRuns() };

const SEEDS = [
  ...RTP_CASES.map(({ bytes }) => bytes),
  ...readHexFixtures("rtp/packet").map(({ bytes }) => bytes),
  ...packetsOf(scanFrame(600)).map(encodeRtpPacket),
];

/** Real packets with some bytes overwritten and the end cut off or grown, or any bytes at all. */
const packetBytes = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.record({
    seed: fc.constantFrom(...SEEDS),
    damage: fc.array(
      fc.tuple(fc.nat(300), fc.integer({ min: 0, max: 255 })),
      { maxLength: 6 },
    ),
    length: fc.nat(500),
  }).map(({ seed, damage, length }) => {
    const bytes = new Uint8Array(Math.max(1, Math.min(length, 500)));
    bytes.set(seed.subarray(0, bytes.length));
    for (const [at, byte] of damage) bytes[at % bytes.length] = byte;
    return bytes;
  }),
);

/** Runs `parse`; its own error is an answer, another fails the test. */
function parses<Value>(parse: () => Value): Value | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof RtpProtocolError)) throw error;
    return undefined;
  }
}

function feed(
  jpeg: JpegDepacketizer,
  lab: LabDepacketizer,
  packet: RtpPacket,
): void {
  parses(() => decodeJpegPayload(packet.payload));
  const frame = parses(() => jpeg.push(packet));
  if (frame !== undefined) assert.ok(frame.jpeg.length > 0);
  parses(() => lab.push(packet));
}

Deno.test("any bytes are an RTP packet or refused as one", () => {
  fc.assert(
    fc.property(packetBytes, (bytes) => {
      const packet = parses(() => decodeRtpPacket(bytes));
      if (packet === undefined) return;
      const again = decodeRtpPacket(encodeRtpPacket(packet));
      assert.deepEqual(again, packet);
    }),
    runs,
  );
});

Deno.test("any packets go through jitter buffer and depacketisers", () => {
  fc.assert(
    fc.property(fc.array(packetBytes, { maxLength: 40 }), (all) => {
      const buffer = new JitterBuffer<RtpPacket>(5, 8);
      const jpeg = new JpegDepacketizer({ maxFrameLength: 100_000 });
      const lab = new LabDepacketizer();
      for (const [now, bytes] of all.entries()) {
        const packet = parses(() => decodeRtpPacket(bytes));
        if (packet !== undefined) buffer.push(packet, now);
        buffer.handleTimeout(now);
        for (let next = buffer.pop(); next; next = buffer.pop()) {
          feed(jpeg, lab, next);
        }
      }
      buffer.flush();
      assert.equal(buffer.held, 0);
      const { received, released, duplicates, late } = buffer.counts;
      assert.ok(released + duplicates + late <= received);
      assert.ok(jpeg.framesPending <= 4);
    }),
    runs,
  );
});

Deno.test("loss, copies and disorder never make a wrong picture", () => {
  const frames = [700, 1500, 300].map((length) => scanFrame(length));
  let sequence = 0;
  const sent = frames.flatMap((frame, timestamp) => {
    const packets = packetsOf(frame, { sequence, timestamp });
    sequence += packets.length;
    return packets;
  });
  fc.assert(
    fc.property(
      fc.array(fc.nat(sent.length - 1), { maxLength: 40 }),
      (order) => {
        const jpeg = new JpegDepacketizer();
        for (const index of order) {
          const frame = jpeg.push(sent[index]!);
          if (frame === undefined) continue;
          const { scan } = frames[frame.timestamp]!;
          assert.deepEqual(
            frame.jpeg.subarray(frame.jpeg.length - 2 - scan.length, -2),
            scan,
          );
        }
      },
    ),
    runs,
  );
});

Deno.test("what once broke the RTP readers no longer does", () => {
  for (const { bytes } of readHexFixtures("fuzz/rtp")) {
    const packet = parses(() => decodeRtpPacket(bytes));
    if (packet === undefined) continue;
    feed(new JpegDepacketizer(), new LabDepacketizer(), packet);
  }
});
