import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ChainProtocolError,
  decodeStrandcastDatagram,
  encodeStrandcastChunk,
  encodeStrandcastEnd,
  encodeStrandcastFrame,
  encodeStrandcastText,
  unpackStrandcastFrame,
} from "../../src/chain/mod.ts";
import { bytesOf, crashers, fakeJpeg, textOf } from "../chain/support.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const LIMIT = 10_000;

function onlyOurErrors(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ChainProtocolError)) throw error;
  }
}

/** Parses, or throws our protocol error; what parses is written and read the same. */
function check(bytes: Uint8Array): void {
  onlyOurErrors(() => {
    const read = decodeStrandcastDatagram(bytes);
    const written = read.type === "video_frame"
      ? encodeStrandcastChunk(read)
      : read.type === "video_end"
      ? encodeStrandcastEnd(read.frames, read.origin)
      : encodeStrandcastText(read);
    assert.deepEqual(decodeStrandcastDatagram(written), read);
    if (read.type === "video_frame") {
      onlyOurErrors(() => void unpackStrandcastFrame([read.data], LIMIT));
    }
  });
}

const SEEDS = [
  ...encodeStrandcastFrame(fakeJpeg(300), { frameNumber: 1 }),
  ...encodeStrandcastFrame(fakeJpeg(300), {
    frameNumber: 1,
    encoding: "base64",
    payload: "pickle",
    maxDatagram: 300,
  }),
  encodeStrandcastEnd(411),
  encodeStrandcastText({
    type: "data",
    origin: "A",
    seq: 1,
    sender: "A",
    message: "ä\n",
  }),
];

Deno.test("StrandCast datagrams: junk parses or throws our error", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.json().map(bytesOf),
        fc.object({
          key: fc.constantFrom(
            ...["type", "origin", "frame_num", "chunk_id", "total_chunks"],
            ...["data", "seq", "sender", "msg", "__proto__"],
          ),
          values: [
            fc.constantFrom("video_frame", "video_end", "data"),
            fc.double(),
            fc.integer(),
            fc.string(),
            fc.boolean(),
            fc.constant(null),
          ],
        }).map((object) => bytesOf(JSON.stringify(object))),
      ),
      check,
    ),
    { numRuns: fuzzRuns() },
  );
});

Deno.test("StrandCast datagrams: spliced ones parse or throw our error", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...SEEDS),
      fc.constantFrom(...SEEDS),
      fc.nat(),
      fc.nat(),
      fc.string({ maxLength: 5 }),
      (first, second, head, tail, between) => {
        const text = textOf(first.subarray(0, head % first.length)) + between +
          textOf(second.subarray(tail % second.length));
        check(bytesOf(text));
      },
    ),
    { numRuns: fuzzRuns() },
  );
});

Deno.test("StrandCast frames: changed text unpacks or throws our error", () => {
  const chunks = SEEDS.slice(0, -2).map((seed) => {
    const read = decodeStrandcastDatagram(seed);
    return read.type === "video_frame" ? read.data : "";
  });
  fc.assert(
    fc.property(
      fc.subarray(chunks, { minLength: 0 }),
      fc.nat(),
      fc.string({ maxLength: 4 }),
      (some, at, text) => {
        const joined = some.join("");
        const place = at % (joined.length + 1);
        const changed = joined.slice(0, place) + text + joined.slice(place + 2);
        onlyOurErrors(() =>
          void unpackStrandcastFrame([changed, ...some], LIMIT)
        );
      },
    ),
    { numRuns: fuzzRuns() },
  );
});

Deno.test("StrandCast frames: every JPEG survives every way of writing it", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 3000 }),
      fc.constantFrom("hex", "base64"),
      fc.constantFrom("jpeg", "pickle"),
      fc.integer({ min: 130, max: 3000 }),
      (body, encoding, payload, maxDatagram) => {
        const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, ...body, 0xff, 0xd9);
        const datagrams = encodeStrandcastFrame(jpeg, {
          frameNumber: 1,
          encoding,
          payload,
          maxDatagram,
        });
        const data = datagrams.map((datagram) => {
          assert(datagram.length <= maxDatagram);
          const read = decodeStrandcastDatagram(datagram);
          assert(read.type === "video_frame");
          return read.data;
        });
        assert.deepEqual(unpackStrandcastFrame(data, LIMIT), jpeg);
      },
    ),
    { numRuns: fuzzRuns(100) },
  );
});

Deno.test("StrandCast datagrams: what once broke the reader does no more", () => {
  for (const { bytes } of crashers("chain_strandcast")) check(bytes);
});
