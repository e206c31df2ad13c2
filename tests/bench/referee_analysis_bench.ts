/**
 * The referee's analysis: what a minute of 1080p costs, whether made-up phrases
 * are decided right, and what other sessions notice of it.
 *
 * The bars: 1,800 frames decided within 10 s of CPU after the last one, and
 * within 4 s when they were looked at while they arrived; 5 times real time on one
 * core; 6 scenarios × 3 seeds × 7 conditions all right, within 4 pixels of 1920 in
 * the median and 12 for 95 %; acks of other sessions under 10 ms at p99.
 * `deno task bench referee_analysis` runs it; a word behind it (`cost`, `set`,
 * `acks`) runs one part.
 *
 * @module
 */

import { join } from "node:path";
import { formatTable } from "../../src/cli/table.ts";
import {
  decidePhrase,
  parseSignalFile,
  type Recording,
} from "../../src/referee/mod.ts";
import { runStages } from "../../src/services/referee/stage_runner.ts";
import { DEFAULT_CONFIG } from "../../src/services/referee_analysis/config.ts";
import { FencingPlan } from "../../src/services/referee_analysis/fencing_plan.ts";
import type { FinishedPhrase } from "../../src/services/referee_server/analysis_stage.ts";
import { CONDITIONS, SCENARIOS } from "../../src/vision/mod.ts";
import { phraseClip, phraseJpegs } from "../services/support/phrase.ts";
import { ffmpegPath } from "../support/clips.ts";
import { startProcess, startStreamtool } from "../support/process.ts";
import { positionErrors, share, trackPhrase } from "../vision/support/track.ts";
import type { SendersOptions, SendersResult } from "./referee_senders.ts";

const FULL_HD = { width: 1920, height: 1080 } as const;
const FRAMES = 1800;
const FPS = 30;
const SEEDS = [1, 2, 3];
const PATIENCE_MS = 300_000;

/** Ticks a second of Linux's CPU times. */
const TICKS = 100;

/** Seconds of CPU of this process and of those that it has waited for. */
async function cpuSeconds(): Promise<number> {
  const text = await Deno.readTextFile("/proc/self/stat");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // utime, stime, cutime, cstime are the 14th to 17th field of the line.
  return fields.slice(11, 15).reduce((sum, one) => sum + Number(one), 0) /
    TICKS;
}

/** A minute of a phrase, there and back again, so that nothing leaps. */
async function minute(): Promise<{ jpegs: Uint8Array[]; signal: string }> {
  const { jpegs, signal } = await phraseJpegs({
    ...FULL_HD,
    scenario: "right_retreats",
    seed: 1,
  });
  const { length } = jpegs;
  return {
    signal,
    jpegs: Array.from({ length: FRAMES }, (_, i) => {
      const at = i % (2 * length - 2);
      return jpegs[at < length ? at : 2 * length - 2 - at]!;
    }),
  };
}

async function finished(
  dir: string,
  jpegs: readonly Uint8Array[],
  signal: string,
): Promise<FinishedPhrase> {
  const raw = join(dir, "minute.mjpeg");
  using file = await Deno.open(raw, { create: true, write: true });
  const writer = file.writable.getWriter();
  for (const jpeg of jpegs) await writer.write(jpeg);
  const videoPath = join(dir, "minute.mkv");
  await new Deno.Command(await ffmpegPath(), {
    args: [
      ...["-v", "error", "-y", "-f", "mjpeg", "-framerate", `${FPS}`],
      ...["-i", raw, "-c", "copy", videoPath],
    ],
  }).output();
  const recording: Recording = {
    sessionId: "minute",
    videoPath,
    ...FULL_HD,
    fps: FPS,
    frameNumbers: jpegs.map((_, i) => i),
    frameTimes: jpegs.map((_, i) => i / FPS),
    folder: dir,
  };
  return {
    recording,
    signal: parseSignalFile(new TextEncoder().encode(signal)),
    mapping: [],
    saveOverlay: true,
    includeKeypoints: true,
    framesSeen: 0,
  };
}

async function benchCost(dir: string): Promise<void> {
  const { jpegs, signal } = await minute();
  const phrase = await finished(dir, jpegs, signal);
  const config = { ...DEFAULT_CONFIG, ffmpeg: await ffmpegPath() };
  const rows: string[][] = [];
  for (const live of [false, true]) {
    const plan = new FencingPlan({ ...FULL_HD, fps: FPS }, config);
    const begun = await cpuSeconds();
    if (live) {
      for (const [number, bytes] of jpegs.entries()) {
        const timestamp = number / FPS;
        await plan.frame({ kind: "jpeg", number, timestamp, bytes });
      }
    }
    const last = await cpuSeconds();
    const at = performance.now();
    const { decision } = await runStages(
      plan.stages,
      phrase,
      () => {},
      new AbortController().signal,
    );
    const seconds = (performance.now() - at) / 1000;
    await plan.end();
    const done = await cpuSeconds();
    rows.push([
      live ? "looked at while they arrive" : "from the video",
      (done - last).toFixed(2),
      seconds.toFixed(2),
      (done - begun).toFixed(2),
      (FRAMES / FPS / (done - begun)).toFixed(1),
      decision.winner,
    ]);
  }
  console.log(formatTable([
    `${FRAMES} frames of 1080p`,
    "CPU after the last, s",
    "wall, s",
    "CPU in all, s",
    "times real time",
    "winner",
  ], rows));
}

function benchSet(): void {
  const rows: string[][] = [];
  const all: number[] = [];
  let right = 0;
  let total = 0;
  for (const condition of CONDITIONS) {
    const errors: number[] = [];
    let ok = 0;
    let phrases = 0;
    for (const scenario of SCENARIOS) {
      for (const seed of SEEDS) {
        const tracked = trackPhrase({ scenario, seed, condition });
        const { phrase, tracks } = tracked;
        const signal = parseSignalFile(
          new TextEncoder().encode(phrase.signalText()),
        );
        const { decision } = decidePhrase({
          signal,
          tracks,
          weapon: "sabre",
          offset: 0,
        });
        phrases++;
        if (decision.winner === phrase.script.winner) ok++;
        errors.push(...positionErrors(tracked));
      }
    }
    all.push(...errors);
    right += ok;
    total += phrases;
    rows.push(errorRow(condition, ok, phrases, errors));
  }
  rows.push(errorRow("all", right, total, all));
  console.log(formatTable([
    "condition",
    "right",
    "median px of 1920",
    "p95",
    "worst",
  ], rows));
}

function errorRow(
  name: string,
  ok: number,
  phrases: number,
  errors: number[],
): string[] {
  errors.sort((a, b) => a - b);
  return [
    name,
    `${ok} of ${phrases}`,
    share(errors, 0.5).toFixed(2),
    share(errors, 0.95).toFixed(2),
    share(errors, 1).toFixed(1),
  ];
}

async function benchAcks(dir: string): Promise<void> {
  const { jpegs } = await phraseJpegs({
    ...FULL_HD,
    scenario: "chase",
    seed: 1,
  });
  const files = await Promise.all(
    jpegs.slice(0, 4).map(async (jpeg, i) => {
      const path = join(dir, `frame_${i}.jpg`);
      await Deno.writeFile(path, jpeg);
      return path;
    }),
  );
  const clip = await phraseClip({ ...FULL_HD, scenario: "chase", seed: 1 });
  await using server = startStreamtool([
    ...["referee-serve", "--port", "0"],
    ...["--output-dir", join(dir, "results")],
  ]);
  const { url } = await server.event(({ label }) => label === "Stream");
  const streamUrl = String(url);
  const analyzeUrl = streamUrl.replace(/^ws/, "http").replace(
    /stream$/,
    "analyze",
  );
  const video = await Deno.readFile(clip.path);
  let running = true;
  let analysed = 0;
  const analysing = (async () => {
    while (running) {
      const form = new FormData();
      form.set("video", new File([video], "phrase.mkv"));
      form.set("signal", new File([clip.signal], "phrase.txt"));
      const response = await fetch(analyzeUrl, { method: "POST", body: form });
      await response.json();
      analysed++;
    }
  })();
  const options: SendersOptions = {
    url: streamUrl,
    sessions: 1,
    frames: 450,
    jpegs: files,
    ...FULL_HD,
    window: 64,
    fps: FPS,
    cumulative: false,
    finish: false,
  };
  await using senders = startProcess(Deno.execPath(), [
    ...["run", "--quiet", "--allow-net", "--allow-read", "--allow-env"],
    new URL("referee_senders.ts", import.meta.url).pathname,
    JSON.stringify(options),
  ]);
  const result: SendersResult = JSON.parse(
    await senders.line(/^\{/, { within: PATIENCE_MS }),
  );
  running = false;
  await analysing;
  console.log(formatTable([
    "acks of a session while others are analysed",
    "p50, ms",
    "p99",
    "worst",
    "analysed",
  ], [[
    "1080p at 30 frames/s, itself analysed too",
    result.p50.toFixed(2),
    result.p99.toFixed(2),
    result.worst.toFixed(2),
    String(analysed),
  ]]));
}

const PARTS: Readonly<Record<string, (dir: string) => void | Promise<void>>> = {
  cost: benchCost,
  set: benchSet,
  acks: benchAcks,
};

const only = Deno.args.find((arg) => arg in PARTS);
const dir = await Deno.makeTempDir({ prefix: "referee_analysis_" });
try {
  for (const [name, run] of Object.entries(PARTS)) {
    if (only === undefined || only === name) await run(dir);
  }
} finally {
  await Deno.remove(dir, { recursive: true });
}
