import assert from "node:assert/strict";
import {
  encodeMjpegFrame,
  encodeMjpegPrefix,
  encodeMultipartPart,
  encodeMultipartStart,
  MAX_FRAME_BYTES,
  type MjpegContainer,
  multipartContentType,
} from "../../src/jpeg/mod.ts";
import { join } from "./support/cut.ts";

const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xd9);

Deno.test("each container has its prefix", () => {
  const prefixes: [MjpegContainer, number, number[]][] = [
    ["ascii", 10528, [0x31, 0x30, 0x35, 0x32, 0x38]],
    ["ascii", 4, [0x30, 0x30, 0x30, 0x30, 0x34]],
    ["ascii", 99_999, [0x39, 0x39, 0x39, 0x39, 0x39]],
    ["binary", 11944, [0, 0, 0, 0x2e, 0xa8]],
    ["binary", MAX_FRAME_BYTES, [0, 1, 0, 0, 0]],
    ["raw", 5, []],
  ];
  for (const [container, length, prefix] of prefixes) {
    assert.deepEqual([...encodeMjpegPrefix(container, length)], prefix);
  }
  assert.deepEqual(encodeMjpegFrame("ascii", JPEG), join("00004", JPEG));
  assert.deepEqual(encodeMjpegFrame("raw", JPEG), JPEG);
});

Deno.test("a frame that five digits cannot say is refused with the way out", () => {
  assert.throws(
    () => encodeMjpegPrefix("ascii", 100_000),
    {
      name: "MjpegError",
      code: "frame-too-large",
      message: /100000 bytes with five digits.*binary container/,
    },
  );
  assert.throws(
    () => encodeMjpegFrame("ascii", new Uint8Array(100_000)),
    { code: "frame-too-large" },
  );
});

Deno.test("no container takes a frame that no reader would", () => {
  for (const container of ["ascii", "binary", "raw"] as const) {
    for (const length of [0, 3]) {
      assert.throws(
        () => encodeMjpegPrefix(container, length),
        { code: "bad-length" },
      );
    }
    assert.throws(
      () => encodeMjpegPrefix(container, MAX_FRAME_BYTES + 1),
      { code: "frame-too-large" },
    );
  }
  assert.throws(
    () => encodeMultipartPart(JPEG.subarray(1), "b"),
    { code: "bad-length" },
  );
});

Deno.test("a part ends with the next boundary, so that browsers show it at once", () => {
  assert.deepEqual(
    encodeMultipartPart(JPEG, "b", { "X-Timestamp": "1.5" }),
    join(
      "Content-Type: image/jpeg\r\nContent-Length: 4\r\nX-Timestamp: 1.5\r\n\r\n",
      JPEG,
      "\r\n--b\r\n",
    ),
  );
  assert.deepEqual(encodeMultipartStart("b"), join("--b\r\n"));
  assert.equal(
    multipartContentType("b"),
    "multipart/x-mixed-replace; boundary=b",
  );
});
