import assert from "node:assert/strict";
import {
  checkFrame,
  encodeRawFrame,
  FrameFormatError,
  type FrameKind,
} from "../../src/referee/mod.ts";
import {
  concat,
  PNG_SIGNATURE,
  pngChunk,
  pngHeader,
  testJpeg,
  testPixels,
  testPng,
} from "./support/frames.ts";

const SESSION = { width: 32, height: 16, maxPixels: 1_000_000 };

/** A JPEG whose header claims another size. */
function claiming(width: number, height: number): Uint8Array {
  const jpeg = testJpeg().slice();
  const view = new DataView(jpeg.buffer);
  for (let at = 2; at < jpeg.length;) {
    const marker = view.getUint16(at);
    if (marker >= 0xffc0 && marker <= 0xffc2) {
      view.setUint16(at + 5, height);
      view.setUint16(at + 7, width);
      return jpeg;
    }
    at += 2 + view.getUint16(at + 2);
  }
  throw new Error("Cannot find the frame header");
}

Deno.test("sound frames of every kind and label are what their bytes are", () => {
  const raw = encodeRawFrame(32, 16, testPixels());
  const cases: [Uint8Array, string | undefined, FrameKind][] = [
    [testJpeg(), "jpeg", "jpeg"],
    [testJpeg(), "jpg", "jpeg"],
    [testJpeg(), "JPEG", "jpeg"],
    [testJpeg(), undefined, "jpeg"],
    [testJpeg(), "png", "jpeg"],
    [testPng(), "png", "png"],
    [testPng(), "jpeg", "png"],
    [testPng(), undefined, "png"],
    [raw, "raw", "raw"],
    [raw, undefined, "raw"],
    [testPixels(), "raw", "raw"],
    [testPixels(), undefined, "raw"],
  ];
  for (const [bytes, label, kind] of cases) {
    assert.deepEqual(
      checkFrame(bytes, label, SESSION),
      { kind, width: 32, height: 16 },
      `${label} ${kind}`,
    );
  }
});

Deno.test("raw pixels that begin as a JPEG does are raw when they say so", () => {
  const pixels = testPixels();
  pixels.set([0xff, 0xd8]);
  assert.equal(checkFrame(pixels, "raw", SESSION).kind, "raw");
});

Deno.test("a raw frame with a header may be of another size than the session's", () => {
  const bytes = encodeRawFrame(8, 4, testPixels(8, 4));
  assert.deepEqual(checkFrame(bytes, "raw", SESSION), {
    kind: "raw",
    width: 8,
    height: 4,
  });
});

const jpeg = testJpeg();
const png = testPng();

/** Bytes that are no frame, and what is said of them. */
const BAD:
  readonly (readonly [string, Uint8Array, string | undefined, RegExp])[] = [
    ["nothing", new Uint8Array(), "jpeg", /neither JPEG nor PNG/],
    ["text", new TextEncoder().encode("hello"), "jpeg", /neither JPEG nor PNG/],
    ["a JPEG cut off", jpeg.subarray(0, jpeg.length - 40), "jpeg", /FFD9/],
    [
      "a JPEG with something behind it",
      concat(jpeg, Uint8Array.of(0)),
      "jpeg",
      /follow its end/,
    ],
    ["a JPEG bomb", claiming(65_500, 65_500), "jpeg", /pixels/],
    [
      "a JPEG above the server's limit",
      claiming(2000, 2000),
      "jpeg",
      /max_frame_pixels/,
    ],
    ["a PNG cut off", png.subarray(0, png.length - 1), "png", /without IEND/],
    [
      "a PNG with something behind it",
      concat(png, jpeg),
      "png",
      /follow its end/,
    ],
    [
      "a PNG with a wrong checksum",
      concat(
        png.subarray(0, 60),
        Uint8Array.of(png[60]! ^ 1),
        png.subarray(61),
      ),
      "png",
      /checksum/,
    ],
    [
      "a PNG bomb",
      concat(
        PNG_SIGNATURE,
        pngHeader(1_000_000, 1_000_000),
        pngChunk("IDAT", new Uint8Array(10)),
        pngChunk("IEND", new Uint8Array()),
      ),
      "png",
      /max_frame_pixels/,
    ],
    [
      "a PNG of no size",
      concat(
        PNG_SIGNATURE,
        pngHeader(0, 5),
        pngChunk("IDAT", new Uint8Array(10)),
        pngChunk("IEND", new Uint8Array()),
      ),
      "png",
      /0 × 5/,
    ],
    [
      "a PNG without a picture",
      concat(
        PNG_SIGNATURE,
        pngHeader(2, 2),
        pngChunk("IEND", new Uint8Array()),
      ),
      "png",
      /no picture data/,
    ],
    [
      "a PNG without a header",
      concat(
        PNG_SIGNATURE,
        pngChunk("IDAT", new Uint8Array(3)),
        pngChunk("IEND", new Uint8Array()),
      ),
      "png",
      /IHDR/,
    ],
    [
      "a PNG with two headers",
      concat(PNG_SIGNATURE, pngHeader(2, 2), pngHeader(2, 2)),
      "png",
      /two headers/,
    ],
    [
      "a PNG with an absurd chunk",
      concat(
        PNG_SIGNATURE,
        Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 8),
      ),
      "png",
      /without IEND/,
    ],
    ["raw bytes too short", testPixels().subarray(1), "raw", /raw frame/],
    [
      "raw with four channels",
      rawHeader(16, 32, 4, 16 * 32 * 4),
      "raw",
      /4 channels/,
    ],
    [
      "raw with a lying header",
      rawHeader(1000, 1000, 3, 50),
      "raw",
      /1000 × 1000/,
    ],
    [
      "raw with a header that multiplies to nothing",
      rawHeader(0, 0, 3, 0),
      "raw",
      /0 × 0/,
    ],
    ["an encoding of the future", jpeg, "h264", /"h264"/],
  ];

function rawHeader(
  height: number,
  width: number,
  channels: number,
  bytes: number,
): Uint8Array {
  const frame = new Uint8Array(12 + bytes);
  const view = new DataView(frame.buffer);
  view.setUint32(0, height, true);
  view.setUint32(4, width, true);
  view.setUint32(8, channels, true);
  return frame;
}

Deno.test("what is no frame is refused with the reason", () => {
  for (const [name, bytes, label, words] of BAD) {
    assert.throws(() => checkFrame(bytes, label, SESSION), (error) => {
      assert.ok(error instanceof FrameFormatError, `${name}: ${error}`);
      assert.match(error.message, words, name);
      return true;
    });
  }
});
