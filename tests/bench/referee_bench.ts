/**
 * The referee's ingest: frames a second, acks under load, memory, and the time
 * from the last frame to the video. Server and clients are processes of their
 * own on one machine.
 *
 * The bars: 3,000 lock-step and 12,000 windowed frames of 65 KB a second; ten
 * sessions of 1080p at 30 frames/s with every ack within 10 ms at p99; 3.6 GB of
 * ten sessions at a limit of 256 MB in 450 MB resident; 1,800 JPEGs become a
 * video within 1 s of CPU. `deno task bench referee` runs it; a word behind it
 * (`rate`, `live`, `memory`, `video`) runs one part.
 *
 * @module
 */

import { join } from "node:path";
import { formatTable } from "../../src/cli/table.ts";
import { makeJpegs } from "../support/clips.ts";
import {
  type RunningProcess,
  startProcess,
  startStreamtool,
} from "../support/process.ts";
import type { SendersOptions, SendersResult } from "./referee_senders.ts";

const PATIENCE_MS = 300_000;
/** Between two looks at the server's memory. */
const LOOK_MS = 50;

interface Server {
  readonly process: RunningProcess;
  readonly url: string;
}

async function startServer(
  dir: string,
  ...args: readonly string[]
): Promise<Server> {
  const process = startStreamtool([
    ...["referee-serve", "--port", "0", "--output-dir", join(dir, "results")],
    "--no-analysis", // that one has a bench of its own
    ...args,
  ]);
  const { url } = await process.event(({ label }) => label === "Stream");
  return { process, url: String(url) };
}

async function send(
  server: Server,
  options: Omit<SendersOptions, "url">,
): Promise<SendersResult> {
  await using process = startProcess(Deno.execPath(), [
    "run",
    "--quiet",
    "--allow-net",
    "--allow-read",
    "--allow-env",
    new URL("referee_senders.ts", import.meta.url).pathname,
    JSON.stringify({ ...options, url: server.url }),
  ]);
  const line = await process.line(/^\{/, { within: PATIENCE_MS });
  return JSON.parse(line);
}

/** Writes JPEGs of about `bytes` bytes each. */
async function jpegFiles(
  dir: string,
  bytes: number,
  size: string,
): Promise<string[]> {
  let best: readonly Uint8Array[] = [];
  for (let q = 2; q <= 31; q++) {
    const found = await makeJpegs({ frames: 4, size, q, source: "mandelbrot" });
    best = found;
    if (Math.max(...found.map(({ length }) => length)) <= bytes) break;
  }
  return await Promise.all(best.map(async (jpeg, index) => {
    const path = join(dir, `${bytes}_${index}.jpg`);
    await Deno.writeFile(path, padded(jpeg, bytes));
    return path;
  }));
}

/** A comment behind the first marker makes it exactly so long. */
function padded(jpeg: Uint8Array, bytes: number): Uint8Array {
  let rest = bytes - jpeg.length;
  const parts: Uint8Array[] = [jpeg.subarray(0, 2)];
  while (rest >= 4) {
    const size = Math.min(rest, 65_535);
    const comment = new Uint8Array(size);
    comment.set([0xff, 0xfe, (size - 2) >> 8, (size - 2) & 255]);
    parts.push(comment);
    rest -= size;
  }
  parts.push(jpeg.subarray(2));
  const all = new Uint8Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

async function benchRate(dir: string): Promise<void> {
  const jpegs = await jpegFiles(dir, 65_000, "1280x720");
  const rows: string[][] = [];
  for (
    const [name, sessions, window, frames, args] of [
      ["lock-step, 1 client", 1, 1, 12_000, []],
      ["lock-step, 1 client, --no-spill", 1, 1, 12_000, ["--no-spill"]],
      ["window 64, 1 client", 1, 64, 24_000, []],
      ["window 64, 1 client, --no-spill", 1, 64, 24_000, ["--no-spill"]],
      ["window 64, 4 clients", 4, 64, 6_000, []],
    ] as const
  ) {
    const server = await startServer(dir, ...args);
    try {
      const options = {
        sessions,
        window,
        jpegs,
        width: 1280,
        height: 720,
        fps: 0,
        cumulative: window > 1,
        finish: false,
      };
      await send(server, { ...options, frames: 2000 }); // compiles
      const before = await server.process.usage();
      const result = await send(server, { ...options, frames });
      const after = await server.process.usage();
      const cpu = (after.cpuSeconds - before.cpuSeconds) / result.acked * 1e6;
      rows.push([
        name,
        result.framesPerSecond.toFixed(0),
        result.p50.toFixed(2),
        result.p99.toFixed(2),
        cpu.toFixed(0),
        (after.peakRssBytes / 1e6).toFixed(0),
      ]);
    } finally {
      await server.process[Symbol.asyncDispose]();
      await Deno.remove(join(dir, "results"), { recursive: true });
    }
  }
  console.log(formatTable([
    "65 KB frames",
    "frames/s",
    "ack p50, ms",
    "p99, ms",
    "server CPU, µs/frame",
    "peak MB",
  ], rows));
}

async function benchLive(dir: string): Promise<void> {
  const jpegs = await jpegFiles(dir, 200_000, "1920x1080");
  const server = await startServer(dir);
  try {
    const options = {
      sessions: 10,
      jpegs,
      width: 1920,
      height: 1080,
      fps: 30,
      window: 64,
      cumulative: false,
      finish: false,
    };
    await send(server, { ...options, frames: 90 });
    const result = await send(server, { ...options, frames: 450 });
    console.log(formatTable(
      ["10 sessions, 1080p, 30 frames/s", "frames/s", "p50", "p99", "worst"],
      [[
        "200 KB frames, ms to the ack",
        result.framesPerSecond.toFixed(0),
        result.p50.toFixed(2),
        result.p99.toFixed(2),
        result.worst.toFixed(2),
      ]],
    ));
  } finally {
    await server.process[Symbol.asyncDispose]();
    await Deno.remove(join(dir, "results"), { recursive: true });
  }
}

async function benchMemory(dir: string): Promise<void> {
  const jpegs = await jpegFiles(dir, 200_000, "1920x1080");
  const server = await startServer(
    dir,
    ...["--max-streaming-memory-mb", "256"],
  );
  let most = 0;
  const timer = setInterval(async () => {
    const { rssBytes } = await server.process.usage();
    most = Math.max(most, rssBytes);
  }, LOOK_MS);
  try {
    const result = await send(server, {
      sessions: 10,
      jpegs,
      width: 1920,
      height: 1080,
      fps: 0,
      frames: 1800,
      window: 64,
      cumulative: true,
      finish: true,
    });
    console.log(formatTable(
      ["3.6 GB, limit 256 MB", "resident MB", "acked", "recorded", "frames/s"],
      [[
        "10 sessions of 1,800 frames",
        (most / 1e6).toFixed(0),
        String(result.acked),
        String(result.recorded.reduce((sum, one) => sum + one, 0)),
        result.framesPerSecond.toFixed(0),
      ]],
    ));
  } finally {
    clearInterval(timer);
    await server.process[Symbol.asyncDispose]();
    await Deno.remove(join(dir, "results"), { recursive: true });
  }
}

async function benchVideo(dir: string): Promise<void> {
  const jpegs = await jpegFiles(dir, 200_000, "1920x1080");
  const server = await startServer(dir);
  try {
    const rows: string[][] = [];
    for (const round of ["first", "second", "third"]) {
      const options = {
        sessions: 1,
        jpegs,
        width: 1920,
        height: 1080,
        fps: 0,
        frames: 1800,
        window: 64,
        cumulative: true,
      };
      const before = await server.process.usage();
      await send(server, { ...options, finish: false });
      const between = await server.process.usage();
      const result = await send(server, { ...options, finish: true });
      const after = await server.process.usage();
      const ingest = between.cpuSeconds - before.cpuSeconds;
      rows.push([
        round,
        (after.cpuSeconds - between.cpuSeconds - ingest).toFixed(2),
        result.resultSeconds[0]!.toFixed(2),
      ]);
    }
    console.log(formatTable(
      ["1,800 JPEGs of 200 KB to a video", "CPU s", "s from signal to result"],
      rows,
    ));
  } finally {
    await server.process[Symbol.asyncDispose]();
    await Deno.remove(join(dir, "results"), { recursive: true });
  }
}

const PARTS: Readonly<Record<string, (dir: string) => Promise<void>>> = {
  rate: benchRate,
  live: benchLive,
  memory: benchMemory,
  video: benchVideo,
};

if (import.meta.main) {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_bench_" });
  try {
    for (const [name, part] of Object.entries(PARTS)) {
      if (Deno.args.length === 0 || Deno.args.includes(name)) await part(dir);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
