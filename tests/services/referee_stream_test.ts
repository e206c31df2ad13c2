import assert from "node:assert/strict";
import { join } from "node:path";
import { assertSameBytes } from "../support/bytes.ts";
import { ffmpegPath, makeJpegs } from "../support/clips.ts";
import { RawClient, SINGLE_LIGHT, startReferee } from "./support/referee.ts";

/** Times (µs) and sizes of the pictures of a video, as ffmpeg sees them. */
async function packets(
  path: string,
): Promise<{ time: number; size: number }[]> {
  const { stdout, stderr, success } = await new Deno.Command(
    await ffmpegPath(),
    {
      args: [
        "-v",
        "error",
        "-i",
        path,
        "-map",
        "0:v",
        "-c",
        "copy",
        "-copyts",
        "-f",
        "framecrc",
        "-",
      ],
    },
  ).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const text = new TextDecoder().decode(stdout);
  const [, one, base] = /#tb 0: (\d+)\/(\d+)/.exec(text)!;
  return [...text.matchAll(/^0,\s*-?\d+,\s*(-?\d+),\s*\d+,\s*(\d+),/gm)]
    .map(([, pts, size]) => ({
      time: Math.round(Number(pts) * Number(one) / Number(base) * 1e6),
      size: Number(size),
    }));
}

Deno.test("the documents' client runs from start to process_complete", async () => {
  await using referee = await startReferee();
  const jpegs = await makeJpegs({ frames: 30, size: "320x240" });
  await using client = await RawClient.connect(referee.server.port);

  await client.say({
    type: "session_start",
    session_id: "phrase_1",
    fps: 30,
    width: 320,
    height: 240,
    expected_frames: 30,
    video_format: "bgr24",
  });
  const started = await client.next();
  assert.equal(started.type, "session_started");
  assert.equal(started.session_id, "phrase_1");

  for (const [number, jpeg] of jpegs.entries()) {
    await client.frame("phrase_1", number, jpeg);
    assert.deepEqual(await client.next(), {
      type: "frame_ack",
      session_id: "phrase_1",
      frame_number: number,
      status: "received",
    });
  }
  await client.say({ type: "ping" });
  assert.deepEqual(await client.next(), { type: "pong" });

  await client.say({
    type: "session_end",
    session_id: "phrase_1",
    total_frames: 30,
  });
  assert.deepEqual(await client.next(), {
    type: "session_ended",
    session_id: "phrase_1",
    validation: {
      valid: true,
      issues: [],
      frame_count: 30,
      missing_frames: 0,
      duplicate_frames: 0,
      out_of_order_frames: 0,
      has_signal: false,
    },
  });

  await client.say({
    type: "signal",
    session_id: "phrase_1",
    filename: "phrase_1.txt",
    size: SINGLE_LIGHT.length,
  });
  await client.bytes(SINGLE_LIGHT);
  assert.deepEqual(await client.next(), {
    type: "signal_ack",
    session_id: "phrase_1",
    status: "received",
  });
  const start = await client.next();
  assert.equal(start.type, "process_start");
  const stages = new Map<string, number[]>();
  let message = await client.next();
  for (; message.type === "process_progress"; message = await client.next()) {
    assert.equal(typeof message.message, "string");
    stages.set(message.stage, [
      ...stages.get(message.stage) ?? [],
      message.progress,
    ]);
  }
  assert.deepEqual([...stages.keys()], [
    "video_reconstruction",
    "fisheye",
    "yolo",
    "decision",
    "overlay",
  ]);
  for (const values of stages.values()) assert.equal(values.at(-1), 1);

  assert.equal(message.type, "process_complete");
  assert.equal(message.session_id, "phrase_1");
  const { result } = message;
  assert.equal(result.winner, "right");
  assert.equal(result.decision.winner, "right");
  assert.equal(result.status, "success");
  assert.deepEqual(Object.keys(result.stages_skipped), [
    "fisheye",
    "yolo",
    "overlay",
  ]);
  assert.equal(result.streaming_stats.frames_received, 30);
  assert.equal(result.metadata.frame_count, 30);
  assert.equal(result.signal_events[1].frame_index, 15);

  // One folder, and nothing but it; the spool is empty again.
  const [name, ...more] = await referee.artifacts();
  assert.deepEqual(more, []);
  assert.match(name!, /^phrase_1_\d{8}T\d{6}Z_[0-9a-f]{8}$/);
  assert.deepEqual(await referee.spooled(), []);
  assert.equal(result.artifact_dir, join(referee.folder, name!));
  const stored = JSON.parse(await Deno.readTextFile(result.artifacts.result));
  assert.deepEqual(stored, result);
  assertSameBytes(await Deno.readFile(result.artifacts.signal), SINGLE_LIGHT);

  // The client's JPEGs, bit for bit, at their times.
  const found = await packets(result.artifacts.video);
  assert.deepEqual(
    found,
    jpegs.map(({ length }, number) => ({
      time: Math.round(number / 30 * 1e6),
      size: length,
    })),
  );
  for (const number of [0, 17, 29]) {
    const answer = await fetch(
      `${referee.server.url}results/phrase_1/frames/${number}`,
    );
    assert.equal(answer.headers.get("x-frame-number"), String(number));
    assertSameBytes(await answer.bytes(), jpegs[number]!);
  }
  assert.equal((await referee.stats()).active_sessions, 0);
});

Deno.test("one connection carries one phrase after another, and a name may come again", async () => {
  await using referee = await startReferee();
  const [jpeg] = await makeJpegs({ frames: 1, size: "64x48" });
  await using client = await RawClient.connect(referee.server.port);
  for (let round = 0; round < 2; round++) {
    await client.say({
      type: "session_start",
      session_id: "again",
      fps: 30,
      width: 64,
      height: 48,
    });
    await client.until("session_started");
    for (let number = 0; number < 10; number++) {
      await client.frame("again", number, jpeg!);
      await client.until("frame_ack");
    }
    await client.say({
      type: "session_end",
      session_id: "again",
      total_frames: 10,
    });
    await client.until("session_ended");
    await client.say({
      type: "signal",
      session_id: "again",
      filename: "s.txt",
      size: SINGLE_LIGHT.length,
    });
    await client.bytes(SINGLE_LIGHT);
    const { result } = await client.until("process_complete");
    assert.equal(result.metadata.frame_count, 10);
  }
  const folders = await referee.artifacts();
  assert.equal(folders.length, 2);
  assert.notEqual(folders[0], folders[1]);
});

Deno.test("frames that come late, twice and out of order make one right video", async () => {
  await using referee = await startReferee();
  const jpegs = await makeJpegs({ frames: 12, size: "64x48" });
  await using client = await RawClient.connect(referee.server.port);
  await client.say({
    type: "session_start",
    session_id: "a",
    fps: 30,
    width: 64,
    height: 48,
  });
  await client.until("session_started");
  const order = [0, 2, 1, 1, 4, 5, 6, 7, 11, 9, 10];
  // Without waiting for a single ack.
  for (const number of order) await client.frame("a", number, jpegs[number]!);
  const statuses = [];
  for (const number of order) {
    const ack = await client.next();
    assert.equal(ack.frame_number, number);
    statuses.push(ack.status);
  }
  assert.equal(statuses.filter((status) => status === "duplicate").length, 1);
  await client.frame("a", 3, new Uint8Array(10));
  const error = await client.next();
  assert.deepEqual(
    [error.type, error.error_code, error.error_message, error.recoverable],
    ["error", "FRAME_PROCESSING_FAILED", "Failed to decode frame 3", true],
  );
  await client.say({ type: "session_end", session_id: "a", total_frames: 12 });
  const { validation } = await client.until("session_ended");
  assert.deepEqual(validation.issues, [
    "Missing frames: [3, 8]",
    "Expected 12 frames, received 10",
  ]);
  assert.deepEqual([
    validation.duplicate_frames,
    validation.out_of_order_frames,
  ], [1, 3]);
  await client.say({
    type: "signal",
    session_id: "a",
    filename: "s.txt",
    size: SINGLE_LIGHT.length,
  });
  await client.bytes(SINGLE_LIGHT);
  const { result } = await client.until("process_complete");
  const numbers = [0, 1, 2, 4, 5, 6, 7, 9, 10, 11];
  assert.deepEqual(
    await packets(result.artifacts.video),
    numbers.map((number) => ({
      time: Math.round(number / 30 * 1e6),
      size: jpegs[number]!.length,
    })),
  );
  const frames = JSON.parse(await Deno.readTextFile(result.artifacts.frames));
  assert.deepEqual(frames.numbers, numbers);
});

Deno.test("a video can be sought: every place shows the picture of its time", async () => {
  await using referee = await startReferee();
  const jpegs = await makeJpegs({ frames: 60, size: "64x48" });
  await using client = await RawClient.connect(referee.server.port);
  await client.say({
    type: "session_start",
    session_id: "a",
    fps: 30,
    width: 64,
    height: 48,
  });
  for (const [number, jpeg] of jpegs.entries()) {
    // Unevenly, as a camera in bad light does.
    await client.frame("a", number, jpeg, {
      timestamp: 2 + number / 30 + (number % 3) * 0.004,
    });
  }
  await client.say({
    type: "signal",
    session_id: "a",
    filename: "s.txt",
    size: SINGLE_LIGHT.length,
  });
  await client.bytes(SINGLE_LIGHT);
  const { result } = await client.until("process_complete");
  for (const number of [0, 1, 29, 44, 59]) {
    const time = 2 + number / 30 + (number % 3) * 0.004;
    const { stdout } = await new Deno.Command(await ffmpegPath(), {
      args: [
        ...[
          "-v",
          "error",
          "-seek_timestamp",
          "1",
          "-ss",
          (time + 0.0005).toFixed(6),
        ],
        ...[
          "-i",
          result.artifacts.video,
          "-frames:v",
          "1",
          "-c",
          "copy",
          "-f",
          "mjpeg",
          "-",
        ],
      ],
    }).output();
    assertSameBytes(stdout, jpegs[number]!, `picture at ${time}`);
  }
});
