import assert from "node:assert/strict";
import { FrameCoarsener } from "../../src/services/chain_coordinator/frame_coarsener.ts";
import { checkJpeg } from "../../src/jpeg/mod.ts";
import { decodeJpegs, makeJpegs } from "../support/clips.ts";

Deno.test("pictures come near the wanted size, decode, and are whole again when there is room", async () => {
  const jpegs = await makeJpegs({ size: "320x240", frames: 40 });
  const coarsener = new FrameCoarsener();
  const coarse = jpegs.map((jpeg) => {
    const made = coarsener.coarsen(jpeg, 0.6);
    assert.ok(made);
    checkJpeg(made);
    return made;
  });
  const sum = (all: readonly Uint8Array[]): number =>
    all.slice(-10).reduce((bytes, { length }) => bytes + length, 0);
  const left = sum(coarse) / sum(jpegs);
  assert.ok(left > 0.35 && left < 0.75, `${left}`);
  const pixels = await decodeJpegs(coarse.slice(-1));
  assert.equal(pixels.length, (await decodeJpegs(jpegs.slice(-1))).length);
  assert.equal(coarsener.coarsen(jpegs[0]!, 1), jpegs[0]);
});

Deno.test("a picture that cannot be made coarser is told", async () => {
  const [jpeg] = await makeJpegs({ size: "64x48", frames: 1 });
  const progressive = jpeg!.slice();
  for (let at = 0; at + 1 < progressive.length; at++) {
    if (progressive[at] === 0xff && progressive[at + 1] === 0xc0) {
      progressive[at + 1] = 0xc2;
      break;
    }
  }
  assert.equal(new FrameCoarsener().coarsen(progressive, 0.6), undefined);
});
