import assert from "node:assert/strict";
import {
  formatAss,
  formatVtt,
  overlayCaptions,
  type OverlayFencer,
  type OverlayTrack,
} from "../../src/referee/mod.ts";

const FENCER: OverlayFencer = {
  place: [0, 0],
  speed: [0, 0],
  boxes: [[1, 2, 30, 40], null],
  halts: [],
  lunge: null,
};

const TRACK: OverlayTrack = {
  version: 1,
  width: 640,
  height: 360,
  times: [0, 0.04],
  source: "tracker",
  problem: null,
  winner: "left",
  reason: "Right fencer <retreated> at 0.00s",
  tier: "high",
  confidence: 0.88,
  offset: 0,
  start: 0,
  hit: 0.04,
  scored: { left: true, right: true },
  events: [{
    time: 0.02,
    kind: "blade_contact",
    side: null,
    text: "Blade-to-blade contact",
  }],
  decisive: null,
  ground: null,
  left: FENCER,
  right: {
    ...FENCER,
    boxes: [null, null],
    halts: [{ start: 0, end: 0.03, is_retreat: true }],
  },
};

Deno.test("the captions tell halts, contacts and the decision in their order", () => {
  assert.deepEqual(
    overlayCaptions(TRACK).map(({ start, kind, text }) => [start, kind, text]),
    [
      [0, "halt", "Right fencer retreats"],
      [0.02, "contact", "Blade contact"],
      [
        0.04,
        "decision",
        "Point for the left fencer: Right fencer <retreated> at 0.00s",
      ],
    ],
  );
});

Deno.test("WebVTT has what markup would be as text", () => {
  assert.equal(
    formatVtt(TRACK).split("\n").slice(0, 4).join("\n"),
    "WEBVTT\n\n00:00:00.000 --> 00:00:00.030\nRight fencer retreats",
  );
  assert.match(formatVtt(TRACK), /&lt;retreated>/);
});

Deno.test("ASS draws a box for each frame in which a fencer was seen", () => {
  const ass = formatAss(TRACK);
  const boxes = ass.split("\n").filter((line) => line.includes(",Boxes,,"));
  assert.equal(boxes.length, 1);
  assert.match(
    boxes[0]!,
    /^Dialogue: 0,0:00:00\.00,0:00:00\.04,Boxes,.*\\p1\}m 1 2 l 30 2 30 4 1 4 /,
  );
  assert.match(ass, /PlayResX: 640\nPlayResY: 360/);
  const evil = formatAss({ ...TRACK, reason: "a {\\b1}\nDialogue: b" });
  assert.equal(evil.match(/^Dialogue: b/m), null);
});
