import assert from "node:assert/strict";
import {
  ChainProtocolError,
  extractJpeg,
  pickleJpeg,
} from "../../src/chain/mod.ts";
import { bytesOf, fakeJpeg, fixture, unpacked } from "./support.ts";

interface Vectors {
  readonly vectors: readonly { name: string; jpeg: string; pickle: string }[];
}

const SMALL = fakeJpeg(300);

for (const numpy of ["1.24.4", "2.4.6"]) {
  Deno.test(`every pickle that numpy ${numpy} wrote gives its JPEG`, () => {
    const { vectors } = fixture<Vectors>(`pickles_numpy_${numpy}.json`);
    assert.equal(vectors.length, 48);
    for (const { name, jpeg, pickle } of vectors) {
      assert.deepEqual(extractJpeg(unpacked(pickle)), unpacked(jpeg), name);
    }
  });
}

Deno.test("our pickle is the documented one, byte for byte", () => {
  const jpeg = Uint8Array.fromHex("ffd8ff00ffd9");
  const documented = [
    "8004 8c15" + bytesOf("numpy.core.multiarray").toHex(),
    "8c0c" + bytesOf("_reconstruct").toHex() + "93",
    "8c05" + bytesOf("numpy").toHex() + "8c07" + bytesOf("ndarray").toHex(),
    "93 4b00 85 4301 62 87 52 28 4b01 4a 06000000 85",
    "8c05" + bytesOf("numpy").toHex() + "8c05" + bytesOf("dtype").toHex(),
    "93 8c02" + bytesOf("u1").toHex() + "89 88 87 52 28 4b03 8c01",
    bytesOf("|").toHex() + "4e 4e 4e 4a ffffffff 4a ffffffff 4b00 74 62 89",
    "42 06000000 ffd8ff00ffd9 74 62 2e",
  ].join("").replaceAll(" ", "");
  assert.equal(pickleJpeg(jpeg).toHex(), documented);
});

Deno.test("our pickle gives its JPEG", () => {
  for (const bytes of [6, 300, 178_000]) {
    const jpeg = fakeJpeg(bytes);
    assert.deepEqual(extractJpeg(pickleJpeg(jpeg)), jpeg);
  }
});

Deno.test("a bare JPEG is taken as it is, without what follows its end", () => {
  assert.deepEqual(extractJpeg(SMALL), SMALL);
  const padded = new Uint8Array(400);
  padded.set(SMALL);
  padded.set([0xd9, 0x00, 0xd9], 390);
  assert.deepEqual(extractJpeg(padded), SMALL);
});

Deno.test("what holds no JPEG, or cannot be read, is refused", () => {
  const good = pickleJpeg(SMALL);
  const opcodes = (...bytes: number[]): Uint8Array =>
    Uint8Array.from([0x80, 0x04, ...bytes]);
  const blob = [0x43, 6, 0xff, 0xd8, 0xff, 0x00, 0xff, 0xd9];
  const cases: [string, Uint8Array, string][] = [
    ["nothing", new Uint8Array(0), "no-jpeg"],
    ["text", bytesOf("hello"), "no-jpeg"],
    ["a JPEG without end", SMALL.subarray(0, 200), "no-jpeg"],
    ["a start marker", Uint8Array.of(0xff, 0xd8, 0xff), "no-jpeg"],
    ["only markers", Uint8Array.of(0xff, 0xd8, 0xff, 0xd9), "no-jpeg"],
    ["a pickle of None", opcodes(0x4e, 0x2e), "no-jpeg"],
    ["a pickled picture of pixels", pickleJpeg(new Uint8Array(99)), "no-jpeg"],
    ["two JPEGs", opcodes(...blob, ...blob, 0x2e), "no-jpeg"],
    [
      "one JPEG and one that does not end",
      opcodes(...blob, 0x43, 3, 0xff, 0xd8, 0xff, 0x2e),
      "ok",
    ],
    ["an unknown opcode", opcodes(0xff, 0x2e), "bad-pickle"],
    ["no STOP", good.subarray(0, -1), "bad-pickle"],
    ["only a PROTO", Uint8Array.of(0x80), "bad-pickle"],
    [
      "a blob longer than the pickle",
      opcodes(0x42, 255, 255, 255, 255, 1),
      "bad-pickle",
    ],
    [
      "a blob of 2^64 - 1 bytes",
      opcodes(0x8e, ...Array(8).fill(255)),
      "bad-pickle",
    ],
    ["a length that is cut", opcodes(0x42, 1, 0), "bad-pickle"],
    ["an argument that is cut", opcodes(0x4a, 1), "bad-pickle"],
    ["a line that does not end", opcodes(0x63, 0x61, 0x0a, 0x62), "bad-pickle"],
    [
      "endless opcodes",
      opcodes(...Array(20_000).fill(0x4e), 0x2e),
      "bad-pickle",
    ],
    [
      "text beyond Latin-1",
      opcodes(
        0x8c,
        9,
        0xc3,
        0xbf,
        0xc3,
        0x98,
        0xc3,
        0xbf,
        0xe2,
        0x82,
        0xac,
        0x2e,
      ),
      "bad-pickle",
    ],
    [
      "text cut in a character",
      opcodes(0x8c, 7, 0xc3, 0xbf, 0xc3, 0x98, 0xc3, 0xbf, 0xc3, 0x2e),
      "bad-pickle",
    ],
  ];
  for (const [name, payload, code] of cases) {
    let got = "ok";
    try {
      extractJpeg(payload);
    } catch (error) {
      assert(error instanceof ChainProtocolError, name);
      got = error.code;
    }
    assert.equal(got, code, name);
  }
});

Deno.test("a pickle that would run a program is only read", () => {
  // os.system("exit 1") of protocol 0 calls inside protocol 2.
  const evil = bytesOf("\x80\x02cposix\nsystem\nU\x06exit 1\x85R.");
  evil[0] = 0x80;
  const bytes = Uint8Array.from([0x80, 0x02, ...evil.subarray(3)]);
  assert.throws(() => extractJpeg(bytes), ChainProtocolError);
});
