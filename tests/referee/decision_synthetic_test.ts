import assert from "node:assert/strict";
import {
  decidePhrase,
  parseSignalFile,
  type ReasonedDecision,
  type Weapon,
} from "../../src/referee/mod.ts";
import {
  CONDITIONS,
  type PhraseOptions,
  SCENARIOS,
} from "../../src/vision/mod.ts";
import {
  positionErrors,
  share,
  type TrackedPhrase,
  trackPhrase,
} from "../vision/support/track.ts";

/** `FULL_SET=1` runs every seed of every condition; else each pair of a scenario and a condition has one. */
const SEEDS = Deno.env.get("FULL_SET") === "1" ? [1, 2, 3] : undefined;

/** Pixels of 1920: the bar is 4 in the median and 12 for 95 %. */
const MEDIAN_BAR = 4;
const P95_BAR = 12;

function decide(
  { phrase, tracks }: TrackedPhrase,
  { shift = 0, weapon = "sabre", offset = 0 }: {
    shift?: number;
    weapon?: Weapon;
    offset?: number;
  } = {},
): ReasonedDecision {
  const text = new TextEncoder().encode(phrase.signalText(shift));
  return decidePhrase({
    signal: parseSignalFile(text),
    tracks,
    weapon,
    offset,
  });
}

/** The seconds of a reason such as "Right fencer retreated at 0.91s". */
function reasonTime({ decision }: ReasonedDecision): number {
  return Number(/at (-?\d+\.\d\d)s$/.exec(decision.reason)?.[1]);
}

for (const condition of CONDITIONS) {
  Deno.test(`every scenario is decided right and tracked closely: ${condition}`, () => {
    const errors: number[] = [];
    for (const [at, scenario] of SCENARIOS.entries()) {
      for (const seed of SEEDS ?? [at % 3 + 1]) {
        const tracked = trackPhrase({ scenario, seed, condition });
        const { decision } = decide(tracked);
        const { winner, fault } = tracked.phrase.script;
        assert.equal(
          decision.winner,
          winner,
          `${scenario} ${seed}: ${decision.reason}`,
        );
        if (fault !== undefined) {
          assert.match(
            decision.reason,
            /^(Left|Right) fencer (retreated|paused) at \d+\.\d\ds$/,
          );
          assert.equal(decision.tier, "high");
        }
        errors.push(...positionErrors(tracked));
      }
    }
    errors.sort((a, b) => a - b);
    assert.ok(share(errors, 0.5) <= MEDIAN_BAR, `median ${share(errors, 0.5)}`);
    assert.ok(share(errors, 0.95) <= P95_BAR, `p95 ${share(errors, 0.95)}`);
  });
}

const PLAIN: PhraseOptions = { scenario: "right_retreats", seed: 2 };

Deno.test("a mirrored phrase mirrors the winner and the reason", () => {
  for (const scenario of ["right_retreats", "chase"] as const) {
    const straight = decide(trackPhrase({ scenario, seed: 2 })).decision;
    const mirrored = decide(
      trackPhrase({ scenario, seed: 2, mirrored: true }),
    ).decision;
    assert.deepEqual(
      new Set([straight.winner, mirrored.winner]),
      new Set(["left", "right"]),
    );
    const name = (text: string): string => text.slice(0, text.indexOf(" "));
    assert.notEqual(name(straight.reason), name(mirrored.reason));
    assert.equal(straight.tier, mirrored.tier);
  }
});

Deno.test("15, 30 and 60 frames/s give the same decision at the same time", () => {
  const found = [15, 30, 60].map((fps) =>
    decide(trackPhrase({ ...PLAIN, fps }))
  );
  for (const one of found) {
    assert.equal(one.decision.winner, "left");
    assert.ok(
      Math.abs(reasonTime(one) - reasonTime(found[1]!)) <= 0.07,
      `${one.decision.reason} and ${found[1]!.decision.reason}`,
    );
  }
});

Deno.test("a shifted signal shifts the reason's time, and the lamps in the picture say by how much", () => {
  const tracked = trackPhrase(PLAIN);
  const plain = decide(tracked);
  for (const shift of [-0.4, 0.75, 2]) {
    const shifted = decide(tracked, { shift });
    assert.equal(shifted.decision.winner, plain.decision.winner);
    assert.ok(
      Math.abs(reasonTime(shifted) - reasonTime(plain) - shift) < 0.06,
      shifted.decision.reason,
    );
    assert.match(shifted.warnings[0] ?? "", /^The lamps in the picture go on /);
    // Told by how much, it needs no lamps.
    const told = decide(tracked, { shift, offset: -shift });
    assert.deepEqual(told.warnings, []);
    assert.ok(Math.abs(reasonTime(told) - reasonTime(plain) - shift) < 0.011);
  }
});

Deno.test("timestamps that begin later move video and reason together", () => {
  const plain = decide(trackPhrase(PLAIN));
  const late = decide(trackPhrase(PLAIN, 3), { shift: 3 });
  assert.equal(late.decision.winner, plain.decision.winner);
  assert.ok(Math.abs(reasonTime(late) - reasonTime(plain) - 3) < 0.011);
});

Deno.test("with the epee two lamps are a point for both", () => {
  const { decision } = decide(trackPhrase(PLAIN), { weapon: "epee" });
  assert.equal(decision.winner, "both");
  assert.equal(decision.tier, "certain");
  assert.ok(decision.right_pauses.length > 0);
});

Deno.test("a contact of the blades lowers the tier, and is told", () => {
  const { decision } = decide(trackPhrase({ ...PLAIN, contact: true }));
  assert.equal(decision.winner, "left");
  assert.equal(decision.tier, "medium");
  assert.equal(decision.blade_analysis?.contacts, 1);
  assert.equal(decision.blade_details.length, 1);
  assert.equal(decision.lunge_detected, true);
});

Deno.test("a pause tells its frames and seconds", () => {
  const tracked = trackPhrase(PLAIN);
  const { decision } = decide(tracked);
  const [pause] = decision.right_pauses;
  const { fault } = tracked.phrase.script;
  assert.ok(pause !== undefined && fault !== undefined);
  assert.equal(pause.is_retreat, true);
  assert.ok(Math.abs(pause.start_time - fault.start) < 0.15);
  assert.ok(Math.abs(pause.end_time - fault.end) < 0.15);
  assert.ok(Math.abs(pause.start_frame - pause.start_time * 30) < 2);
  assert.ok(
    Math.abs(pause.end_time - pause.start_time - pause.duration) < 0.002,
  );
  assert.deepEqual(decision.left_pauses, []);
});

const NO_CALLS: readonly (readonly [string, PhraseOptions, string])[] = [
  [
    "an empty piste",
    { ...PLAIN, fencers: [] },
    "No call: no fencer is seen on the piste",
  ],
  [
    "one fencer",
    { ...PLAIN, fencers: ["left"] },
    "No call: only one fencer is seen",
  ],
  [
    "a still picture",
    { ...PLAIN, still: true },
    "No call: the picture does not move",
  ],
  [
    "simultaneous attacks",
    { scenario: "simultaneous", seed: 2 },
    "No call: simultaneous actions, neither fencer paused or retreated",
  ],
];

for (const [what, options, reason] of NO_CALLS) {
  Deno.test(`no call for ${what}, with the reason`, () => {
    const { decision, problem } = decide(trackPhrase(options));
    assert.equal(decision.winner, "none");
    assert.equal(decision.tier, "none");
    assert.equal(decision.confidence, 0);
    assert.equal(decision.reason, reason);
    if (problem !== undefined) assert.deepEqual(decision.right_pauses, []);
  });
}
