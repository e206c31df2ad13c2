import assert from "node:assert/strict";
import fc from "fast-check";
import { decidePhrase, parseSignalFile } from "../../src/referee/mod.ts";
import {
  type FencerTrack,
  type PhraseTracks,
  smoothSeries,
} from "../../src/vision/mod.ts";
import { fuzzRuns } from "../support/fuzz.ts";

const HEIGHT = 90;
const HIT = 2.5;

/** Heights a second, forward, until a time. */
type Script = readonly (readonly [until: number, speed: number])[];

/** Tracks of two scripts, without pictures. */
function tracksOf(
  left: Script,
  right: Script,
  { fps = 30, duration = 3.2, jitter = (_: number): number => 0 } = {},
): PhraseTracks {
  const times = Float64Array.from(
    { length: Math.floor(duration * fps) },
    (_, i) => i / fps,
  );
  const fencer = (
    script: Script,
    start: number,
    direction: 1 | -1,
  ): FencerTrack => {
    const x = times.map((time, i) => {
      let way = 0;
      let from = 0;
      for (const [until, speed] of script) {
        way += speed * Math.max(0, Math.min(time, until) - from);
        from = until;
      }
      return start + direction * HEIGHT * way + jitter(i);
    });
    return {
      x,
      speed: smoothSeries(times, x, 0.07).slopes,
      stretch: times.map(() => 0.6),
      seen: new Uint8Array(times.length).fill(1),
      boxes: new Float32Array(4 * times.length),
      keypoints: Array.from(times, () => undefined),
    };
  };
  return {
    width: 480,
    height: 270,
    times,
    left: fencer(left, 60, 1),
    right: fencer(right, 420, -1),
    dx: new Float64Array(times.length),
    bodyHeight: HEIGHT,
    lampTime: undefined,
    cuts: [],
    motion: 0.01,
  };
}

function decide(tracks: PhraseTracks, ...lines: readonly string[]) {
  const text = [
    " 0.000s | Phrase recording started",
    ...lines,
    ` ${HIT.toFixed(3)}s | HIT: Simultaneous valid hits!`,
    "Scores -> Fencer 1: HIT, Fencer 2: HIT",
  ].join("\n");
  return decidePhrase({
    signal: parseSignalFile(new TextEncoder().encode(text)),
    tracks,
    weapon: "sabre",
    offset: 0,
  }).decision;
}

const ATTACK: Script = [[0.5, 0], [HIT, 0.8], [9, 0]];
const PAUSE_EARLY: Script = [[0.5, 0], [0.9, 0.8], [1.3, 0], [HIT, 0.8], [
  9,
  0,
]];
const PAUSE_LATE: Script = [[0.5, 0], [1.5, 0.8], [2.0, 0], [HIT, 0.8], [9, 0]];
const RETREAT: Script = [[0.5, 0], [1.2, 0.8], [2.0, -0.5], [HIT, 0.8], [9, 0]];
const LATE_BUT_FAST: Script = [[0.5, 0], [1.5, 0.8], [1.9, 0], [HIT, 1.6], [
  9,
  0,
]];

const TABLE: readonly (readonly [
  name: string,
  left: Script,
  right: Script,
  winner: string,
  tier: string,
  reason: RegExp,
])[] = [
  [
    "right pauses",
    ATTACK,
    PAUSE_LATE,
    "left",
    "high",
    /^Right fencer paused at 1\.[45]\ds$/,
  ],
  [
    "left pauses",
    PAUSE_LATE,
    ATTACK,
    "right",
    "high",
    /^Left fencer paused at 1\.[45]\ds$/,
  ],
  [
    "right retreats",
    ATTACK,
    RETREAT,
    "left",
    "high",
    /^Right fencer retreated at 1\.\d\ds$/,
  ],
  [
    "both pause, right later",
    PAUSE_EARLY,
    PAUSE_LATE,
    "left",
    "high",
    /^Right fencer paused/,
  ],
  [
    "right pauses early, ground is even",
    ATTACK,
    PAUSE_EARLY,
    "left",
    "low",
    /^Right fencer paused at 0\.[89]\ds$/,
  ],
  [
    "both attack",
    ATTACK,
    ATTACK,
    "none",
    "none",
    /^No call: simultaneous actions/,
  ],
  [
    "who paused gains more ground",
    ATTACK,
    LATE_BUT_FAST,
    "none",
    "none",
    /contradict each other$/,
  ],
];

for (const [name, left, right, winner, tier, reason] of TABLE) {
  Deno.test(`the cues decide: ${name}`, () => {
    const decision = decide(tracksOf(left, right));
    assert.match(decision.reason, reason);
    assert.equal(decision.winner, winner);
    assert.equal(decision.tier, tier);
  });
}

Deno.test("faster at the end without a pause is a call of low confidence", () => {
  const slow: Script = [[0.5, 0], [HIT, 0.4], [9, 0]];
  const decision = decide(tracksOf(ATTACK, slow));
  assert.equal(decision.winner, "left");
  assert.equal(decision.tier, "low");
  assert.equal(
    decision.reason,
    "Left fencer gained more ground before the hit",
  );
});

Deno.test("a contact lowers the tier only when it was before the hit", () => {
  const contact = (time: string): string =>
    ` ${time}s | Off-Target: Blade-to-blade contact.`;
  const tracks = tracksOf(ATTACK, PAUSE_LATE);
  assert.equal(decide(tracks, contact("2.100")).tier, "medium");
  assert.equal(decide(tracks, contact("2.900")).tier, "high");
});

Deno.test("a recorded label changes nothing", () => {
  const tracks = tracksOf(ATTACK, PAUSE_LATE);
  const label = "[2025-10-20 20:59:27] Manual selection winner: Right Fencer";
  assert.deepEqual(decide(tracks, label), decide(tracks));
});

const speed = fc.double({ min: -0.8, max: 1.6, noNaN: true });
const script: fc.Arbitrary<Script> = fc.tuple(speed, speed, speed, speed)
  .map((speeds) => [
    [0.4, 0],
    ...speeds.map((one, i) => [0.4 + 0.525 * (i + 1), one] as const),
    [9, 0],
  ]);

/** Exchanges left and right in a text. */
function mirrorText(text: string): string {
  return text.replace(/left|right|Left|Right/g, (word) => ({
    left: "right",
    right: "left",
    Left: "Right",
    Right: "Left",
  }[word]!));
}

Deno.test("whatever both do, the mirrored phrase has the mirrored decision", () => {
  fc.assert(
    fc.property(script, script, (one, two) => {
      const straight = decide(tracksOf(one, two));
      const mirrored = decide(tracksOf(two, one));
      assert.equal(mirrored.reason, mirrorText(straight.reason));
      assert.equal(mirrored.winner, mirrorText(straight.winner));
      assert.equal(mirrored.tier, straight.tier);
      assert.deepEqual(mirrored.left_pauses, straight.right_pauses);
    }),
    { numRuns: fuzzRuns(60) },
  );
});

Deno.test("whatever the tracks are, there is a decision and its numbers are numbers", () => {
  const place = fc.oneof(
    fc.double({ min: -1e4, max: 1e4, noNaN: true }),
    fc.constant(NaN),
  );
  fc.assert(
    fc.property(fc.array(place, { maxLength: 80 }), (noise) => {
      const jitter = (i: number): number => noise[i] ?? 0;
      const decision = decide(tracksOf(ATTACK, RETREAT, { jitter }));
      assert.ok(decision.confidence >= 0 && decision.confidence <= 1);
      assert.ok(!/NaN|Infinity/.test(JSON.stringify(decision)));
      assert.ok(!/null/.test(JSON.stringify(decision.left_pauses)));
    }),
    { numRuns: fuzzRuns(40) },
  );
});
