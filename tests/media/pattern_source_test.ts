import assert from "node:assert/strict";
import {
  checkJpeg,
  hasStandardHuffman,
  parseJpeg,
} from "../../src/jpeg/mod.ts";
import { silentLogger } from "../../src/log/mod.ts";
import { openSource, parseSource } from "../../src/media/mod.ts";
import { drawText, textWidth } from "../../src/media/bitmap_font.ts";
import {
  PATTERN_CODE_BITS,
  PatternPainter,
} from "../../src/media/pattern_painter.ts";
import { decodeJpegs } from "../support/clips.ts";
import { collect, ffmpegChildren } from "./support/sources.ts";

/** The frame number in the blocks at the top of a grey picture. */
function readCode(luma: Uint8Array, width: number): number {
  let number = 0;
  for (let bit = 0; bit < PATTERN_CODE_BITS; bit++) {
    const middle = Math.floor((bit + 0.5) * width / PATTERN_CODE_BITS);
    number = number * 2 + ((luma[4 * width + middle] ?? 0) > 128 ? 1 : 0);
  }
  return number;
}

Deno.test("each pattern frame carries its number through JPEG", async () => {
  await using source = await openSource(
    parseSource("pattern:320x240@12.5"),
    { log: silentLogger, duration: 4 },
  );
  assert.deepEqual(
    [source.width, source.height, source.fps, source.totalFrames, source.live],
    [320, 240, 12.5, 50, false],
  );
  for (let reading = 0; reading < 2; reading++) {
    const frames = await collect(source);
    assert.equal(frames.length, 50);
    assert.equal(frames[25]?.time, 2_000_000);
    const pictures = await decodeJpegs(
      frames.map((frame) => frame.bytes),
      "gray",
    );
    frames.forEach(({ bytes }, i) => {
      const luma = pictures.subarray(i * 320 * 240, (i + 1) * 320 * 240);
      assert.equal(readCode(luma, 320), i);
      assert.equal(checkJpeg(bytes).layout, "4:2:0");
      assert.ok(hasStandardHuffman(parseJpeg(bytes)));
    });
  }
  assert.deepEqual(await ffmpegChildren("320x240"), []);
});

Deno.test("the words are in the picture, and only their own", () => {
  const painter = new PatternPainter(640, 480, 24);
  const now = new Date("2025-01-31T12:34:56.789Z");
  const luma = painter.paint(123, now).slice(0, 640 * 480);
  const lines: readonly (readonly [string, number])[] = [
    ["FRAME 000123", 0],
    ["00:00:05.125", 1],
    ["2025-01-31 12:34:56.789", 2],
  ];
  for (const [line, row] of lines) {
    assert.ok(findText(luma, 640, 480, line, row), line);
    assert.ok(!findText(luma, 640, 480, `${line.slice(0, -1)}x`, row), line);
  }
});

/** Whether `text`, centred, stands in the given third of the lower part, at any scale and height. */
function findText(
  luma: Uint8Array,
  width: number,
  height: number,
  text: string,
  row: number,
): boolean {
  const top = Math.floor(height * 0.62);
  const pitch = (height - top) / 3;
  for (let scale = 1; textWidth(text, scale) <= width; scale++) {
    const x = (width - textWidth(text, scale)) >> 1;
    const first = Math.floor(top + row * pitch) - 2;
    for (let y = first; y + 7 * scale < first + pitch + 4; y++) {
      const wanted = new Set<number>();
      drawText(text, x, y, scale, (left, line, w, h) => {
        for (let j = line; j < line + h; j++) {
          for (let i = left; i < left + w; i++) wanted.add(j * width + i);
        }
      });
      let isEqual = true;
      for (let j = y; j < y + 7 * scale && isEqual; j++) {
        for (let i = x; i < x + textWidth(text, scale); i++) {
          const isLit = (luma[j * width + i] ?? 0) > 128;
          if (isLit !== wanted.has(j * width + i)) {
            isEqual = false;
            break;
          }
        }
      }
      if (isEqual) return true;
    }
  }
  return false;
}

Deno.test("the picture moves and fits every size", () => {
  for (const [width, height] of [[64, 64], [320, 240], [1620, 1080]] as const) {
    const painter = new PatternPainter(width, height, 30);
    const first = painter.paint(0, new Date(0)).slice();
    assert.equal(first.length, width * height * 3 / 2);
    const second = painter.paint(15, new Date(0));
    let changed = 0;
    first.forEach((value, i) => changed += value === second[i] ? 0 : 1);
    assert.ok(changed > width * height / 100, `${changed}`);
    // and comes back to the same picture for the same number
    assert.deepEqual(painter.paint(0, new Date(0)), first);
  }
});

Deno.test("the pattern's clock is the time at which a frame is taken", async () => {
  await using source = await openSource(parseSource("pattern:320x240@24"), {
    log: silentLogger,
  });
  assert.equal(source.totalFrames, undefined);
  const reading = source.frames()[Symbol.asyncIterator]();
  await reading.next();
  // nothing is painted ahead: the next frame is numbered 1 whenever it is asked for
  const { value } = await reading.next();
  assert.ok(value);
  const luma = await decodeJpegs([value.bytes], "gray");
  assert.equal(readCode(luma, 320), 1);
  await reading.return?.();
});

Deno.test("a pattern that is left leaves no process", async () => {
  const source = await openSource(parseSource("pattern:322x242"), {
    log: silentLogger,
  });
  const reading = source.frames()[Symbol.asyncIterator]();
  await reading.next();
  assert.equal((await ffmpegChildren("322x242")).length, 1);
  await source[Symbol.asyncDispose]();
  assert.equal((await reading.next()).done, true);
  assert.deepEqual(await ffmpegChildren("322x242"), []);
});
