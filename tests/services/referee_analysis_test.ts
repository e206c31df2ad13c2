import assert from "node:assert/strict";
import { ffmpegPath } from "../support/clips.ts";
import {
  analyzeClip,
  phraseClip,
  phraseJpegs,
  streamPhrase,
  testAnalyzer,
} from "./support/phrase.ts";
import { RawClient, startReferee } from "./support/referee.ts";

const PHRASE = { scenario: "right_retreats", seed: 1 } as const;

/** The parts of a result that do not tell when, where and how it was made. */
// deno-lint-ignore no-explicit-any -- tests look into it as a client would
function judgement({ decision, warnings, analysis }: any): unknown {
  const { analysed_while_arriving: _, ...found } = analysis;
  return { decision, warnings, found };
}

Deno.test("a phrase that is streamed ends in the winner, the reason and files that hold together", async () => {
  using analyzer = await testAnalyzer();
  await using referee = await startReferee({ analyzer });
  const { server, folder } = referee;
  const result = await streamPhrase(server.port, "phrase_1", PHRASE);

  assert.equal(result.winner, "left");
  assert.match(result.reason, /^Right fencer retreated at \d\.\d\ds$/);
  assert.equal(result.tier, "high");
  assert.equal(result.decision.right_pauses[0].is_retreat, true);
  assert.equal(result.decision.lunge_detected, true);
  assert.equal(result.decision.speed_comparison.faster, "left");
  assert.deepEqual(result.stages_skipped, {
    fisheye: "lens correction is off",
  });
  assert.equal(result.analysis.tracks_reliable, true);

  const read = (name: string): Promise<string> =>
    Deno.readTextFile(result.artifacts[name]);
  const track = JSON.parse(await read("tracks"));
  assert.equal(track.times.length, 100);
  assert.equal(track.left.boxes.length, 100);
  assert.equal(track.reason, result.reason);
  assert.ok(
    Math.abs(track.decisive.start - result.analysis.decisive.start) < 1e-3,
  );
  const csv = (await read("keypoints_csv")).trimEnd().split("\r\n");
  assert.equal(csv.length, 201);
  assert.match(await read("captions"), /^WEBVTT\n\n00:00:/);
  const ass = await read("overlay");
  assert.match(ass, /Point for the left fencer: Right fencer retreated at/);
  const xlsx = await Deno.readFile(result.artifacts.keypoints);
  assert.deepEqual([...xlsx.subarray(0, 4)], [0x50, 0x4b, 3, 4]);
  assert.ok(result.artifacts.tracks.startsWith(folder));

  // What ffmpeg's own renderer of subtitles says of the overlay.
  const { success, stderr } = await new Deno.Command(await ffmpegPath(), {
    args: ["-v", "error", "-i", result.artifacts.overlay, "-f", "ass", "-"],
    stdin: "null",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
});

Deno.test("the same recording gives the same result streamed and uploaded", async () => {
  using analyzer = await testAnalyzer();
  await using referee = await startReferee({ analyzer });
  const { server } = referee;
  const streamed = await streamPhrase(server.port, "phrase_1", PHRASE);
  const clip = await phraseClip(PHRASE);
  const path = streamed.artifacts.video;
  const uploaded = await analyzeClip(
    server.url,
    { ...clip, path },
    clip.signal,
  );
  assert.equal(uploaded.metadata.frame_count, streamed.metadata.frame_count);
  assert.deepEqual(judgement(uploaded), judgement(streamed));
  assert.equal(streamed.analysis.analysed_while_arriving, true);
  assert.equal(uploaded.analysis.analysed_while_arriving, false);
});

Deno.test("frames that come out of order are analysed from the video, with the same result", async () => {
  using analyzer = await testAnalyzer();
  await using referee = await startReferee({ analyzer });
  const { server } = referee;
  const inOrder = await streamPhrase(server.port, "in_order", PHRASE);
  const { phrase, jpegs, signal } = await phraseJpegs(PHRASE);
  await using client = await RawClient.connect(server.port);
  const { width, height, fps } = phrase;
  await client.say({
    type: "session_start",
    session_id: "mixed",
    fps,
    width,
    height,
  });
  await client.until("session_started");
  const order = jpegs.map((_, i) =>
    i % 10 === 3 ? i + 1 : i % 10 === 4 ? i - 1 : i
  );
  for (const number of order) {
    await client.frame("mixed", number, jpegs[number]!, {
      timestamp: number / fps,
    });
    await client.until("frame_ack");
  }
  const bytes = new TextEncoder().encode(signal);
  await client.say({
    type: "session_end",
    session_id: "mixed",
    total_frames: jpegs.length,
  });
  await client.until("session_ended");
  await client.say({
    type: "signal",
    session_id: "mixed",
    filename: "phrase.txt",
    size: bytes.length,
  });
  await client.bytes(bytes);
  const { result } = await client.until("process_complete");
  assert.deepEqual(judgement(result), judgement(inOrder));
});

Deno.test("a signal whose clock is another is mapped to the frames that show its events", async () => {
  using analyzer = await testAnalyzer();
  await using referee = await startReferee({ analyzer });
  const clip = await phraseClip(PHRASE);
  const late = clip.signal.replace(
    /^ *(\d+\.\d{3})s/gm,
    (_, time) => `${(Number(time) + 0.5).toFixed(3)}s`,
  );
  const moved = await analyzeClip(referee.server.url, clip, late);
  const plain = await analyzeClip(referee.server.url, clip, clip.signal);
  assert.equal(moved.winner, plain.winner);
  const offset = moved.metadata.signal_offset_seconds;
  assert.ok(Math.abs(offset + 0.5) < 0.08, `${offset}`);
  assert.ok(Math.abs(offset - moved.analysis.offset_seconds) < 1e-6);
  const mapping = JSON.parse(await Deno.readTextFile(moved.artifacts.mapping));
  assert.deepEqual(
    [mapping.offset_seconds, mapping.offset_asked_for_seconds],
    [offset, 0],
  );
  assert.deepEqual(mapping.events, moved.signal_events);
  for (const [i, event] of mapping.events.entries()) {
    const { frame_index, difference, frame_time, time } = event;
    const apart = Math.abs(frame_index - plain.signal_events[i].frame_index);
    assert.ok(apart <= 2, `${event.text} is ${apart} frames away`);
    assert.ok(Math.abs(time + offset - frame_time - difference) < 1e-5);
    assert.ok(Math.abs(difference) <= mapping.largest_difference_seconds);
  }
  assert.equal(plain.metadata.signal_offset_seconds, 0);
});

Deno.test("an H.264 upload is decided too, and without keypoints and overlay nothing is written of them", async () => {
  using analyzer = await testAnalyzer();
  await using referee = await startReferee({ analyzer });
  const clip = await phraseClip({ scenario: "left_pauses", seed: 2 }, ".mp4");
  const form = new FormData();
  form.set("video", new File([await Deno.readFile(clip.path)], "phrase.mp4"));
  form.set("signal", new File([clip.signal], "phrase.txt"));
  form.set("save_overlay", "false");
  const response = await fetch(`${referee.server.url}analyze`, {
    method: "POST",
    body: form,
  });
  const result = await response.json();
  assert.equal(result.winner, "right");
  assert.match(result.reason, /^Left fencer paused at /);
  assert.equal(result.stages_skipped.overlay, "the client did not ask for it");
  assert.equal("overlay" in result.artifacts, false);
  assert.equal("keypoints" in result.artifacts, false);
});

Deno.test("one lamp needs no picture to decide, but the picture is analysed all the same", async () => {
  using analyzer = await testAnalyzer();
  await using referee = await startReferee({ analyzer });
  const clip = await phraseClip(PHRASE);
  const signal = clip.signal
    .replace("Fencer 2: HIT", "Fencer 2: MISS")
    .replace(/.*Simultaneous.*\n/, "");
  const result = await analyzeClip(referee.server.url, clip, signal);
  assert.equal(result.winner, "right");
  assert.equal(result.tier, "certain");
  assert.ok(result.decision.right_pauses.length > 0);
  assert.ok("tracks" in result.artifacts);
});

Deno.test("the burnt overlay is a video of as many pictures", async () => {
  using analyzer = await testAnalyzer({
    overlay: "burnt",
    fisheye: { strength: 0.5, balance: 0.5 },
  });
  await using referee = await startReferee({ analyzer });
  const clip = await phraseClip({ ...PHRASE, condition: "barrel" });
  const result = await analyzeClip(referee.server.url, clip, clip.signal);
  assert.equal(result.winner, "left");
  assert.deepEqual(result.stages_skipped, {});
  const { stdout, success } = await new Deno.Command(await ffmpegPath(), {
    args: [
      ...["-v", "error", "-i", result.artifacts.overlay_video],
      ...["-map", "0:v", "-f", "framecrc", "-"],
    ],
    stdin: "null",
  }).output();
  assert.ok(success);
  const frames = new TextDecoder().decode(stdout).split("\n")
    .filter((line) => line.startsWith("0,"));
  assert.equal(frames.length, result.metadata.frame_count);
});

Deno.test("a video without a picture that can be decoded is no call, with a warning", async () => {
  using analyzer = await testAnalyzer();
  await using referee = await startReferee({ analyzer });
  const { server } = referee;
  const { jpegs, signal } = await phraseJpegs(PHRASE);
  // The head of a JPEG and its end, with nothing in between that makes sense.
  const broken = jpegs.slice(0, 12).map((jpeg) => {
    const copy = jpeg.slice();
    const scan = copy.findIndex((byte, i) =>
      byte === 0xff && copy[i + 1] === 0xda
    );
    return copy.fill(0x55, scan + 14, -2);
  });
  await using client = await RawClient.connect(server.port);
  await client.say({
    type: "session_start",
    session_id: "broken",
    fps: 30,
    width: 640,
    height: 360,
  });
  await client.until("session_started");
  for (const [number, jpeg] of broken.entries()) {
    await client.frame("broken", number, jpeg);
    await client.until("frame_ack");
  }
  const bytes = new TextEncoder().encode(signal);
  await client.say({
    type: "session_end",
    session_id: "broken",
    total_frames: 12,
  });
  await client.until("session_ended");
  await client.say({
    type: "signal",
    session_id: "broken",
    filename: "phrase.txt",
    size: bytes.length,
  });
  await client.bytes(bytes);
  const { result } = await client.until("process_complete");
  assert.equal(result.winner, "none");
  assert.match(result.reason, /^No call: /);
});
