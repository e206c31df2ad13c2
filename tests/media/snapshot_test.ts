import assert from "node:assert/strict";
import { checkJpeg } from "../../src/jpeg/mod.ts";
import {
  captionedSnapshot,
  contactSheet,
  thumbnail,
} from "../../src/media/mod.ts";
import { MAX_SHEET_CELLS } from "../../src/media/snapshot.ts";
import { decodeJpegs, makeJpeg } from "../support/clips.ts";

const jpeg = await makeJpeg({ size: "640x480" });

Deno.test("a thumbnail has the width asked for and the picture's shape", async () => {
  const { width, height } = checkJpeg(await thumbnail(jpeg, 161));
  assert.deepEqual([width, height], [161, 121]);
  assert.equal(await thumbnail(jpeg, 640), jpeg);
});

Deno.test("a snapshot is the picture with words at its lower edge", async () => {
  const lines = ["peer A", "frame 12", "x".repeat(500), "Zoë"];
  const snapshot = await captionedSnapshot(jpeg, lines);
  const before = await decodeJpegs([jpeg], "gray");
  const after = await decodeJpegs([snapshot], "gray");
  assert.equal(after.length, before.length);
  const difference = (from: number, to: number): number => {
    let sum = 0;
    for (let i = from * 640; i < to * 640; i++) {
      sum += Math.abs((before[i] ?? 0) - (after[i] ?? 0));
    }
    return sum / ((to - from) * 640);
  };
  assert.ok(difference(0, 360) < 3, `${difference(0, 360)}`);
  assert.ok(difference(400, 480) > 20, `${difference(400, 480)}`);
});

Deno.test("a damaged picture is refused", async () => {
  for (const bytes of [new Uint8Array(0), jpeg.subarray(0, 3000)]) {
    await assert.rejects(thumbnail(bytes, 100), { code: "unreadable" });
    await assert.rejects(captionedSnapshot(bytes, []), { code: "unreadable" });
  }
});

Deno.test("a contact sheet has every cell, also without a picture", async () => {
  const cells = [
    { caption: "coordinator\nsent", jpeg },
    {
      caption: "A\n411 received\n0 lost",
      jpeg: await makeJpeg({ size: "480x640" }),
    },
    { caption: "B", jpeg: jpeg.subarray(0, 3000) },
    { caption: "C", jpeg: undefined },
    {
      caption: "D",
      jpeg: await makeJpeg({ size: "64x48", pixFmt: "gray" }).catch(() =>
        undefined
      ),
    },
  ];
  const options = {
    columns: 3,
    cellWidth: 200,
    title: "One frame\nfive times",
  };
  const sheet = checkJpeg(await contactSheet(cells, options));
  const row = checkJpeg(await contactSheet(cells.slice(0, 3), options));
  assert.equal(sheet.width, row.width);
  assert.ok(sheet.height > row.height * 1.6);
  assert.ok(sheet.width > 3 * 200 && sheet.width < 3 * 250);
});

Deno.test("the page of a contact sheet is dark and its pictures are not", async () => {
  const white = await makeJpeg({ size: "320x240" });
  const bytes = await contactSheet([{ caption: "", jpeg: white }], {
    columns: 1,
    cellWidth: 320,
    title: "",
  });
  const { width, height } = checkJpeg(bytes);
  const luma = await decodeJpegs([bytes], "gray");
  assert.ok(Math.abs((luma[0] ?? 0) - 0x18) <= 2, `${luma[0]}`);
  assert.ok(Math.abs((luma[width * height - 1] ?? 0) - 0x18) <= 2);
  const mean = luma.reduce((sum, value) => sum + value, 0) / luma.length;
  assert.ok(mean > 60, `${mean}`);
});

Deno.test("sheets of no cell and of too many are refused", async () => {
  const options = { columns: 3, cellWidth: 100, title: "" };
  await assert.rejects(contactSheet([], options), RangeError);
  const many = Array.from(
    { length: MAX_SHEET_CELLS + 1 },
    () => ({ caption: "", jpeg: undefined }),
  );
  await assert.rejects(contactSheet(many, options), RangeError);
});
