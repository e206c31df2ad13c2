/**
 * The chain as a whole against its bars: CPU a frame a peer, latency of a hop,
 * memory, loss, beside a plain UDP relay loop in the same run.
 *
 * The clip is the one the original programs were measured with: 1620×1080, 30
 * frames/s, 411 frames, mandelbrot at ffmpeg's q 4 (about 178 KB a frame). They
 * took 18.5 ms of CPU a frame in every peer, lost 10.7 % of the frames by the
 * fourth hop and had 245 MB resident.
 *
 * `deno task bench chain` runs it; with `16` behind, sixteen peers at 640×480.
 *
 * @module
 */

import { join } from "node:path";
import type { PeerReport } from "../../src/chain/mod.ts";
import { DatagramBatch, openUdpSocket } from "../../src/net/mod.ts";
import { formatTable } from "../../src/cli/table.ts";
import { makeClip } from "../support/clips.ts";
import { type RunningProcess, startStreamtool } from "../support/process.ts";
import { processUsage, type Usage } from "../support/process_table.ts";

/** How long the stream may take beyond its own length. */
const PATIENCE_MS = 120_000;

interface Setting {
  readonly title: string;
  readonly size: string;
  readonly frames: number;
  readonly peers: number;
  readonly save: boolean;
  readonly watch: boolean;
  readonly fragmentSize: string;
}

const FULL = { size: "1620x1080", frames: 411, peers: 4 } as const;
const SETTINGS: readonly Setting[] = [
  {
    ...FULL,
    title: "4 peers, saving, a page open at B",
    save: true,
    watch: true,
    fragmentSize: "auto",
  },
  {
    ...FULL,
    title: "4 peers, not saving",
    save: false,
    watch: false,
    fragmentSize: "auto",
  },
  {
    ...FULL,
    title: "4 peers, saving, 1400-byte datagrams",
    save: true,
    watch: false,
    fragmentSize: "1360",
  },
  {
    title: "16 peers, 640x480, not saving",
    size: "640x480",
    frames: 300,
    peers: 16,
    save: false,
    watch: false,
    fragmentSize: "auto",
  },
];

if (import.meta.main) {
  const only = Deno.args[0];
  for (const setting of SETTINGS) {
    if (only === undefined || setting.title.includes(only)) {
      await measure(setting);
    }
  }
  if (only === undefined || "relay loop".includes(only)) await relayLoop();
}

async function measure(setting: Setting): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_bench_" });
  const started: RunningProcess[] = [];
  try {
    const clip = join(dir, "clip.mjpeg");
    const { size, frames } = setting;
    await makeClip(clip, { size, frames, q: 4, source: "mandelbrot", fps: 30 });
    const coordinator = startStreamtool([
      "chain-coordinator",
      clip,
      ...["--fps", "30", "--port", "0", "--page-port", "0"],
      ...["--fragment-size", setting.fragmentSize],
    ]);
    started.push(coordinator);
    const control = await coordinator.event((event) => event.label === "Peers");
    const names = Array.from(
      { length: setting.peers },
      (_, index) => String.fromCharCode(65 + index),
    );
    const peers: RunningProcess[] = [];
    for (const name of names) {
      const peer = startStreamtool([
        "chain-peer",
        name,
        "0",
        ...["--coordinator", String(control.url).replace("tcp://", "")],
        ...(setting.save ? [] : ["--no-save"]),
      ]);
      started.push(peer);
      peers.push(peer);
      await peer.event("registered");
    }
    const watching = setting.watch ? await watch(peers[1]) : undefined;
    const before = await usages(started);
    await coordinator.write("startVideo");
    const delivered = await coordinator.event("delivered", {
      within: PATIENCE_MS,
    });
    const after = await usages(started);
    watching?.abort();
    report(setting, delivered.peers as PeerReport[], before, after);
  } finally {
    for (const process of started) await process[Symbol.asyncDispose]();
    await Deno.remove(dir, { recursive: true });
  }
}

function usages(processes: readonly RunningProcess[]): Promise<Usage[]> {
  return Promise.all(processes.map(({ pid }) => processUsage(pid)));
}

function report(
  setting: Setting,
  reports: readonly PeerReport[],
  before: readonly Usage[],
  after: readonly Usage[],
): void {
  const { frames } = setting;
  const perFrame = (index: number): string =>
    ((((after[index]?.cpuSeconds ?? 0) - (before[index]?.cpuSeconds ?? 0)) *
      1000) / frames).toFixed(2);
  const megabytes = (index: number): string =>
    ((after[index]?.peakRssBytes ?? 0) / 1e6).toFixed(0);
  console.log(`\n${setting.title}: ${frames} frames of ${setting.size}`);
  console.log(formatTable(
    [
      "process",
      "CPU ms/frame",
      "peak MB",
      "received",
      "lost",
      "saved",
      "hop p50 ms",
      "hop p99 ms",
      "behind p50 ms",
    ],
    [
      ["coordinator", perFrame(0), megabytes(0), "", "", "", "", "", ""],
      ...reports.map((peer, index) => [
        peer.name,
        perFrame(index + 1),
        megabytes(index + 1),
        String(peer.framesReceived),
        String(frames - peer.framesReceived),
        String(peer.framesSaved),
        peer.hopLatency.p50.toFixed(2),
        peer.hopLatency.p99.toFixed(2),
        peer.chainLatency.p50.toFixed(2),
      ]),
    ],
  ));
}

/** Opens the live picture of a peer as a page does: asks again when it has one. */
async function watch(
  peer: RunningProcess | undefined,
): Promise<AbortController> {
  const page = await peer?.event((event) => event.label === "Page");
  const stop = new AbortController();
  (async () => {
    let after = "0";
    while (!stop.signal.aborted) {
      const answer = await fetch(`${page?.url}frame?after=${after}`, {
        signal: stop.signal,
      });
      await answer.arrayBuffer();
      after = answer.headers.get("x-frame-seq") ?? after;
    }
  })().catch(() => {});
  return stop;
}

/** What moving the same datagrams costs without doing anything else. */
async function relayLoop(): Promise<void> {
  console.log("\nPlain relay loop: receive, send on");
  for (const bytes of [1400, 7680]) {
    const perFrame = Math.ceil(178_000 / bytes);
    using source = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
    using relay = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
    using sink = openUdpSocket({ hostname: "127.0.0.1", port: 0 });
    const total = perFrame * 100;
    const out = new Uint8Array(bytes);
    let relayMs = 0;
    const batch = new DatagramBatch(1, 65_536);
    const arrived = new DatagramBatch(1, 65_536);
    for (let i = 0; i < total; i++) {
      await source.sendOne(out, relay.address);
      const start = performance.now();
      await relay.receive(batch);
      await relay.send(batch, 0, 1, sink.address);
      relayMs += performance.now() - start;
      await sink.receive(arrived);
    }
    console.log(
      `  ${bytes}-byte datagrams: ${
        (relayMs / total * 1000).toFixed(1)
      } µs each, ${(relayMs / 100).toFixed(2)} ms for a frame of 178 KB`,
    );
  }
}
