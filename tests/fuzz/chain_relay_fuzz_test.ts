import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeFeedback,
  encodeBinaryEnd,
  encodeStrandcastChunk,
  encodeStrandcastEnd,
  encodeStrandcastFrame,
  FramePool,
  parityDatagramBytes,
  Relay,
  writeParity,
} from "../../src/chain/mod.ts";
import { fakeJpeg, fragments, NOW_US } from "../chain/support.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const FRAMES = [1, 2, 3].map((seed) => fakeJpeg(200 + 30 * seed, seed));
const MAX_BYTES_IN_FLIGHT = 2000;

const streamId = fc.constantFrom(1, 2, 3, 4_294_967_295);
const number = fc.oneof(
  fc.nat(40),
  fc.constantFrom(100, 300, 301, 5000, 4_294_967_295),
);

/** A good datagram of some stream and frame, on either wire. */
const good = fc.oneof(
  fc.tuple(streamId, number, fc.nat(2), fc.nat(3)).map(
    ([streamId, frameNumber, frame, index]) => {
      const all = fragments(FRAMES[frame]!, frameNumber, { streamId });
      return all[index % all.length]!;
    },
  ),
  fc.tuple(
    streamId,
    number,
    fc.nat(2),
    fc.nat(1),
    fc.integer({
      min: 2,
      max: 3,
    }),
  ).map(([streamId, frameNumber, frame, group, groups]) => {
    const bytes = FRAMES[frame]!;
    const total = Math.ceil(bytes.length / 100);
    const parity = { streamId, frameNumber, bytes, total };
    const out = new Uint8Array(parityDatagramBytes(parity));
    writeParity(parity, group, Math.min(groups, total), NOW_US, out, 0);
    return out;
  }),
  fc.tuple(streamId, number).map(([id, frames]) =>
    encodeBinaryEnd(id, frames, NOW_US)
  ),
  fc.tuple(number, fc.nat(2), fc.nat(3)).map(([frameNumber, frame, index]) => {
    const all = encodeStrandcastFrame(FRAMES[frame]!, {
      frameNumber,
      maxDatagram: 350,
    });
    return all[index % all.length]!;
  }),
  fc.tuple(number, fc.nat(5), fc.uint8Array({ maxLength: 20 })).map(
    ([frameNumber, index, data]) =>
      encodeStrandcastChunk({
        type: "video_frame",
        origin: "c",
        frameNumber,
        index,
        total: index + 1,
        data: `78${data.toHex()}`,
      }),
  ),
  number.map((frames) => encodeStrandcastEnd(frames)),
);

const step = fc.record({
  datagram: fc.oneof(
    { weight: 9, arbitrary: good },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }) },
  ),
  waitUs: fc.constantFrom(0, 10, 33_333, 600_000),
  fromUpstream: fc.boolean(),
});

Deno.test("relay: whatever comes, in any order, its account adds up and its memory is bounded", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: "max" }), (steps) => {
      const pool = new FramePool();
      const relay = new Relay({
        pool,
        maxFrameBytes: 1000,
        maxFramesInFlight: 8,
        maxBytesInFlight: MAX_BYTES_IN_FLIGHT,
      });
      let nowUs = NOW_US;
      let dropped = 0;
      for (const { datagram, waitUs, fromUpstream } of steps) {
        nowUs += waitUs;
        const outcome = relay.receive(datagram.slice(), nowUs, fromUpstream);
        const question = relay.nack(nowUs);
        if (question !== undefined) decodeFeedback(question);
        if (outcome.drop !== 0) {
          dropped++;
          assert.equal(outcome.forward, false);
          assert.equal(outcome.frame, undefined);
          assert.equal(outcome.end, undefined);
        }
        if (outcome.frame !== undefined) {
          const { bytes } = outcome.frame.jpeg;
          assert(FRAMES.some((frame) => frame.toHex() === bytes.toHex()));
          outcome.frame.jpeg.release();
        }
        assert(relay.bytesInFlight <= MAX_BYTES_IN_FLIGHT);
        assert(relay.framesInFlight <= 16);
        const snapshot = relay.snapshot(nowUs);
        for (const value of Object.values(snapshot)) {
          if (typeof value === "number") assert(value >= -1, String(value));
        }
      }
      const totals = Object.values(relay.dropTotals);
      assert.equal(totals.reduce((sum, count) => sum + count, 0), dropped);
      relay.close();
      assert.equal(pool.bytesInUse, 0);
    }),
    { numRuns: fuzzRuns(100) },
  );
});

Deno.test("relay: a stream that is shuffled, doubled and thinned out loses what it lost and no more", () => {
  const loss = fc.record({
    frame: fc.nat(19),
    index: fc.nat(2),
  });
  fc.assert(
    fc.property(
      fc.array(loss, { maxLength: 10 }),
      fc.array(fc.nat(3), { minLength: 100, maxLength: 100 }),
      (losses, delays) => {
        const sent: { at: number; frame: number; bytes: Uint8Array }[] = [];
        const damaged = new Set<number>();
        for (let frame = 0; frame < 20; frame++) {
          const all = fragments(FRAMES[frame % 3]!, frame);
          for (const [index, bytes] of all.entries()) {
            const order = sent.length;
            if (
              losses.some((one) => one.frame === frame && one.index === index)
            ) damaged.add(frame);
            else {
              const at = order + 3 * delays[order % 100]!;
              sent.push({ at, frame, bytes });
              if (delays[(order + 7) % 100] === 0) {
                sent.push({ at: at + 5, frame, bytes: bytes.slice() });
              }
            }
          }
        }
        sent.sort((a, b) => a.at - b.at);
        const relay = new Relay();
        const seen = new Set<number>();
        const firstSeen = sent[0]?.frame ?? 0;
        for (const { bytes } of sent) {
          const { frame, drop } = relay.receive(bytes, NOW_US, true);
          assert(drop === 0 || drop === "duplicate", String(drop));
          if (frame === undefined) continue;
          assert(!seen.has(frame.number));
          seen.add(frame.number);
          frame.jpeg.release();
        }
        relay.receive(encodeBinaryEnd(7, 20, NOW_US), NOW_US, true);
        assert.equal(seen.size, 20 - damaged.size);
        const { framesLost, framesReceived } = relay.snapshot(NOW_US);
        assert.equal(framesReceived, seen.size);
        // Frame 0 lost entirely is a stream that was joined at frame 1.
        if (firstSeen === 0) assert.equal(framesLost, damaged.size);
      },
    ),
    { numRuns: fuzzRuns(100) },
  );
});
