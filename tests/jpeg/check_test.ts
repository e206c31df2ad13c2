import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { checkJpeg, JpegError, MAX_JPEG_BYTES } from "../../src/jpeg/mod.ts";
import { makeJpeg } from "../support/clips.ts";
import { readHexFixtures } from "./support/fixtures.ts";
import { segment, syntheticJpeg } from "./support/synthetic.ts";

Deno.test("every broken file of the fixtures is refused with its code", () => {
  const fixtures = readHexFixtures("jpeg");
  assert.ok(fixtures.length > 30);
  for (const { name, bytes, expect } of fixtures) {
    assert.throws(
      () => checkJpeg(bytes),
      (error) => error instanceof JpegError && error.code === expect,
      `${name}: ${expect}`,
    );
  }
});

Deno.test("ffmpeg's frames pass and say what they are", async () => {
  for (
    const [pixFmt, layout] of [
      ["yuvj420p", "4:2:0"],
      ["yuvj422p", "4:2:2"],
      ["yuvj444p", "4:4:4"],
    ] as const
  ) {
    const info = checkJpeg(await makeJpeg({ size: "322x242", pixFmt }));
    assert.equal(info.layout, layout);
    assert.equal(info.kind, "baseline");
    assert.deepEqual([info.width, info.height], [322, 242]);
    assert.equal(info.precision, 8);
    assert.equal(info.huffmanTables, true);
    assert.equal(info.components.length, 3);
  }
});

Deno.test("no cut of a frame passes", async () => {
  const bytes = await makeJpeg({ size: "64x48" });
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => checkJpeg(bytes.subarray(0, length)), JpegError);
  }
});

Deno.test("the marker of the frame header says how the picture is coded", () => {
  const kinds = [
    [0xc0, "baseline", false],
    [0xc1, "extended", false],
    [0xc2, "progressive", false],
    [0xc3, "lossless", false],
    [0xc5, "hierarchical", false],
    [0xc9, "extended", true],
    [0xca, "progressive", true],
    [0xcb, "lossless", true],
    [0xcf, "hierarchical", true],
  ] as const;
  for (const [sof, kind, arithmetic] of kinds) {
    const info = checkJpeg(syntheticJpeg({ sof }));
    assert.deepEqual([info.kind, info.arithmetic], [kind, arithmetic]);
  }
});

Deno.test("the layout follows from the ratio of the sampling factors", () => {
  const layouts: [string[], string][] = [
    [["1x1"], "grey"],
    [["2x2"], "grey"],
    [["2x2", "1x1", "1x1"], "4:2:0"],
    [["2x1", "1x1", "1x1"], "4:2:2"],
    [["2x2", "1x2", "1x2"], "4:2:2"],
    [["4x1", "2x1", "2x1"], "4:2:2"],
    [["1x1", "1x1", "1x1"], "4:4:4"],
    [["1x2", "1x2", "1x2"], "4:4:4"],
    [["1x2", "1x1", "1x1"], "4:4:0"],
    [["4x1", "1x1", "1x1"], "4:1:1"],
    [["2x2", "2x1", "1x1"], "other"],
    [["1x1", "2x2", "2x2"], "other"],
    [["1x1", "1x1"], "other"],
    [["1x1", "1x1", "1x1", "1x1"], "other"],
  ];
  for (const [sampling, layout] of layouts) {
    assert.equal(checkJpeg(syntheticJpeg({ sampling })).layout, layout);
  }
});

Deno.test("a thumbnail inside EXIF does not end the file", () => {
  const thumbnail = syntheticJpeg({ width: 8, height: 8 });
  const exif = segment(0xe1, [...Buffer.from("Exif\0\0"), ...thumbnail]);
  assert.equal(checkJpeg(syntheticJpeg({ extraSegments: [exif] })).width, 40);
});

Deno.test("fill bytes before EOI and before segments are no fault", () => {
  const bytes = syntheticJpeg({ extraSegments: [[0xff, 0xff]] });
  const filled = Uint8Array.of(
    ...bytes.subarray(0, -2),
    0xff,
    0xff,
    0xff,
    0xd9,
  );
  assert.equal(checkJpeg(filled).width, 40);
});

Deno.test("a file without Huffman tables passes and says so", () => {
  const info = checkJpeg(syntheticJpeg({ huffman: "absent" }));
  assert.equal(info.huffmanTables, false);
});

Deno.test("a file beyond the size limit is not looked at", () => {
  assert.throws(
    () => checkJpeg(new Uint8Array(MAX_JPEG_BYTES + 1)),
    { name: "JpegError", code: "too-large" },
  );
});
