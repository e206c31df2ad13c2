import assert from "node:assert/strict";
import { join } from "node:path";
import { createLogger } from "../../src/log/mod.ts";
import { WorkerAnalyzer } from "../../src/services/referee/worker_analyzer.ts";
import { makeJpegs } from "../support/clips.ts";
import {
  type Json,
  RawClient,
  SINGLE_LIGHT,
  startReferee,
  type TestReferee,
} from "./support/referee.ts";
import type { StageWorkerConfig } from "./support/stage_worker.ts";

/** The tests' analysis. */
function analyzerWith(
  config: StageWorkerConfig,
  more: { silenceMs?: number; takesFrames?: boolean } = {},
): WorkerAnalyzer {
  return new WorkerAnalyzer({
    url: new URL("./support/stage_worker.ts", import.meta.url),
    config,
    takesFrames: true,
    modelPath: undefined,
    log: createLogger({
      level: "debug",
      format: "text",
      color: false,
      now: () => new Date(),
      write: () => {},
    }),
    ...more,
  });
}

/** Sends a whole phrase; gives the messages behind `signal_ack`. */
async function sendPhrase(
  referee: TestReferee,
  id: string,
  frames = 12,
): Promise<Json[]> {
  const jpegs = await makeJpegs({ frames, size: "160x120" });
  await using client = await RawClient.connect(referee.server.port);
  await client.say({
    type: "session_start",
    session_id: id,
    fps: 30,
    width: 160,
    height: 120,
  });
  await client.until("session_started");
  for (const [number, jpeg] of jpegs.entries()) {
    await client.frame(id, number, jpeg);
    await client.until("frame_ack");
  }
  await client.say({
    type: "session_end",
    session_id: id,
    total_frames: frames,
  });
  await client.until("session_ended");
  await client.say({
    type: "signal",
    session_id: id,
    filename: "signal.txt",
    size: SINGLE_LIGHT.length,
  });
  await client.bytes(SINGLE_LIGHT);
  const messages: Json[] = [await client.until("process_start")];
  while (messages.at(-1).type !== "process_complete") {
    messages.push(await client.next());
  }
  return messages;
}

Deno.test("a plan's stages run in a worker and fill the result", async () => {
  using analyzer = analyzerWith({});
  await using referee = await startReferee({ analyzer });
  const messages = await sendPhrase(referee, "one");
  const { result } = messages.at(-1);
  assert.equal(result.winner, "left");
  assert.equal(result.reason, "Right fencer retreated at 0.00s");
  assert.equal(result.tier, "high");
  assert.deepEqual(result.analysis, {
    session: { width: 160, height: 120, fps: 30 },
    numbers: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    framesSeen: 12,
  });
  assert.deepEqual(result.stages_run, [
    "video_reconstruction",
    "yolo",
    "decision",
  ]);
  assert.deepEqual(result.stages_skipped, {
    fisheye: "this server has no such stage",
    overlay: "this server has no such stage",
  });
  assert.ok(result.warnings.includes("One fencer only"));
  assert.equal(
    await Deno.readTextFile(join(result.artifact_dir, "tracks.json")),
    "{}",
  );
  const told = messages.filter(({ stage }) => stage === "decision");
  assert.deepEqual(told.map(({ progress, message }) => [progress, message]), [
    [0, "Deciding..."],
    [1, "Right fencer retreated at 0.00s"],
  ]);
  for (const { type, message } of messages) {
    if (type === "process_progress") assert.notEqual(message, "");
  }
});

Deno.test("a worker that takes no frames is sent none", async () => {
  using analyzer = analyzerWith({}, { takesFrames: false });
  await using referee = await startReferee({ analyzer });
  const { result } = (await sendPhrase(referee, "one")).at(-1);
  assert.deepEqual(result.analysis.numbers, []);
  assert.equal(result.analysis.framesSeen, 0);
});

Deno.test("a stage that throws is skipped with its reason, the others run", async () => {
  using analyzer = analyzerWith({ fails: true });
  await using referee = await startReferee({ analyzer });
  const { result } = (await sendPhrase(referee, "one")).at(-1);
  assert.equal(result.winner, "left");
  assert.equal(
    result.stages_skipped.yolo,
    "it failed: The picture is too dark",
  );
  assert.ok(
    result.warnings.includes(
      'The stage "yolo" failed: The picture is too dark',
    ),
  );
});

for (
  const { how, config, silenceMs, reason } of [
    {
      how: "ends",
      config: { crashes: true },
      silenceMs: 60_000,
      reason: /Out of luck/,
    },
    {
      how: "never answers",
      config: { hangs: true },
      silenceMs: 300,
      reason: /does not answer/,
    },
  ]
) {
  Deno.test(`a worker that ${how} leaves the decision to the scoring box, and the next phrase gets a new one`, async () => {
    using analyzer = analyzerWith(config, { silenceMs });
    await using referee = await startReferee({ analyzer });
    for (const id of ["one", "two"]) {
      const { result } = (await sendPhrase(referee, id)).at(-1);
      assert.equal(result.winner, "right");
      assert.match(result.stages_skipped.yolo, reason);
      assert.match(result.warnings.join("\n"), /The analysis failed: /);
    }
  });
}

Deno.test("while the worker works, another client is answered", async () => {
  using analyzer = analyzerWith({ worksMs: 1500 });
  await using referee = await startReferee({ analyzer });
  await using other = await RawClient.connect(referee.server.port);
  let over = false;
  const phrase = sendPhrase(referee, "busy").finally(() => over = true);
  let longest = 0;
  while (!over) {
    const before = performance.now();
    await other.say({ type: "ping" });
    await other.next();
    longest = Math.max(longest, performance.now() - before);
  }
  assert.equal((await phrase).at(-1).result.winner, "left");
  // The work is 1.5 s in one piece: whoever had to wait for it would take as long.
  assert.ok(longest < 1200, `an answer took ${longest} ms`);
});

Deno.test("a phrase that is given up is given up in the worker too", async () => {
  using analyzer = analyzerWith({ hangs: true });
  await using referee = await startReferee({ analyzer });
  const jpegs = await makeJpegs({ frames: 12, size: "160x120" });
  await using client = await RawClient.connect(referee.server.port);
  await client.say({
    type: "session_start",
    session_id: "one",
    fps: 30,
    width: 160,
    height: 120,
  });
  await client.until("session_started");
  for (const [number, jpeg] of jpegs.entries()) {
    await client.frame("one", number, jpeg);
  }
  await client.say({
    type: "session_end",
    session_id: "one",
    total_frames: 12,
  });
  await client.until("session_ended");
  await client.say({
    type: "signal",
    session_id: "one",
    filename: "signal.txt",
    size: SINGLE_LIGHT.length,
  });
  await client.bytes(SINGLE_LIGHT);
  for (;;) {
    const { stage } = await client.until("process_progress");
    if (stage === "yolo") break;
  }
  await client.say({ type: "session_abort", session_id: "one" });
  await referee.context.event("session-aborted");
  assert.deepEqual(await referee.spooled(), []);
  assert.deepEqual(await referee.artifacts(), []);
});
