import assert from "node:assert/strict";
import {
  buildResult,
  decideBySignal,
  fitResult,
  LIMITS,
  MAX_SERVER_MESSAGE_BYTES,
  parseSignalFile,
  refereeLimits,
  type RefereeResult,
} from "../../src/referee/mod.ts";

function decide(text: string): ReturnType<typeof decideBySignal> {
  return decideBySignal(parseSignalFile(new TextEncoder().encode(text)));
}

Deno.test("who alone scored has won, for certain", () => {
  const right = decide("Scores -> Fencer 1: HIT, Fencer 2: MISS\n");
  assert.deepEqual(
    [right.winner, right.reason, right.tier, right.confidence],
    ["right", "Only the right fencer scored", "certain", 1],
  );
  assert.equal(decide("1.0s | HIT: Left scores on Right!\n").winner, "left");
});

Deno.test("two lights or none are no call without a picture", () => {
  const both = decide("Scores -> Fencer 1: HIT, Fencer 2: HIT\n");
  assert.deepEqual([both.winner, both.tier, both.confidence], [
    "none",
    "none",
    0,
  ]);
  assert.match(both.reason, /Both fencers scored/);
  assert.equal(decide("").winner, "none");
});

Deno.test("the selected winner of a file is never the decision's", () => {
  const text =
    "Scores -> Fencer 1: HIT, Fencer 2: HIT\n[2025-10-20 20:59:27] Manual selection winner: ";
  for (const label of ["Left Fencer (Red Lamp)", "Right Fencer (Green Lamp)"]) {
    assert.deepEqual(decide(text + label), decide(text));
  }
});

function result(events: number): RefereeResult {
  return buildResult({
    decision: decide(""),
    warnings: [],
    artifacts: {},
    links: {},
    artifact_dir: "out/a",
    metadata: {
      session_id: "a",
      width: 1,
      height: 1,
      fps: 30,
      frame_count: 1,
      duration_seconds: 1,
      clock: "timestamps",
      time_origin_seconds: 0,
      video_codec: "mjpeg",
      signal_format: "text",
      signal_filename: "x",
      signal_offset_seconds: 0,
      created: "2025-10-20T20:59:27.000Z",
    },
    signal_events: Array.from({ length: events }, () => ({
      time: 1,
      kind: "other" as const,
      side: null,
      text: "ü".repeat(500),
      frame_index: 0,
      frame_number: 0,
      frame_time: 0,
      difference: 0,
    })),
    stages_run: ["decision"],
    stages_skipped: {},
    analysis: {},
    wall_time_seconds: 1,
    streaming_stats: null,
  });
}

Deno.test("a result has what both generations of clients look for", () => {
  const one = result(0);
  for (
    const field of [
      "winner",
      "reason",
      "status",
      "decision",
      "artifacts",
      "metadata",
      "artifact_dir",
      "wall_time_seconds",
      "streaming_stats",
      "confidence",
      "tier",
      "evidence",
      "warnings",
    ]
  ) assert.ok(field in one, field);
  for (
    const field of [
      "winner",
      "reason",
      "left_pauses",
      "right_pauses",
      "blade_analysis",
      "blade_details",
      "speed_comparison",
      "lunge_detected",
    ]
  ) assert.ok(field in one.decision, field);
  assert.equal(fitResult(one), one);
});

Deno.test("a result that is too long for the wire is shortened and says so", () => {
  const fitted = fitResult(result(5000));
  const size = new TextEncoder().encode(
    JSON.stringify({
      type: "process_complete",
      session_id: "a".repeat(256),
      result: fitted,
    }),
  ).length;
  assert.ok(size < MAX_SERVER_MESSAGE_BYTES, `${size} bytes`);
  assert.match(fitted.warnings.at(-1)!, /shortened/);
  assert.equal(fitted.winner, "none");
});

Deno.test("every limit has a name for programs and one for the environment", () => {
  const limits = refereeLimits({ max_streaming_sessions: 3 });
  assert.equal(limits.max_streaming_sessions, 3);
  assert.equal(limits.max_streaming_memory_mb, 2048);
  for (const [name, spec] of Object.entries(LIMITS)) {
    assert.match(spec.env, /^REFEREE_[A-Z_]+$/, name);
    assert.ok(spec.default >= spec.min, name);
  }
});
