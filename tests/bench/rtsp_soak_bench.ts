/**
 * Fifty viewers that come, pause, seek and vanish, for as long as one likes:
 * memory, descriptors and processes of the server first and last, and whether
 * the clock of who stays drifts. On Linux.
 *
 * `deno task bench rtsp_soak -- --minutes 30`; two minutes unless told.
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatTable } from "../../src/cli/table.ts";
import {
  cnameDescription,
  decodeRtpPacket,
  encodeRtcpCompound,
} from "../../src/rtp/mod.ts";
import { encodeInterleaved } from "../../src/rtsp/mod.ts";
import { RtspClient } from "../services/support/rtsp_scene.ts";
import { makeClip } from "../support/clips.ts";
import { descendants, processUsage } from "../support/process_table.ts";
import { type BenchServer, startOurs } from "./support/rtsp_servers.ts";

const FPS = 24;
const FILM_SECONDS = 10;
const VIEWERS = 50;
/** The first look: by then the code is compiled and every frame was sent. */
const WARM_UP_MS = 30_000;
/** Looks at the server are so far apart. */
const LOOK_MS = 15_000;
/** Longest a viewer plays before it does something else. */
const LONGEST_PLAY_MS = 4000;
/** Who stays reports so often: a silent session is ended after a minute. */
const REPORT_MS = 20_000;
/** So long the first viewers stay. */
const FIRST_LOOK_MS = 2000;
/** A session over UDP whose connection vanished is missed after 20 s. */
const FORGOTTEN_MS = 60_000;

/** What the server has at a moment. */
interface Look {
  readonly minutes: number;
  readonly megabytes: number;
  readonly descriptors: number;
  readonly children: number;
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args.filter((arg) => arg !== "--"),
    options: { minutes: { type: "string", default: "2" } },
  });
  const dir = await Deno.makeTempDir({ prefix: "streamtool_soak_" });
  try {
    const movie = join(dir, "movie.mjpeg");
    await makeClip(movie, { frames: FILM_SECONDS * FPS, fps: FPS });
    await using server = await startOurs(movie, true);
    await soak(server, Number(values.minutes) * 60_000);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function soak(server: BenchServer, lengthMs: number): Promise<void> {
  const { process: { pid }, url } = server;
  const start = performance.now();
  // The first viewers open what stays open: the film, the ports for UDP.
  const counts = { plays: 0, seeks: 0, pauses: 0, leaves: 0, vanishes: 0 };
  for (const tcp of [true, false]) {
    await comeAndGo(url, tcp, counts, AbortSignal.timeout(FIRST_LOOK_MS));
  }
  const idle = await settle(pid, start);
  const over = AbortSignal.timeout(lengthMs);
  const viewers = Array.from(
    { length: VIEWERS },
    (_, index) => comeAndGo(url, index % 2 === 0, counts, over),
  );
  const steady = watchSteadily(url, over);
  const looks: Look[] = [];
  await pause(Math.min(WARM_UP_MS, lengthMs / 2));
  while (!over.aborted) {
    looks.push(await look(pid, start));
    await pause(LOOK_MS);
  }
  const drift = await steady;
  await Promise.all(viewers);
  const left = await settle(pid, start, idle.descriptors);
  const most = looks.reduce((a, b) => a.megabytes > b.megabytes ? a : b);
  console.log(formatTable(
    ["", "minute", "MB", "descriptors", "child processes"],
    ([
      ["before", idle],
      ["first", looks[0]!],
      ["most memory", most],
      ["last", looks.at(-1)!],
      ["after", left],
    ] as const).map(([name, { minutes, megabytes, descriptors, children }]) => [
      name,
      minutes.toFixed(1),
      megabytes.toFixed(0),
      String(descriptors),
      String(children),
    ]),
  ));
  const { plays, seeks, pauses, leaves, vanishes } = counts;
  console.log(
    `${plays} plays, ${seeks} seeks, ${pauses} pauses, ${leaves} TEARDOWNs, ` +
      `${vanishes} connections that vanished; who stayed drifted ${
        drift.toFixed(1)
      } ms`,
  );
}

/** How it is when sessions that vanished have been missed, or nothing changes that. */
async function settle(pid: number, start: number, descriptors = 0) {
  const until = performance.now() + FORGOTTEN_MS;
  for (;;) {
    const now = await look(pid, start);
    if (now.descriptors <= descriptors || performance.now() > until) return now;
    await pause(1000);
  }
}

async function look(pid: number, start: number): Promise<Look> {
  let descriptors = 0;
  for await (const _ of Deno.readDir(`/proc/${pid}/fd`)) descriptors++;
  return {
    minutes: (performance.now() - start) / 60_000,
    megabytes: (await processUsage(pid)).rssBytes / 1e6,
    descriptors,
    children: (await descendants(pid)).length,
  };
}

type Counts = Record<
  "plays" | "seeks" | "pauses" | "leaves" | "vanishes",
  number
>;

/** One viewer after another, over TCP or to UDP ports that nobody reads. */
async function comeAndGo(
  url: string,
  tcp: boolean,
  counts: Counts,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    const client = await RtspClient.connect(portOf(url));
    const { session } = await client.setup(
      url,
      tcp
        ? "RTP/AVP/TCP;unicast;interleaved=0-1"
        : "RTP/AVP;unicast;client_port=9-10",
    );
    const headers = { Session: session };
    for (let more = true; more && !over.aborted;) {
      const from = Math.random() * FILM_SECONDS;
      const seeks = Math.random() < 0.5;
      await client.request("PLAY", url, {
        ...headers,
        ...(seeks ? { Range: `npt=${from.toFixed(3)}-` } : {}),
      });
      counts.plays++;
      if (seeks) counts.seeks++;
      await read(client, tcp, Math.random() * LONGEST_PLAY_MS);
      const next = Math.random();
      more = next < 0.6;
      if (next < 0.3) {
        await client.request("PAUSE", url, headers);
        counts.pauses++;
        await pause(Math.random() * 1000);
      } else if (next > 0.8) {
        await client.request("TEARDOWN", url, headers);
        counts.leaves++;
      } else if (!more) counts.vanishes++;
    }
    await client.close();
  }
}

async function read(
  client: RtspClient,
  tcp: boolean,
  ms: number,
): Promise<void> {
  if (!tcp) return await pause(ms);
  const until = performance.now() + ms;
  await client.media((arrivals) => {
    (arrivals as unknown[]).length = 0;
    return performance.now() > until;
  });
}

/** Milliseconds that the last frame came later than the first and the clock of the stream say. */
async function watchSteadily(url: string, over: AbortSignal): Promise<number> {
  const client = await RtspClient.connect(portOf(url));
  const { session } = await client.setup(url);
  await client.request("PLAY", url, { Session: session });
  let first: { at: number; timestamp: number } | undefined;
  let drift = 0;
  let frames = 0;
  const report = encodeRtcpCompound([
    { type: "receiver-report", ssrc: 1, reports: [] },
    cnameDescription(1, "soak"),
  ]);
  const reports = setInterval(
    () => void client.write(encodeInterleaved(1, report)),
    REPORT_MS,
  );
  for await (const { channel, bytes } of client.frames()) {
    if (over.aborted) break;
    if (channel !== 0) continue;
    const { marker, timestamp } = decodeRtpPacket(bytes);
    // The second frame may come early: it finds its place among the others.
    if (!marker || ++frames < 3) continue;
    const at = performance.now();
    first ??= { at, timestamp };
    drift = at - first.at - ((timestamp - first.timestamp) >>> 0) / 90;
  }
  clearInterval(reports);
  await client.close();
  return drift;
}

function portOf(url: string): number {
  return Number(new URL(url.replace(/^rtsp/, "http")).port);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
