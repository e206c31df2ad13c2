/**
 * A chain of real processes to be measured, and a plain relay to compare with.
 *
 * @module
 */

import { join } from "node:path";
import { FrameSender } from "../../../src/services/chain/frame_sender.ts";
import {
  DatagramBatch,
  nowMicros,
  openUdpSocket,
} from "../../../src/net/mod.ts";
import { PROGRAM_PERMISSIONS, ROOT } from "../../../scripts/support.ts";
import { makeClip } from "../../support/clips.ts";
import {
  type RunningProcess,
  startProcess,
  startStreamtool,
} from "../../support/process.ts";
import { processUsage, type Usage } from "../../support/process_table.ts";

/** What is measured. */
export interface Setting {
  readonly title: string;
  /** Picture size, `1620x1080`. */
  readonly size: string;
  readonly frames: number;
  readonly peers: number;
  /** Whether peers save: nothing, everything, or only the newest so many. */
  readonly save: boolean | number;
  /** Opens the live picture of the second peer, as a page does. */
  readonly watch: boolean;
  /** `--fragment-size`. */
  readonly fragmentSize: string;
  /** Whether the chain has a key. */
  readonly key?: boolean;
  /** Plays the clip again and again. */
  readonly loop?: boolean;
  /** Whether nobody takes the fast path. */
  readonly portable?: boolean;
}

/** A chain that is ready to play. */
export interface BenchChain extends AsyncDisposable {
  readonly coordinator: RunningProcess;
  readonly peers: readonly RunningProcess[];
}

const folders: string[] = [];

/**
 * Removes what the chains have left. They leave it until the end of a bench:
 * a file system (ext4) steps over what was removed in the last minute, one
 * file after another, for every file that is made.
 */
export async function removeBenchFolders(): Promise<void> {
  for (const folder of folders.splice(0)) {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Starts coordinator and peers; the clip is the one of the bars. */
export async function startBenchChain(setting: Setting): Promise<BenchChain> {
  const dir = await Deno.makeTempDir({ prefix: "streamtool_bench_" });
  folders.push(dir);
  const clip = join(dir, "clip.mjpeg");
  const { size, frames, save } = setting;
  await makeClip(clip, { size, frames, q: 4, source: "mandelbrot", fps: 30 });
  const keyFile = join(dir, "key");
  await Deno.writeTextFile(keyFile, crypto.randomUUID());
  const key = setting.key === true ? ["--key-file", keyFile] : [];
  const path = setting.portable === true ? ["--no-fast-path"] : [];
  const coordinator = startStreamtool([
    "chain-coordinator",
    clip,
    ...key,
    ...path,
    ...["--fps", "30", "--port", "0", "--page-port", "0"],
    ...["--fragment-size", setting.fragmentSize],
    ...(setting.loop === true ? ["--loop"] : []),
  ]);
  const { url } = await coordinator.event((event) => event.label === "Peers");
  const peers: RunningProcess[] = [];
  for (let index = 0; index < setting.peers; index++) {
    const name = String.fromCharCode(65 + index);
    const cwd = join(dir, name);
    await Deno.mkdir(cwd);
    const peer = startStreamtool([
      ...["chain-peer", name, "0"],
      ...["--coordinator", String(url).replace("tcp://", "")],
      ...key,
      ...path,
      ...(save === false ? ["--no-save"] : []),
      ...(typeof save === "number" ? ["--keep", String(save)] : []),
    ], { cwd });
    peers.push(peer);
    await peer.event("registered");
  }
  const watching = setting.watch ? await watch(peers[1]) : undefined;
  return {
    coordinator,
    peers,
    async [Symbol.asyncDispose]() {
      watching?.abort();
      for (const process of [coordinator, ...peers]) {
        await process[Symbol.asyncDispose]();
      }
    },
  };
}

/** CPU time and memory of coordinator and peers, in that order. */
export function usages({ coordinator, peers }: BenchChain): Promise<Usage[]> {
  return Promise.all(
    [coordinator, ...peers].map(({ pid }) => processUsage(pid)),
  );
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

/** Frames that go through the plain relay: some seconds of them. */
const RELAYED_FRAMES = 300;
/** Their rate: the cost is that of the datagrams, not of the time between. */
const RELAYED_FPS = 60;
/** Bytes of a frame of the clip of the bars. */
const FRAME_BYTES = 178_000;

/**
 * Milliseconds of CPU that a process takes a frame which only receives and
 * sends on, with `fragmentBytes` of the frame in a datagram; `isFast`: by the
 * fast path where it can be had.
 */
export async function plainRelayCost(
  fragmentBytes: number,
  isFast: boolean,
): Promise<number> {
  const portable = { hostname: "127.0.0.1", port: 0, fastPath: false };
  using source = openUdpSocket(portable);
  using sink = openUdpSocket(portable);
  const batch = new DatagramBatch(1, 65_536);
  const draining = (async () => {
    while (await sink.receive(batch));
  })();
  await using relay = startProcess(Deno.execPath(), [
    ...["run", "--quiet", "--config", `${ROOT}deno.json`],
    ...PROGRAM_PERMISSIONS,
    `${ROOT}tests/bench/support/plain_relay.ts`,
    String(sink.address.port),
    isFast ? "fast" : "portable",
  ]);
  const port = Number(await relay.line(/^\d+$/));
  const sender = new FrameSender(source, {
    dataEncoding: "hex",
    payload: "jpeg",
    zlibLevel: 6,
    maxDatagram: 60_000,
  });
  sender.next = {
    name: "relay",
    address: { hostname: "127.0.0.1", port },
    wire: "binary",
  };
  sender.fragmentBytes = fragmentBytes;
  sender.beginStream(1);
  const bytes = new Uint8Array(FRAME_BYTES);
  const never = new AbortController().signal;
  const play = async (frames: number): Promise<void> => {
    const frameTimeUs = 1e6 / RELAYED_FPS;
    const startUs = nowMicros();
    for (let number = 0; number < frames; number++) {
      const dueUs = startUs + number * frameTimeUs;
      await sender.sendFrame({ bytes, number, dueUs, frameTimeUs }, never);
    }
  };
  await play(RELAYED_FRAMES / 5); // compiled now
  const before = await relay.usage();
  await play(RELAYED_FRAMES);
  const after = await relay.usage();
  sink.close();
  await draining;
  return (after.cpuSeconds - before.cpuSeconds) * 1000 / RELAYED_FRAMES;
}
