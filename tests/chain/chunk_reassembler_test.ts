import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import {
  decodeStrandcastDatagram,
  encodeStrandcastFrame,
  FramePool,
  type StrandcastChunk,
  type StrandcastFrameOptions,
} from "../../src/chain/mod.ts";
import { ChunkReassembler } from "../../src/chain/chunk_reassembler.ts";
import { fakeJpeg } from "./support.ts";

const FRAME = fakeJpeg(3000);

function chunks(
  jpeg: Uint8Array,
  frameNumber: number,
  options: Partial<StrandcastFrameOptions> = {},
): StrandcastChunk[] {
  const written = encodeStrandcastFrame(jpeg, {
    frameNumber,
    maxDatagram: 700,
    ...options,
  });
  return written.map((datagram) => {
    const read = decodeStrandcastDatagram(datagram);
    assert(read.type === "video_frame");
    return read;
  });
}

function chunk(changes: Partial<StrandcastChunk>): StrandcastChunk {
  return {
    type: "video_frame",
    origin: "c",
    frameNumber: 0,
    index: 0,
    total: 2,
    data: "789c",
    ...changes,
  };
}

Deno.test("a frame is whole when its last chunk has come, in any order", () => {
  for (const encoding of ["hex", "base64"] as const) {
    for (const payload of ["jpeg", "pickle"] as const) {
      const all = chunks(FRAME, 5, { encoding, payload });
      assert(all.length > 5);
      for (const order of [all, [...all].reverse()]) {
        const pool = new FramePool();
        const reassembler = new ChunkReassembler({ pool });
        for (const [at, one] of order.entries()) {
          assert.equal(reassembler.add(one), 0);
          assert.equal(
            reassembler.completed !== undefined,
            at === all.length - 1,
          );
        }
        assert.deepEqual(reassembler.completed?.bytes, FRAME);
        reassembler.completed?.release();
        assert.equal(reassembler.bytesInFlight, 0);
        assert.equal(pool.bytesInUse, 0);
      }
    }
  }
});

Deno.test("duplicates and contradictions are told", () => {
  const reassembler = new ChunkReassembler({ pool: new FramePool() });
  const all = chunks(FRAME, 5);
  assert.equal(reassembler.add(all[0]!), 0);
  assert.equal(reassembler.add(all[0]!), "duplicate");
  assert.equal(reassembler.add({ ...all[1]!, total: 99 }), "conflict");
  for (const one of all.slice(1)) assert.equal(reassembler.add(one), 0);
  reassembler.completed?.release();
  assert.equal(reassembler.add(all[1]!), "duplicate");
});

Deno.test("a whole frame that holds no JPEG is a bad payload, and received", () => {
  const pool = new FramePool();
  const reassembler = new ChunkReassembler({ pool, maxFrameBytes: 5000 });
  const bad = [
    "ffff",
    deflateSync(Uint8Array.of(1, 2, 3)).toHex(),
    deflateSync(new Uint8Array(2_000_000)).toHex(),
  ];
  for (const [frameNumber, data] of bad.entries()) {
    const only = chunk({ frameNumber, total: 1, data });
    assert.equal(reassembler.add(only), "bad-payload");
    assert.equal(reassembler.completed, undefined);
    assert.equal(reassembler.add(only), "duplicate");
  }
  assert.equal(reassembler.framesReceived, 3);
  assert.equal(reassembler.framesLost, 0);
  assert.equal(pool.bytesInUse, 0);
});

Deno.test("a frame whose chunks grow beyond the largest frame is given up", () => {
  const reassembler = new ChunkReassembler({
    pool: new FramePool(),
    maxFrameBytes: 10_000,
  });
  const data = "0".repeat(30_000);
  assert.equal(reassembler.add(chunk({ index: 0, total: 9, data })), 0);
  assert.equal(
    reassembler.add(chunk({ index: 1, total: 9, data })),
    "too-large",
  );
  assert.equal(reassembler.add(chunk({ index: 2, total: 9, data })), "stale");
  assert.equal(reassembler.bytesInFlight, 0);
});

Deno.test("a hundred thousand incomplete frames hold no more than the limits", () => {
  const reassembler = new ChunkReassembler({
    pool: new FramePool(),
    maxFramesInFlight: 16,
    maxBytesInFlight: 100_000,
  });
  let most = 0;
  for (let frameNumber = 0; frameNumber < 100_000; frameNumber++) {
    const data = "0".repeat(frameNumber % 3 === 0 ? 60_000 : 10);
    reassembler.add(chunk({ frameNumber, total: 16_384, data }));
    most = Math.max(most, reassembler.bytesInFlight);
    assert(reassembler.framesInFlight <= 16);
  }
  assert(most <= 100_000 && most > 60_000, String(most));
});
