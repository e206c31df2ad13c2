/**
 * The RTSP server with a hundred viewers, beside gst-rtsp-server in the same
 * run where its Python binding is installed: CPU a viewer-second, first frame,
 * gaps between frames, memory, and a storm of joins.
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
  startGst,
  startOurs,
  startPeerPage,
  startViewers,
} from "./support/rtsp_servers.ts";

const FPS = 24;
/** Played once before it is measured: every frame is in the cache then. */
const FILM_SECONDS = 4;
const VIEWERS = 100;
/** The first frame has a bar for a few viewers too. */
const FEW = 10;
/** Measured after so many seconds: by then the code is compiled. */
const WARM_UP_SECONDS = 5;
const SECONDS = 8;
/** All viewers join within so many milliseconds. */
const JOIN_MS = 1000;
const STORMS = 10;
const PATIENCE_MS = 120_000;

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
  for (const transport of ["tcp", "udp"]) {
    const full = rows.filter((row) =>
      row.transport === transport && row.viewers === VIEWERS
    );
    const gst = full.find(({ server }) => server === "gst")?.cpu;
    if (gst === undefined) continue;
    for (const { server, cpu } of full) {
      if (server === "gst") continue;
      console.log(
        `${transport}: ${server} takes ${
          (cpu / gst).toFixed(2)
        } of gst-rtsp-server's CPU`,
      );
    }
  }
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
