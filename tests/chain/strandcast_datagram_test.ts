import assert from "node:assert/strict";
import { deflateSync, inflateSync } from "node:zlib";
import {
  ChainProtocolError,
  decodeStrandcastDatagram,
  encodeStrandcastChunk,
  encodeStrandcastEnd,
  encodeStrandcastFrame,
  encodeStrandcastText,
  type StrandcastChunk,
  type StrandcastDatagram,
  unpackStrandcastFrame,
} from "../../src/chain/mod.ts";
import { bytesOf, fakeJpeg, fixture, textOf, unpacked } from "./support.ts";

interface Recorded {
  readonly frames: readonly {
    encoding: string;
    payload: string;
    jpeg: string;
    datagrams: readonly string[];
  }[];
  readonly messages: Record<string, string>;
}

const LIMIT = 1_000_000;

function chunksOf(datagrams: readonly Uint8Array[]): StrandcastChunk[] {
  return datagrams.map((datagram) => {
    const read = decodeStrandcastDatagram(datagram);
    assert(read.type === "video_frame");
    return read;
  });
}

function dataOf(datagrams: readonly Uint8Array[]): string[] {
  return chunksOf(datagrams).map(({ data }) => data);
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return "ok";
  } catch (error) {
    assert(error instanceof ChainProtocolError, String(error));
    return error.code;
  }
}

Deno.test("frames that Python wrote are read, in hex and base64, bare and pickled", () => {
  const { frames } = fixture<Recorded>("datagrams_python.json");
  assert.equal(frames.length, 4);
  for (const { encoding, payload, jpeg, datagrams } of frames) {
    const chunks = chunksOf(datagrams.map(bytesOf));
    assert(chunks.length > 1);
    assert.deepEqual(
      chunks.map(({ frameNumber, index, total, origin }) => ({
        frameNumber,
        index,
        total,
        origin,
      })),
      chunks.map((_, index) => ({
        frameNumber: 7,
        index,
        total: chunks.length,
        origin: "coordinator",
      })),
    );
    const data = chunks.map((chunk) => chunk.data);
    assert.deepEqual(
      unpackStrandcastFrame(data, LIMIT),
      unpacked(jpeg),
      `${encoding} ${payload}`,
    );
  }
});

Deno.test("datagrams are written byte for byte as Python would write them", () => {
  const { frames, messages } = fixture<Recorded>("datagrams_python.json");
  for (const { encoding, datagrams } of frames) {
    for (const text of datagrams) {
      const [chunk] = chunksOf([bytesOf(text)]);
      assert.equal(textOf(encodeStrandcastChunk(chunk!)), text, encoding);
    }
  }
  assert.equal(textOf(encodeStrandcastEnd(411)), messages["end"]);
  const text = decodeStrandcastDatagram(bytesOf(messages["text"]!));
  assert(text.type === "data");
  assert.equal(text.message, 'naïve "text" \t\u2028 \u{1f600} \x7f');
  assert.equal(textOf(encodeStrandcastText(text)), messages["text"]);
});

Deno.test("a frame survives every way of writing it, in datagrams no larger than asked", () => {
  for (const bytes of [6, 300, 30_000, 178_000]) {
    const jpeg = fakeJpeg(bytes);
    for (const encoding of ["hex", "base64"] as const) {
      for (const payload of ["jpeg", "pickle"] as const) {
        for (const maxDatagram of [150, 1400, 60_000]) {
          if (maxDatagram === 150 && bytes > 30_000) continue;
          const datagrams = encodeStrandcastFrame(jpeg, {
            frameNumber: 4_294_967_295,
            origin: "coordinator",
            encoding,
            payload,
            maxDatagram,
            zlibLevel: 1,
          });
          const name = `${bytes} ${encoding} ${payload} ${maxDatagram}`;
          const largest = Math.max(...datagrams.map(({ length }) => length));
          assert(largest <= maxDatagram, `${name}: ${largest}`);
          if (datagrams.length > 1) {
            // Exact: the chunks of a few more bytes would not have fitted.
            assert(largest > maxDatagram - 12, `${name}: ${largest}`);
          }
          const data = dataOf(datagrams);
          assert.deepEqual(unpackStrandcastFrame(data, LIMIT), jpeg, name);
        }
      }
    }
  }
});

Deno.test("the default is hex of zlib level 6 of the JPEG, from the coordinator", () => {
  const jpeg = fakeJpeg(500);
  const [only, more] = encodeStrandcastFrame(jpeg, { frameNumber: 0 });
  assert.equal(more, undefined);
  const zlib = deflateSync(jpeg, { level: 6 }).toHex();
  assert.match(zlib, /^789c/);
  assert.equal(
    textOf(only!),
    '{"type": "video_frame", "origin": "coordinator", "frame_num": 0, ' +
      `"chunk_id": 0, "total_chunks": 1, "data": "${zlib}"}`,
  );
});

Deno.test("an origin that needs escapes is counted as it is written", () => {
  const datagrams = encodeStrandcastFrame(fakeJpeg(3000), {
    frameNumber: 1,
    origin: 'ä"\\',
    maxDatagram: 500,
  });
  assert(datagrams.every(({ length }) => length <= 500));
  assert.equal(chunksOf(datagrams)[0]!.origin, 'ä"\\');
});

Deno.test("a chunk that reads as hex and as base64 follows its frame's first", () => {
  // The whole stream in base64, cut so that the last chunk is "abcd"-like.
  const jpeg = fakeJpeg(120, 3);
  const zlib = deflateSync(jpeg);
  const parts = [zlib.subarray(0, 3), zlib.subarray(3, 6), zlib.subarray(6)];
  assert.deepEqual(
    unpackStrandcastFrame(parts.map((part) => part.toBase64()), LIMIT),
    jpeg,
  );
  assert.deepEqual(
    unpackStrandcastFrame(parts.map((part) => part.toHex()), LIMIT),
    jpeg,
  );
  assert.deepEqual(
    unpackStrandcastFrame(
      parts.map((part) => part.toHex().toUpperCase()),
      LIMIT,
    ),
    jpeg,
  );
});

Deno.test("zlib streams of every window and level are told apart", () => {
  const jpeg = fakeJpeg(200);
  for (const windowBits of [9, 10, 12, 15]) {
    for (const level of [0, 1, 6, 9]) {
      const zlib = deflateSync(jpeg, { windowBits, level });
      for (const text of [zlib.toHex(), zlib.toBase64()]) {
        assert.deepEqual(unpackStrandcastFrame([text], LIMIT), jpeg);
      }
    }
  }
});

Deno.test("frames that cannot be unpacked are refused", () => {
  const jpeg = fakeJpeg(1000);
  const zlib = deflateSync(jpeg);
  const bomb = deflateSync(new Uint8Array(20_000_000));
  const doubled = deflateSync(fakeJpeg(1500));
  const cases: [string, string[], string][] = [
    ["no chunk", [], "bad-data"],
    ["nothing", [""], "bad-data"],
    ["no zlib", ["00112233"], "bad-data"],
    ["half a hex digit", [zlib.toHex().slice(0, -1)], "bad-data"],
    ["no hex", ["78xy"], "bad-data"],
    ["no base64", ["eJ!!"], "bad-data"],
    ["a broken stream", [zlib.toHex().slice(0, 400)], "bad-data"],
    ["a bomb", [bomb.toHex()], "too-large"],
    ["a frame beyond the limit", [doubled.toHex()], "too-large"],
    ["no JPEG", [deflateSync(bytesOf("hello")).toHex()], "no-jpeg"],
    ["a broken pickle", [deflateSync(bytesOf("\x80")).toHex()], "no-jpeg"],
    [
      "a cut pickle",
      [deflateSync(Uint8Array.of(0x80, 4, 0x4e)).toHex()],
      "bad-pickle",
    ],
  ];
  assert(bomb.length < 25_000 && inflateSync(bomb).length === 20_000_000);
  for (const [name, chunks, code] of cases) {
    assert.equal(codeOf(() => unpackStrandcastFrame(chunks, 1200)), code, name);
  }
});

Deno.test("datagrams that are none are refused", () => {
  const chunk = {
    type: "video_frame",
    origin: "c",
    frame_num: 1,
    chunk_id: 0,
    total_chunks: 2,
    data: "789c",
  };
  const changes: Record<string, unknown>[] = [
    { type: "video" },
    { type: null },
    { origin: 5 },
    { origin: "x".repeat(257) },
    { frame_num: -1 },
    { frame_num: 0.5 },
    { frame_num: 2 ** 32 },
    { frame_num: 1e300 },
    { frame_num: "1" },
    { chunk_id: 2 },
    { chunk_id: -1 },
    { chunk_id: null },
    { total_chunks: 0 },
    { total_chunks: 16_385 },
    { total_chunks: true },
    { data: "" },
    { data: ["789c"] },
    { data: undefined },
  ];
  const texts = changes.map((change) =>
    JSON.stringify({ ...chunk, ...change })
  );
  texts.push(
    "{}",
    "{",
    '{"type": "video_end", "origin": "c"}',
    '{"type": "video_end", "origin": "c", "frame_num": NaN}',
    '{"type": "video_end", "origin": "c", "frame_num": 1, "frame_num": 2}',
    '{"type": "data", "origin": "A", "seq": 1.5, "sender": "A", "msg": ""}',
    '{"type": "data", "origin": "A", "seq": 1, "sender": "A"}',
    `{"type": "data", "origin": "A", "x": ${"[".repeat(30_000)}`,
  );
  for (const text of texts) {
    const bytes = bytesOf(text);
    assert.notEqual(codeOf(() => decodeStrandcastDatagram(bytes)), "ok", text);
  }
  assert.equal(
    codeOf(() => decodeStrandcastDatagram(new Uint8Array(65_508))),
    "too-large",
  );
  assert.equal(
    codeOf(() => decodeStrandcastDatagram(Uint8Array.of(0x7b, 0xff, 0x7d))),
    "bad-json",
  );
});

Deno.test("keys in another order, without spaces and with more keys are read", () => {
  const expected: StrandcastDatagram = {
    type: "video_frame",
    origin: "c",
    frameNumber: 1,
    index: 0,
    total: 2,
    data: "789c",
  };
  const text = '{"data":"789c","x":[{}],"total_chunks":2,"chunk_id":0,' +
    '"frame_num":1,"origin":"c","type":"video_frame"}';
  assert.deepEqual(decodeStrandcastDatagram(bytesOf(text)), expected);
});

Deno.test("datagrams too small for a chunk are refused", () => {
  assert.throws(
    () =>
      encodeStrandcastFrame(fakeJpeg(100), {
        frameNumber: 0,
        maxDatagram: 100,
      }),
    RangeError,
  );
  assert.throws(
    () =>
      encodeStrandcastFrame(fakeJpeg(178_000), {
        frameNumber: 0,
        maxDatagram: 120,
      }),
    RangeError,
  );
});
