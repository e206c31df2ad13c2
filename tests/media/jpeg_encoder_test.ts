import assert from "node:assert/strict";
import {
  checkJpeg,
  hasStandardHuffman,
  parseJpeg,
} from "../../src/jpeg/mod.ts";
import { encodeJpeg } from "../../src/media/jpeg_encoder.ts";
import { decodeJpeg } from "../../src/media/jpeg_decoder.ts";
import type { Pixels } from "../../src/media/canvas.ts";
import { decodeJpegs } from "../support/clips.ts";

/** Smooth colours with a hard edge. */
function picture(width: number, height: number): Pixels {
  const bitmap = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4;
      bitmap[at] = 255 * x / width;
      bitmap[at + 1] = 255 * y / height;
      bitmap[at + 2] = x + y < (width + height) / 2 ? 40 : 200;
      bitmap[at + 3] = 255;
    }
  }
  return { width, height, bitmap };
}

function psnr(a: Uint8Array, b: Uint8Array): number {
  assert.equal(a.length, b.length);
  const error = a.reduce(
    (sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2,
    0,
  );
  return 10 * Math.log10(255 ** 2 / (error / a.length));
}

const sizes: readonly (readonly [number, number])[] = [
  [1, 1],
  [8, 8],
  [17, 5],
  [160, 120],
  [333, 251],
];

for (const [width, height] of sizes) {
  Deno.test(`${width}x${height} pixels come back from ffmpeg as they were`, async () => {
    const pixels = picture(width, height);
    const jpeg = encodeJpeg(pixels, 95);
    const info = checkJpeg(jpeg);
    assert.deepEqual(
      [info.width, info.height, info.layout, info.kind],
      [width, height, "4:2:0", "baseline"],
    );
    assert.ok(hasStandardHuffman(parseJpeg(jpeg)));
    const grey = new Uint8Array(width * height).map((_, i) => {
      const [r = 0, g = 0, b = 0] = pixels.bitmap.subarray(i * 4);
      return Math.round(0.299 * r + 0.587 * g + 0.114 * b);
    });
    assert.ok(psnr(grey, await decodeJpegs([jpeg], "gray")) > 35);
  });
}

Deno.test("both decoders see the same picture", async () => {
  const jpeg = encodeJpeg(picture(160, 120), 90);
  const ours = await decodeJpeg(jpeg);
  const theirs = await decodeJpegs([jpeg], "rgba");
  assert.ok(psnr(ours.bitmap as Uint8Array, theirs) > 35);
});

Deno.test("noise at the highest quality is coded without a fault", async () => {
  const bitmap = new Uint8Array(64 * 64 * 4);
  let state = 1;
  for (let i = 0; i < bitmap.length; i++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    bitmap[i] = (state >> 16) & 1 ? 255 : 0;
  }
  const jpeg = encodeJpeg({ width: 64, height: 64, bitmap }, 99);
  checkJpeg(jpeg);
  assert.equal((await decodeJpegs([jpeg], "gray")).length, 64 * 64);
});

Deno.test("a decoded picture may be smaller but not narrower than asked", async () => {
  const jpeg = encodeJpeg(picture(640, 480), 90);
  for (const [asked, least] of [[640, 640], [400, 400], [100, 100], [1, 1]]) {
    const { width, height, bitmap } = await decodeJpeg(jpeg, asked);
    assert.ok(width >= (least ?? 0) && width <= 640, `${width}`);
    assert.equal(bitmap.length, width * height * 4);
  }
});
