import assert from "node:assert/strict";
import { decidePhrase, parseSignalFile } from "../../src/referee/mod.ts";
import {
  followFencers,
  grayImage,
  SceneObserver,
  SyntheticPhrase,
  trackProblem,
} from "../../src/vision/mod.ts";
import { CHUNK_FRAMES } from "../../src/vision/scene_observer.ts";
import { share, trackPhrase } from "./support/track.ts";

Deno.test("a video that cuts to another scene before the hit is no call", () => {
  const first = new SyntheticPhrase({ scenario: "chase", seed: 1 });
  const second = new SyntheticPhrase({
    scenario: "left_pauses",
    seed: 5,
    condition: "dark_on_bright",
  });
  const image = grayImage(480, 270);
  const observer = new SceneObserver(480, 270);
  for (let frame = 0; frame < 90; frame++) {
    (frame < 45 ? first : second).paint(frame, image);
    observer.push(image);
  }
  const times = Array.from({ length: 90 }, (_, i) => i / 30);
  const tracks = followFencers(observer.finish(times));
  assert.deepEqual(tracks.cuts, [1.5]);
  assert.equal(trackProblem(tracks, 0, 2.5), "cut");
  assert.equal(trackProblem(tracks, 0, 1.4), undefined);
  const signal = parseSignalFile(
    new TextEncoder().encode(second.signalText()),
  );
  const { decision } = decidePhrase({
    signal,
    tracks,
    weapon: "sabre",
    offset: 0,
  });
  assert.equal(decision.winner, "none");
  assert.equal(
    decision.reason,
    "No call: the video cuts to another scene before the hit",
  );
});

Deno.test("lamps are seen when they go on, and none where there are none", () => {
  for (const condition of ["plain", "flicker", "pan"] as const) {
    const { phrase, tracks } = trackPhrase({
      scenario: "left_pauses",
      seed: 3,
      condition,
    });
    const late = tracks.lampTime! - phrase.script.hitTime;
    assert.ok(late >= 0 && late < 0.04, `${condition}: ${late}`);
  }
  const { tracks } = trackPhrase({
    scenario: "left_pauses",
    seed: 3,
    still: true,
  });
  assert.equal(tracks.lampTime, undefined);
});

Deno.test("the camera's turning is taken out of the places", () => {
  const { phrase, tracks } = trackPhrase({
    scenario: "right_pauses",
    seed: 2,
    condition: "pan",
  });
  const reach = tracks.dx.reduce((most, one) => Math.max(most, Math.abs(one)));
  assert.ok(reach > 0.05 * phrase.width, `${reach}`);
  const still = trackPhrase({ scenario: "right_pauses", seed: 2 }).tracks;
  for (let frame = 0; frame < phrase.frameCount; frame += 7) {
    const off = tracks.right.x[frame]! - still.right.x[frame]!;
    assert.ok(Math.abs(off) < 2, `frame ${frame}: ${off}`);
  }
});

Deno.test("a recording longer than a chunk is followed across its borders", () => {
  // The phrase forward, backward, forward …: there is no leap in it.
  const phrase = new SyntheticPhrase({ scenario: "chase", seed: 1 });
  const { frameCount } = phrase;
  const order = Array.from({ length: 4 }, (_, turn) =>
    Array.from(
      { length: frameCount },
      (_, i) => turn % 2 === 0 ? i : frameCount - 1 - i,
    )).flat();
  assert.ok(order.length > CHUNK_FRAMES);
  const image = grayImage(480, 270);
  const observer = new SceneObserver(480, 270);
  for (const frame of order) {
    phrase.paint(frame, image);
    observer.push(image);
  }
  const tracks = followFencers(observer.finish(order.map((_, i) => i / 30)));
  const errors = order.flatMap((frame, i) => {
    const truth = phrase.truth(frame);
    return [
      Math.abs(tracks.left.x[i]! - truth.left),
      Math.abs(tracks.right.x[i]! - truth.right),
    ];
  }).sort((a, b) => a - b);
  assert.ok(share(errors, 0.5) < 1, `${share(errors, 0.5)}`);
  assert.ok(share(errors, 0.99) < 3, `${share(errors, 0.99)}`);
});

Deno.test("fewer times than frames are refused", () => {
  const observer = new SceneObserver(32, 32);
  observer.push(grayImage(32, 32));
  observer.push(grayImage(32, 32));
  assert.throws(
    () => observer.finish([0]),
    new RangeError("Cannot time 2 frames: there are 1 times"),
  );
});
