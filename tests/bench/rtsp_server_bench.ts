/**
 * The RTSP server with a hundred viewers, beside gst-rtsp-server in the same
 * run where its Python binding is installed: CPU a viewer-second, first frame,
 * gaps between frames, memory, and a storm of joins; then the CPU of all side by
 * side, with a program that only sends as the runtime's own share.
 *
 * The bars, on a machine with nothing else to do: over TCP at most 0.9 of
 * gst-rtsp-server's CPU, over UDP at most its own (3 ms without the fast path),
 * 120 MB resident, first frame of a shared stream within 5 ms, gaps within 5 ms
 * at p99. `deno task bench rtsp_server` runs it; `deno task bench rtsp_soak`
 * lets viewers come and go for as long as one likes.
 *
 * @module
 */

import { join } from "node:path";
import { formatTable } from "../../src/cli/table.ts";
import { makeClip } from "../support/clips.ts";
import { processUsage } from "../support/process_table.ts";
import type { ViewersResult } from "./rtsp_viewers.ts";
import {
  type BenchServer,
  resultOf,
  startBare,
  startGst,
  startOurs,
  startPeerPage,
  startViewers,
} from "./support/rtsp_servers.ts";

const FPS = 24;
/** Played once before it is measured: every frame is in the cache then. */
const FILM_SECONDS = 4;
const VIEWERS = 100;
/** Side by side over UDP so many each: five servers shall not fill the machine. */
const VIEWERS_BESIDE = 25;
/** The first frame has a bar for a few viewers too. */
const FEW = 10;
/** Measured after so many seconds: by then the code is compiled. */
const WARM_UP_SECONDS = 5;
const SECONDS = 8;
/** All viewers join within so many milliseconds. */
const JOIN_MS = 1000;
const STORMS = 10;
const PATIENCE_MS = 120_000;
/** Viewers that stay until they are ended. */
const LONG_SECONDS = 600;
/** Where only CPU is measured, viewers join within so long. */
const CALM_JOIN_MS = 5000;
/** A server whose viewers have not all joined by then has hung. */
const JOIN_PATIENCE_MS = 30_000;
const ATTEMPTS = 3;
/** What a frame of the film has, about. */
const FRAME_BYTES = 25_000;

interface Row {
  readonly server: string;
  readonly transport: string;
  readonly viewers: number;
  /** Milliseconds a viewer-second. */
  readonly cpu: number;
  readonly megabytes: number;
  readonly result: ViewersResult;
}

if (import.meta.main) {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_bench_" });
  try {
    const movie = join(dir, "movie.mjpeg");
    await makeClip(movie, { frames: FILM_SECONDS * FPS, fps: FPS });
    const rows: Row[] = [];
    const take = async (
      name: string,
      transport: string,
      start: () => Promise<BenchServer | undefined>,
      viewers = VIEWERS,
    ): Promise<void> => {
      await using server = await start();
      if (server === undefined) console.log(`${name} is not installed`);
      else rows.push(await measure(name, server, transport, viewers));
    };
    await using peer = await startPeerPage(movie, FPS);
    for (const transport of ["tcp", "udp"]) {
      const ours = (name: string, source: string, fast: boolean) =>
        take(name, transport, () => startOurs(source, fast));
      await ours("film", movie, true);
      await ours("live", peer.source, true);
      await ours("film, portable", movie, false);
      await ours("live, portable", peer.source, false);
      await take("gst", transport, () => startGst(movie, dir, FPS));
      await take("live", transport, () => startOurs(peer.source, true), FEW);
    }
    print(rows);
    for (const transport of ["tcp", "udp"]) {
      await sideBySide(transport, [
        ["gst", () => startGst(movie, dir, FPS)],
        ["film", () => startOurs(movie, true)],
        ["live", () => startOurs(peer.source, true)],
        ["film, portable", () => startOurs(movie, false)],
        ["Deno, only sending", () => startBare(FRAME_BYTES, FPS)],
      ]);
    }
    await using server = await startOurs(movie, true);
    await storm(server);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function measure(
  server: string,
  { process, url }: BenchServer,
  transport: string,
  count: number,
): Promise<Row> {
  await using viewers = startViewers(
    url,
    transport,
    count,
    WARM_UP_SECONDS + SECONDS,
    JOIN_MS,
  );
  await viewers.line(/joined/, { within: PATIENCE_MS });
  await pause(WARM_UP_SECONDS * 1000);
  const before = await processUsage(process.pid);
  const start = performance.now();
  await pause(SECONDS * 1000 - 500);
  const seconds = (performance.now() - start) / 1000;
  const after = await processUsage(process.pid);
  return {
    server,
    transport,
    viewers: count,
    cpu: (after.cpuSeconds - before.cpuSeconds) * 1000 / seconds / count,
    megabytes: after.peakRssBytes / 1e6,
    result: await resultOf(viewers),
  };
}

function print(rows: readonly Row[]): void {
  console.log(formatTable(
    [
      "server",
      "transport",
      "viewers",
      "CPU ms/viewer-s",
      "peak MB",
      "frames/s",
      "lost",
      "first p50 ms",
      "first max ms",
      "gap p50 ms",
      "gap p99 ms",
    ],
    rows.map(({ server, transport, viewers, cpu, megabytes, result }) => [
      server,
      transport,
      String(viewers),
      cpu.toFixed(3),
      megabytes.toFixed(0),
      (result.frames / (WARM_UP_SECONDS + SECONDS) / viewers).toFixed(2),
      String(result.lost),
      result.firstFrameP50.toFixed(2),
      result.firstFrameMax.toFixed(2),
      result.gapP50.toFixed(2),
      result.gapP99.toFixed(2),
    ]),
  ));
}

type Start = () => Promise<BenchServer | undefined>;

/**
 * A server with its viewers, which go when `owner` does; `undefined` when it is
 * not installed or its viewers do not all join: gst-rtsp-server deadlocks now
 * and then when a hundred come over TCP.
 */
async function startWatched(
  start: Start,
  transport: string,
  count: number,
  owner: AsyncDisposableStack,
): Promise<BenchServer | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await using mine = new AsyncDisposableStack();
    const server = await start();
    if (server === undefined) return undefined;
    mine.use(server);
    const viewers = mine.use(
      startViewers(server.url, transport, count, LONG_SECONDS, CALM_JOIN_MS),
    );
    try {
      await viewers.line(/joined/, { within: JOIN_PATIENCE_MS });
    } catch {
      continue;
    }
    owner.use(mine.move());
    return server;
  }
  return undefined;
}

/**
 * CPU of several servers at the same time, each with as many viewers: what else
 * the machine does hits all of them alike. The rest of what they are judged by
 * is in the table where each was alone.
 */
async function sideBySide(
  transport: string,
  starts: readonly (readonly [string, Start])[],
): Promise<void> {
  await using all = new AsyncDisposableStack();
  const servers: { name: string; pid: number }[] = [];
  const count = transport === "udp" ? VIEWERS_BESIDE : VIEWERS;
  for (const [name, start] of starts) {
    const server = await startWatched(start, transport, count, all);
    if (server === undefined) console.log(`${name} is left out`);
    else servers.push({ name, pid: server.process.pid });
  }
  await pause(WARM_UP_SECONDS * 1000);
  const look = () => Promise.all(servers.map(({ pid }) => processUsage(pid)));
  const before = await look();
  const start = performance.now();
  await pause(SECONDS * 1000);
  const after = await look();
  const seconds = (performance.now() - start) / 1000;
  const cpu = servers.map((_, index) =>
    (after[index]!.cpuSeconds - before[index]!.cpuSeconds) * 1000 / seconds /
    count
  );
  const gst = cpu[servers.findIndex(({ name }) => name === "gst")];
  console.log(formatTable(
    [`side by side, ${transport}`, "CPU ms/viewer-s", "of gst's"],
    servers.map(({ name }, index) => [
      name,
      cpu[index]!.toFixed(3),
      gst === undefined ? "–" : (cpu[index]! / gst).toFixed(2),
    ]),
  ));
}

/** A hundred viewers within a second, ten times in a row. */
async function storm({ process, url }: BenchServer): Promise<void> {
  const worst: number[] = [];
  for (let round = 0; round < STORMS; round++) {
    await using viewers = startViewers(url, "tcp", VIEWERS, 1, JOIN_MS);
    const result = await resultOf(viewers);
    if (result.viewers !== VIEWERS) {
      throw new Error(
        `Cannot join: ${result.viewers} of ${VIEWERS} saw a frame`,
      );
    }
    worst.push(result.firstFrameMax);
  }
  const { rssBytes } = await processUsage(process.pid);
  console.log(
    `${STORMS} × ${VIEWERS} joins within ${JOIN_MS} ms: the slowest first frame took ${
      Math.max(...worst).toFixed(1)
    } ms, ${(rssBytes / 1e6).toFixed(0)} MB resident after it`,
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
