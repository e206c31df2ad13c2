/**
 * The chain as a whole against its bars: CPU a frame a peer, latency of a hop,
 * memory, loss, healing; beside a plain UDP relay in the same run.
 *
 * The clip is the one the original programs were measured with: 1620×1080, 30
 * frames/s, 411 frames, mandelbrot at ffmpeg's q 4 (about 178 KB a frame). They
 * took 18.5 ms of CPU a frame in every peer, lost 10.7 % of the frames by the
 * fourth hop and had 245 MB resident.
 *
 * `deno task bench chain_bench` runs all of it, with a part of a title behind
 * only what has that title; `--minutes N` plays for so long instead and looks
 * at the memory.
 *
 * @module
 */

import type { PeerReport } from "../../src/chain/mod.ts";
import { hopShape } from "../../src/services/chain/hop_shape.ts";
import { formatTable } from "../../src/cli/table.ts";
import type { Usage } from "../support/process_table.ts";
import {
  plainRelayCost,
  removeBenchFolders,
  type Setting,
  startBenchChain,
  usages,
} from "./support/bench_chain.ts";

/** How long a stream may take beyond its own length. */
const PATIENCE_MS = 120_000;

const FULL = {
  size: "1620x1080",
  frames: 411,
  peers: 4,
  fragmentSize: "auto",
} as const;
const SETTINGS: readonly Setting[] = [
  {
    ...FULL,
    title: "4 peers, portable, saving, a page open at B",
    save: true,
    watch: true,
    portable: true,
  },
  {
    ...FULL,
    title: "4 peers, saving, a page open at B",
    save: true,
    watch: true,
  },
  { ...FULL, title: "4 peers, saving", save: true, watch: false },
  { ...FULL, title: "4 peers, not saving", save: false, watch: false },
  {
    ...FULL,
    title: "4 peers, saving, with a key",
    save: true,
    watch: false,
    key: true,
  },
  {
    ...FULL,
    title: "4 peers, saving, 1400-byte datagrams",
    save: true,
    watch: false,
    fragmentSize: "1360",
  },
  {
    title: "16 peers, not saving",
    size: "640x480",
    frames: 300,
    peers: 16,
    save: false,
    watch: false,
    fragmentSize: "auto",
  },
];

const HEALING: Setting = {
  ...FULL,
  title: "kill -9 of B in mid-stream",
  save: true,
  watch: false,
};

/** Of the frames that are played for minutes so many stay on disk. */
const SOAK: Setting = {
  ...FULL,
  title: "soak",
  save: 100,
  watch: true,
  loop: true,
};
/** Memory is read this often. */
const SAMPLE_MS = 10_000;
const SAMPLES_A_MINUTE = 6;
/** Before that everything has been used once. */
const SETTLED_MS = 30_000;

if (import.meta.main) {
  try {
    await main(Deno.args);
  } finally {
    await removeBenchFolders();
  }
}

async function main(args: readonly string[]): Promise<void> {
  const flag = args.indexOf("--minutes");
  if (flag >= 0) return await soak(Number(args[flag + 1]));
  const only = args[0] ?? "";
  const wanted = SETTINGS.filter(({ title }) => title.includes(only));
  const plain = new Map<string, number>();
  for (const { fragmentSize } of wanted) {
    if (!plain.has(fragmentSize)) {
      plain.set(fragmentSize, await measurePlain(fragmentSize));
    }
  }
  for (const setting of wanted) {
    await measure(setting, plain.get(setting.fragmentSize) ?? NaN);
  }
  if (HEALING.title.includes(only)) await heal();
}

async function measurePlain(fragmentSize: string): Promise<number> {
  const bytes = fragmentSize === "auto"
    ? hopShape(true, 0).fragmentBytes
    : Number(fragmentSize);
  const portable = await plainRelayCost(bytes, false);
  const fast = await plainRelayCost(bytes, true);
  console.log(
    `plain relay, ${bytes + 40}-byte datagrams: ${
      fast.toFixed(2)
    } ms of CPU a frame of 178 KB, portable ${portable.toFixed(2)}`,
  );
  return fast;
}

async function measure(setting: Setting, plain: number): Promise<void> {
  await using chain = await startBenchChain(setting);
  const before = await usages(chain);
  await chain.coordinator.write("startVideo");
  const delivered = await chain.coordinator.event("delivered", {
    within: PATIENCE_MS,
  });
  const after = await usages(chain);
  const reports = delivered.peers as PeerReport[];
  console.log(
    `\n${setting.title}: ${setting.frames} frames of ${setting.size}`,
  );
  const cost = (index: number): number =>
    cpuSeconds(before[index], after[index]) * 1000 / setting.frames;
  console.log(formatTable(
    [
      "process",
      "CPU ms/frame",
      "of plain",
      "peak MB",
      "received",
      "lost",
      "saved",
      "hop p50 ms",
      "hop p99 ms",
      "behind p50 ms",
    ],
    [
      [
        "coordinator",
        cost(0).toFixed(2),
        "",
        megabytes(after[0]?.peakRssBytes),
        ...["", "", "", "", "", ""],
      ],
      ...reports.map((peer, index) => [
        peer.name,
        cost(index + 1).toFixed(2),
        // The plain relay's frames are those of the large clip.
        setting.size === FULL.size
          ? `${(cost(index + 1) / plain).toFixed(1)}×`
          : "",
        megabytes(after[index + 1]?.peakRssBytes),
        String(peer.framesReceived),
        String(setting.frames - peer.framesReceived),
        String(peer.framesSaved),
        peer.hopLatency.p50.toFixed(2),
        peer.hopLatency.p99.toFixed(2),
        peer.chainLatency.p50.toFixed(2),
      ]),
    ],
  ));
}

/** Kills B a third through the clip; what C and D miss is how long it took. */
async function heal(): Promise<void> {
  await using chain = await startBenchChain(HEALING);
  const [, b] = chain.peers;
  await chain.coordinator.write("startVideo");
  await chain.coordinator.event("stream-start");
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const killedAt = performance.now();
  b?.signal("SIGKILL");
  await chain.coordinator.event("departed");
  const noticedMs = performance.now() - killedAt;
  const delivered = await chain.coordinator.event("delivered", {
    within: PATIENCE_MS,
  });
  console.log(
    `\n${HEALING.title}: the coordinator knew after ${noticedMs.toFixed(1)} ms`,
  );
  for (const { name, framesReceived } of delivered.peers as PeerReport[]) {
    const missed = HEALING.frames - framesReceived;
    console.log(
      `  ${name} missed ${missed} frames, ${
        (missed * 1000 / 30).toFixed(0)
      } ms`,
    );
  }
}

/** Plays for `minutes` and prints the memory each minute, and what it was in all. */
async function soak(minutes: number): Promise<void> {
  if (!(minutes > 0)) {
    throw new Error("Cannot run a soak: --minutes needs a number above 0");
  }
  await using chain = await startBenchChain(SOAK);
  await chain.coordinator.write("startVideo");
  await chain.coordinator.event("stream-start");
  const endAt = performance.now() + minutes * 60_000;
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  const samples: Usage[][] = [await usages(chain)];
  console.log("\nMB resident: coordinator, A, B with its page open, C, D");
  while (performance.now() < endAt) {
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    samples.push(await usages(chain));
    if ((samples.length - 1) % SAMPLES_A_MINUTE !== 0) continue;
    const minute = (samples.length - 1) / SAMPLES_A_MINUTE;
    const now = samples.at(-1)!.map(({ rssBytes }) => megabytes(rssBytes));
    console.log(`minute ${minute}: ${now.join("  ")}`);
  }
  await chain.coordinator.write("stopVideo");
  const delivered = await chain.coordinator.event("delivered");
  const reports = delivered.peers as PeerReport[];
  const frames = Number(delivered.frames);
  const seconds = samples.length * SAMPLE_MS / 1000;
  console.log(`\n${minutes} minutes, ${frames} frames of ${SOAK.size}`);
  console.log(formatTable(
    [
      "process",
      "first MB",
      "last MB",
      "least MB",
      "most MB",
      "CPU %",
      "lost",
    ],
    ["coordinator", ...reports.map(({ name }) => name)].map((name, index) => {
      const resident = samples.map((sample) => sample[index]?.rssBytes ?? 0);
      const cpu = cpuSeconds(samples[0]?.[index], samples.at(-1)?.[index]);
      const report = reports[index - 1];
      return [
        name,
        megabytes(resident[0]),
        megabytes(resident.at(-1)),
        megabytes(Math.min(...resident)),
        megabytes(Math.max(...resident)),
        (cpu * 100 / seconds).toFixed(1),
        report === undefined ? "" : String(frames - report.framesReceived),
      ];
    }),
  ));
}

function cpuSeconds(before: Usage | undefined, after: Usage | undefined) {
  return (after?.cpuSeconds ?? 0) - (before?.cpuSeconds ?? 0);
}

function megabytes(bytes: number | undefined): string {
  return ((bytes ?? 0) / 1e6).toFixed(0);
}
