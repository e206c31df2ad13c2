import assert from "node:assert/strict";
import { checkJpeg } from "../../src/jpeg/mod.ts";
import {
  encodeRtcpCompound,
  encodeRtpPacket,
  JPEG_CLOCK_RATE,
  ntpFromUnix,
} from "../../src/rtp/mod.ts";
import type { RtpPacket } from "../../src/rtp/mod.ts";
import { MediaReceiver } from "../../src/services/rtsp_player/receiver.ts";
import type { PlayerFrame } from "../../src/services/rtsp_player/received_frame.ts";
import type { ReceiverOptions } from "../../src/services/rtsp_player/receiver.ts";
import { packetsOf, pictureFrame } from "../rtp/jpeg_frames.ts";
import { SeededRandom } from "../support/random.ts";

const FPS = 24;
const TICKS = JPEG_CLOCK_RATE / FPS;
const LATENCY = 100;

function receiver(
  more: Partial<ReceiverOptions> = {},
): { media: MediaReceiver; frames: PlayerFrame[] } {
  const frames: PlayerFrame[] = [];
  const media = new MediaReceiver({
    dialect: "standard",
    latencyMs: LATENCY,
    clockRate: JPEG_CLOCK_RATE,
    payloadType: 26,
    dimensions: undefined,
    frameRate: FPS,
    ssrc: 7,
    onFrame: (frame) => {
      void frame.jpeg; // made at the first look, which must come now
      frames.push(frame);
    },
    ...more,
  });
  return { media, frames };
}

/** Packets of `count` frames with running numbers and times, a few packets each. */
function stream(count: number): RtpPacket[][] {
  let sequence = 65_000;
  return Array.from({ length: count }, (_, index) => {
    const { profile } = pictureFrame(index % 8 + 1);
    const packets = packetsOf(profile, {
      sequence,
      timestamp: (0xffff_f000 + index * TICKS) >>> 0,
    });
    sequence = (sequence + packets.length) & 0xffff;
    return packets;
  });
}

/** Delivers groups of packets `step` ms apart, and lets gaps run out. */
function deliver(
  media: MediaReceiver,
  frames: readonly (readonly RtpPacket[])[],
  step = 1000 / FPS,
): void {
  let now = 1000;
  for (const packets of frames) {
    media.handleTimeout(now, now);
    for (const packet of packets) {
      media.receiveRtp(encodeRtpPacket(packet), now, now);
    }
    now += step;
  }
  media.end(now, now);
}

Deno.test("pictures come out whole, numbered and with the time they have", () => {
  const sent = stream(48);
  const { media, frames } = receiver();
  media.begin(10, sent[0]![0]!.sequence, sent[0]![0]!.timestamp);
  deliver(media, sent);
  assert.deepEqual(frames.map(({ number }) => number), [
    ...sent.map((_, index) => index + 1),
  ]);
  assert.equal(media.framesLost, 0);
  for (const [index, { mediaTime, width, height }] of frames.entries()) {
    assert.ok(Math.abs(mediaTime - 10 - index / FPS) < 1e-6);
    assert.deepEqual([width, height], [96, 64]);
  }
});

Deno.test("reordering by up to five packets costs no frame and is counted exactly", () => {
  const random = new SeededRandom(5);
  const packets = stream(100).flat();
  let moved = 0;
  // Each chosen packet goes up to five places back, and no two get mixed up.
  for (let at = 1; at + 6 < packets.length; at += 7) {
    const by = 1 + random.integer(5);
    const [packet] = packets.splice(at, 1);
    packets.splice(at + by, 0, packet!);
    moved++;
  }
  const { media, frames } = receiver();
  deliver(media, packets.map((packet) => [packet]), 1);
  assert.equal(frames.length, 100);
  const figures = media.packets;
  assert.deepEqual(
    [figures.reordered, figures.lost, figures.duplicates, figures.late],
    [moved, 0, 0, 0],
  );
  assert.equal(figures.received, packets.length);
});

Deno.test("one percent of loss: no broken picture, and loss and duplicates are those injected", () => {
  const random = new SeededRandom(17);
  const sent = stream(400);
  let lost = 0;
  let twice = 0;
  const broken = new Set<number>();
  const arrived = sent.map((packets, index) =>
    packets.flatMap((packet) => {
      // The very last packet shows that the ones before it are missing.
      const isLast = index === sent.length - 1;
      if (!isLast && index > 0 && random.next() < 0.01) {
        lost++;
        broken.add(index);
        return [];
      }
      if (random.next() < 0.01) {
        twice++;
        return [packet, packet];
      }
      return [packet];
    })
  );
  assert.ok(lost > 5 && twice > 5, `${lost} ${twice}`);
  const { media, frames } = receiver();
  deliver(media, arrived);
  const { packets } = media;
  assert.deepEqual([packets.lost, packets.duplicates, packets.reordered], [
    lost,
    twice,
    0,
  ]);
  assert.equal(frames.length, 400 - broken.size);
  assert.equal(media.framesLost, broken.size);
  for (const { jpeg } of frames) checkJpeg(jpeg);
  // Numbers are the sent frames' numbers: a gap stands where one is missing.
  assert.deepEqual(
    frames.map(({ number }) => number),
    sent.map((_, index) => index + 1).filter((one) => !broken.has(one - 1)),
  );
});

Deno.test("frames of which nothing came are counted by their time", () => {
  const sent = stream(30);
  const { media, frames } = receiver();
  deliver(media, sent.filter((_, index) => index < 10 || index >= 15));
  assert.equal(media.framesLost, 5);
  assert.equal(frames[10]!.lostBefore, 5);
  assert.equal(frames[10]!.number, 16);
});

Deno.test("what is no JPEG, cut off, or of another source is never shown", () => {
  const sent = stream(10);
  const { media, frames } = receiver();
  const now = 5;
  for (const packets of sent) {
    for (const packet of packets) {
      const bytes = encodeRtpPacket(packet);
      media.receiveRtp(bytes.subarray(0, 7), now, now);
      media.receiveRtp(
        encodeRtpPacket({ ...packet, payloadType: 96 }),
        now,
        now,
      );
      media.receiveRtp(bytes, now, now);
    }
  }
  const one = sent[0]![0]!;
  media.receiveRtp(encodeRtpPacket({ ...one, ssrc: 99 }), now, now);
  assert.equal(frames.length, 10);
  assert.equal(media.packets.invalid, sent.flat().length * 2 + 1);
});

Deno.test("a server that starts anew with another source is followed after its second packet", () => {
  const { media, frames } = receiver();
  deliver(media, stream(5));
  const again = stream(5).map((packets) =>
    packets.map((packet) => ({
      ...packet,
      ssrc: 42,
      sequence: (packet.sequence + 9000) & 0xffff,
    }))
  );
  deliver(media, again);
  assert.equal(frames.length, 10);
  assert.equal(media.packets.lost, 0);
});

Deno.test("jitter is RFC 3550's, latency is the sender's clock to ours", () => {
  const { media } = receiver();
  media.receiveRtcp(
    encodeRtcpCompound([{
      type: "sender-report",
      ssrc: 0x1234_5678,
      ntp: ntpFromUnix(1_000_000),
      rtpTimestamp: 0,
      packetCount: 0,
      octetCount: 0,
      reports: [],
    }]),
    0,
  );
  const { profile } = pictureFrame(1);
  let expected = 0;
  let before: number | undefined;
  for (let index = 0; index < 50; index++) {
    const sentAt = index * 40;
    const arrival = sentAt + (index % 2) * 10; // every other one 10 ms late
    const [packet] = packetsOf(profile, {
      sequence: index,
      timestamp: sentAt * 90,
      maxPayload: 60_000,
    });
    media.receiveRtp(
      encodeRtpPacket(packet!),
      arrival,
      1_000_000 + arrival + 30,
    );
    const transit = arrival - sentAt;
    if (before !== undefined) {
      expected += (Math.abs(transit - before) - expected) / 16;
    }
    before = transit;
  }
  assert.ok(Math.abs(media.jitterMs! - expected) < 0.05, `${media.jitterMs}`);
  assert.ok(
    media.latencyMs! > 30 && media.latencyMs! < 40,
    `${media.latencyMs}`,
  );
});

Deno.test("a goodbye of our source ends the stream, one of another does not", () => {
  const { media } = receiver();
  deliver(media, stream(2));
  const bye = (ssrc: number) =>
    encodeRtcpCompound([
      { type: "receiver-report", ssrc, reports: [] },
      { type: "bye", ssrcs: [ssrc] },
    ]);
  assert.equal(media.receiveRtcp(bye(1), 0), undefined);
  assert.equal(media.receiveRtcp(bye(0x1234_5678), 0), "bye");
});
