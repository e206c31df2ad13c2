import assert from "node:assert/strict";
import {
  buildJpeg,
  parseJpeg,
  rfc2435QuantTables,
} from "../../src/jpeg/mod.ts";
import { JpegDepacketizer, RtpProtocolError } from "../../src/rtp/mod.ts";
import type { RtpPacket } from "../../src/rtp/mod.ts";
import { readCoefficients } from "../jpeg/support/coefficients.ts";
import { readHexFixtures } from "../jpeg/support/fixtures.ts";
import { assertSameBytes, bytesOf } from "../support/bytes.ts";
import { SeededRandom } from "../support/random.ts";
import { packetsOf, pictureFrame, scanFrame } from "./jpeg_frames.ts";

const WHOLE = { width: 640, height: 480 };

/** The frame a scan frame becomes. */
function fileOf(frame: ReturnType<typeof scanFrame>, size = WHOLE): Uint8Array {
  return buildJpeg({ ...frame, ...size });
}

function pushAll(
  depacketizer: JpegDepacketizer,
  packets: readonly RtpPacket[],
): Uint8Array[] {
  return packets.flatMap((packet) => {
    const frame = depacketizer.push(packet);
    return frame === undefined ? [] : [frame.jpeg];
  });
}

/** `packet` with other payload bytes at the front. */
function withHead(packet: RtpPacket, digits: string, at = 0): RtpPacket {
  const payload = packet.payload.slice();
  payload.set(bytesOf(digits), at);
  return { ...packet, payload };
}

Deno.test("a picture goes through packets and comes out with every coefficient", () => {
  for (const restartInterval of [0, 3]) {
    const { profile, jpeg } = pictureFrame(5, restartInterval);
    const packets = packetsOf(profile);
    assert.ok(packets.length > 3);
    const [out, ...more] = pushAll(new JpegDepacketizer(), packets);
    assert.deepEqual(more, []);
    assertSameBytes(out!, fileOf(profile, { width: 96, height: 64 }));
    assert.deepEqual(
      readCoefficients(parseJpeg(out!)),
      readCoefficients(parseJpeg(jpeg)),
    );
  }
});

Deno.test("a frame says its time, size and packets", () => {
  const packets = packetsOf(scanFrame(1500));
  const depacketizer = new JpegDepacketizer();
  const frame = packets.map((packet) => depacketizer.push(packet)).at(-1)!;
  assert.equal(frame.timestamp, 0xffff_fff0);
  assert.deepEqual([frame.width, frame.height], [640, 480]);
  assert.equal(frame.packets, packets.length);
  assert.equal(frame.lastSequence, packets.at(-1)!.sequence);
  assert.equal(depacketizer.framesComplete, 1);
  assert.equal(depacketizer.framesIncomplete, 0);
  assert.equal(depacketizer.framesPending, 0);
});

Deno.test("the packets of a frame may come in any order, and twice", () => {
  const frame = scanFrame(3000);
  const packets = packetsOf(frame);
  for (let seed = 0; seed < 200; seed++) {
    const random = new SeededRandom(seed);
    const shuffled = [...packets, ...packets.slice(2, 5)];
    for (let at = shuffled.length - 1; at > 0; at--) {
      const other = random.integer(at + 1);
      [shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!];
    }
    const depacketizer = new JpegDepacketizer();
    const out = pushAll(depacketizer, shuffled);
    assert.equal(out.length, 1);
    assertSameBytes(out[0]!, fileOf(frame));
    assert.equal(depacketizer.framesPending, 0);
  }
});

Deno.test("a frame with any packet missing never comes out, and the next does", () => {
  const first = packetsOf(scanFrame(2000));
  const frame = scanFrame(1700);
  const second = packetsOf(frame, {
    sequence: first.at(-1)!.sequence + 1,
    timestamp: 3000,
  });
  for (const missing of first.keys()) {
    const depacketizer = new JpegDepacketizer();
    const packets = [
      ...first.filter((_, index) => index !== missing),
      ...second,
    ];
    const out = pushAll(depacketizer, packets);
    assert.equal(out.length, 1);
    assertSameBytes(out[0]!, fileOf(frame));
    assert.equal(depacketizer.framesIncomplete, 1);
    assert.equal(depacketizer.framesPending, 0);
  }
});

Deno.test("the next frame's first packets may overtake this one's last", () => {
  const first = scanFrame(2000);
  const second = scanFrame(1700);
  const a = packetsOf(first);
  const b = packetsOf(second, {
    sequence: a.at(-1)!.sequence + 1,
    timestamp: 3000,
  });
  const mixed = [...a.slice(0, -1), b[0]!, b[1]!, a.at(-1)!, ...b.slice(2)];
  const out = pushAll(new JpegDepacketizer(), mixed);
  assert.equal(out.length, 2);
  assertSameBytes(out[0]!, fileOf(first));
  assertSameBytes(out[1]!, fileOf(second));
});

Deno.test("frames that share a timestamp are not mixed", () => {
  const depacketizer = new JpegDepacketizer();
  let sequence = 0;
  const frames = [scanFrame(2000), scanFrame(2001), scanFrame(2002)];
  const out: Uint8Array[] = [];
  for (const [index, frame] of frames.entries()) {
    const packets = packetsOf(frame, { sequence, timestamp: 5 });
    sequence += packets.length;
    // The first frame loses its end, the second its beginning.
    const kept = index === 0
      ? packets.slice(0, 3)
      : index === 1
      ? packets.slice(3)
      : packets;
    out.push(...pushAll(depacketizer, kept));
  }
  assert.equal(out.length, 1);
  assertSameBytes(out[0]!, fileOf(frames[2]!));
});

Deno.test("a server that starts its numbers over is followed", () => {
  const frame = scanFrame(900);
  const depacketizer = new JpegDepacketizer();
  pushAll(depacketizer, packetsOf(frame, { sequence: 40_000 }));
  const out = pushAll(
    depacketizer,
    packetsOf(frame, { sequence: 1, timestamp: 9 }),
  );
  assert.equal(out.length, 1);
});

Deno.test("late packets of a finished frame give nothing", () => {
  const packets = packetsOf(scanFrame(900));
  const depacketizer = new JpegDepacketizer();
  assert.equal(pushAll(depacketizer, packets).length, 1);
  assert.equal(pushAll(depacketizer, packets).length, 0);
  assert.equal(depacketizer.framesPending, 0);
});

Deno.test("the description's size is taken where it rounds up to the packets'", () => {
  const frame = scanFrame(300, { width8: 203, height8: 135 });
  const told = { width: 1620, height: 1080 };
  const other = { width: 1616, height: 1080 };
  const size = (dimensions: typeof told) => {
    const depacketizer = new JpegDepacketizer({ dimensions });
    const frames = packetsOf(frame).map((packet) => depacketizer.push(packet));
    return frames.at(-1)!.width;
  };
  assert.equal(size(told), 1620);
  assert.equal(size(other), 1624);
});

Deno.test("Q from 1 to 99 means the tables of the RFC", () => {
  const frame = scanFrame(50, { qTables: rfc2435QuantTables(75) });
  const [packet] = packetsOf(frame);
  const computed = Uint8Array.from([
    ...bytesOf("00 000000 01 4b 50 3c"),
    ...frame.scan,
  ]);
  const out = pushAll(new JpegDepacketizer(), [{
    ...packet!,
    payload: computed,
  }]);
  assertSameBytes(out[0]!, fileOf(frame));
});

Deno.test("tables of Q 128 to 254 are kept for frames without them", () => {
  const frame = scanFrame(50);
  const [packet] = packetsOf(frame);
  const q200 = withHead(packet!, "c8", 5);
  const bare = {
    ...packet!,
    sequence: 1,
    timestamp: 1,
    payload: Uint8Array.from([
      ...bytesOf("00 000000 01 c8 50 3c 00 00 0000"),
      ...frame.scan,
    ]),
  };
  const depacketizer = new JpegDepacketizer();
  assert.equal(pushAll(depacketizer, [bare]).length, 0, "no tables yet");
  const out = pushAll(depacketizer, [
    { ...q200, sequence: 2, timestamp: 2 },
    { ...bare, sequence: 3, timestamp: 3 },
  ]);
  assert.equal(out.length, 2);
  assertSameBytes(out[1]!, fileOf(frame));
});

Deno.test("with Q 255 every frame must bring its tables", () => {
  const frame = scanFrame(50);
  const [packet] = packetsOf(frame);
  const bare = Uint8Array.from([
    ...bytesOf("00 000000 01 ff 50 3c 00 00 0000"),
    ...frame.scan,
  ]);
  const depacketizer = new JpegDepacketizer();
  pushAll(depacketizer, [packet!]);
  const next = { ...packet!, sequence: 65_531, timestamp: 1, payload: bare };
  assert.equal(depacketizer.push(next), undefined);
});

Deno.test("one table serves both components", () => {
  const frame = scanFrame(50);
  const [packet] = packetsOf(frame);
  const payload = Uint8Array.from([
    ...bytesOf("00 000000 01 ff 50 3c 00 00 0040"),
    ...frame.qTables[0],
    ...frame.scan,
  ]);
  const out = pushAll(new JpegDepacketizer(), [{ ...packet!, payload }]);
  const luma = frame.qTables[0];
  assertSameBytes(out[0]!, fileOf({ ...frame, qTables: [luma, luma] }));
});

for (const { name, bytes, expect } of readHexFixtures("rtp/jpeg")) {
  Deno.test(`a JPEG payload is refused: ${name}`, () => {
    const [packet] = packetsOf(scanFrame(5));
    assert.throws(
      () => new JpegDepacketizer().push({ ...packet!, payload: bytes }),
      (error) => error instanceof RtpProtocolError && error.code === expect,
    );
  });
}

Deno.test("a frame larger than allowed is refused", () => {
  const depacketizer = new JpegDepacketizer({ maxFrameLength: 1000 });
  assert.throws(
    () => pushAll(depacketizer, packetsOf(scanFrame(1001))),
    /exceed 1000/,
  );
});

Deno.test("packets that disagree about their frame end it", () => {
  const packets = packetsOf(scanFrame(2000));
  packets[2] = withHead(packets[2]!, "51", 6);
  const depacketizer = new JpegDepacketizer();
  assert.throws(
    () => pushAll(depacketizer, packets),
    /disagree about type, tables or size/,
  );
  assert.equal(depacketizer.framesIncomplete, 1);
});

Deno.test("however many frames stay incomplete, few are kept", () => {
  const depacketizer = new JpegDepacketizer();
  for (let index = 0; index < 500; index++) {
    const [packet] = packetsOf(scanFrame(2000), {
      sequence: index * 10,
      timestamp: index,
    });
    depacketizer.push(packet!);
  }
  assert.ok(depacketizer.framesPending <= 4);
  assert.equal(
    depacketizer.framesIncomplete + depacketizer.framesPending,
    500,
  );
  depacketizer.flush();
  assert.equal(depacketizer.framesIncomplete, 500);
});
