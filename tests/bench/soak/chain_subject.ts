/**
 * A chain of four peers: B to D are killed and come back, D has a disk that is
 * soon full. The witness is A.
 *
 * @module
 */

import { join } from "node:path";
import type { ChainSnapshot } from "../../../src/chain/mod.ts";
import { selfCommand } from "../../../src/cli/deno_host.ts";
import { makeClip } from "../../support/clips.ts";
import {
  type RunningProcess,
  startProcess,
  startStreamtool,
} from "../../support/process.ts";
import { portOf, type SoakSubject } from "./subject.ts";

const PEERS = ["A", "B", "C", "D"];
/** Frames of the clip, which begins again at its end. */
const CLIP_FRAMES = 300;
/** Frames each peer keeps on disk. */
const KEEP = 60;
/** The disk of D, soon full. */
const SMALL_DISK = "size=400k";

/** Whether a small disk can be mounted here. */
async function canMount(): Promise<boolean> {
  const { success } = await new Deno.Command("unshare", {
    args: ["-m", "mount", "-t", "tmpfs", "-o", SMALL_DISK, "none", "/mnt"],
    stdout: "null",
    stderr: "null",
  }).output().catch(() => ({ success: false }));
  return success;
}

/** Starts the chain in `dir` and plays. */
export async function chainSubject(dir: string): Promise<SoakSubject> {
  const clip = join(dir, "chain.mjpeg");
  await makeClip(clip, { size: "640x480", fps: 30, frames: CLIP_FRAMES });
  const coordinator = startStreamtool([
    ...["chain-coordinator", clip, "--fps", "30", "--loop"],
    ...["--port", "0", "--page-port", "0"],
  ], { cwd: dir });
  const { url } = await coordinator.event(({ label }) => label === "Peers");
  const page = String(
    (await coordinator.event(({ label }) => label === "Page")).url,
  );
  const address = String(url).replace("tcp://", "");
  const smallDisk = await canMount();
  const running = new Map<string, RunningProcess>();

  async function start(name: string): Promise<RunningProcess> {
    const frames = join(dir, `soak_${name}`);
    await Deno.mkdir(frames, { recursive: true });
    const args = [
      ...[
        "chain-peer",
        name,
        "0",
        "--coordinator",
        address,
        "--page-port",
        "0",
      ],
      ...["--frames-dir", frames, "--keep", String(KEEP), "--json"],
    ];
    const self = selfCommand(args);
    const peer = smallDisk && name === "D"
      ? startProcess("unshare", [
        ...["-m", "sh", "-c"],
        `mount -t tmpfs -o ${SMALL_DISK} none "$0" && exec "$@"`,
        ...[frames, self.command, ...self.args],
      ], { cwd: dir, json: true })
      : startStreamtool(args.filter((arg) => arg !== "--json"), { cwd: dir });
    running.set(name, peer);
    await peer.event("registered");
    return peer;
  }

  async function snapshot(): Promise<ChainSnapshot> {
    return await (await fetch(new URL("api/chain", page))).json();
  }

  for (const name of PEERS) await start(name);
  await coordinator.write("startVideo");
  await coordinator.event("stream-start");
  const peers = (await snapshot()).peers;
  return {
    name: smallDisk ? "chain" : "chain (no small disk here)",
    lasting: [coordinator, running.get("A")!],
    ports: {
      tcp: [portOf(url), portOf(page)],
      udp: peers.map(({ port }) => port),
    },
    async torment(random) {
      const name = PEERS[1 + random.integer(PEERS.length - 1)]!;
      await running.get(name)!.kill();
      await start(name);
      return `peer ${name} was killed and came back`;
    },
    async witnessed() {
      const a = (await snapshot()).peers.find(({ name }) => name === "A");
      return {
        frames: a?.report?.framesReceived ?? 0,
        lost: a?.report?.framesLost ?? 0,
      };
    },
    async recovered() {
      const { peers } = await snapshot();
      if (peers.length !== PEERS.length) {
        return `${peers.length} of ${PEERS.length} peers are in the chain`;
      }
      const still = peers.find(({ report }) => !(report && report.fps > 20));
      return still && `${still.name} gets ${still.report?.fps ?? 0} frames/s`;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...running.values()].map((peer) => peer.kill()));
      await coordinator.kill();
    },
  };
}
