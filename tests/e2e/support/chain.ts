/**
 * Chains of real processes for the tests of the whole.
 *
 * @module
 */

import { join } from "node:path";
import type { PeerReport } from "../../../src/chain/mod.ts";
import { makeClip } from "../../support/clips.ts";
import type { JsonEvent, RunningProcess } from "../../support/process.ts";
import { startStreamtool } from "../../support/process.ts";

/** What the clip of every chain looks like. */
export const CLIP = { size: "320x240", fps: 30 } as const;

/** A coordinator with a clip; peers come as the test wants them. */
export interface Chain extends AsyncDisposable {
  /** Folder that all of them run in. */
  readonly dir: string;
  readonly coordinator: RunningProcess;
  /** `host:port` that peers register at. */
  readonly address: string;
  /** Starts a peer and waits until it has registered. */
  peer(name: string, args?: readonly string[]): Promise<RunningProcess>;
}

/** A chain without peers, of a clip with `frames` frames; `pages` at free ports, or none. */
export async function startChain(
  frames: number,
  args: readonly string[] = [],
  { pages = false } = {},
): Promise<Chain> {
  const page = pages ? ["--page-port", "0"] : ["--no-page"];
  const dir = await Deno.makeTempDir({ prefix: "streamtool_test_" });
  const clip = join(dir, "clip.mjpeg");
  await makeClip(clip, { ...CLIP, frames });
  const processes: RunningProcess[] = [];
  const coordinator = startStreamtool([
    "chain-coordinator",
    clip,
    ...["--fps", "30", "--port", "0", ...page],
    ...args,
  ], { cwd: dir });
  processes.push(coordinator);
  const { url } = await coordinator.event((event) => event.label === "Peers");
  const address = String(url).replace("tcp://", "");
  return {
    dir,
    coordinator,
    address,
    async peer(name, peerArgs = []) {
      const peer = startStreamtool([
        ...["chain-peer", name, "0", "--coordinator", address, ...page],
        ...peerArgs,
      ], { cwd: dir });
      processes.push(peer);
      await peer.event("registered");
      return peer;
    },
    async [Symbol.asyncDispose]() {
      for (const process of processes) await process[Symbol.asyncDispose]();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** What a peer saved, by frame number. */
export async function savedFrames(
  dir: string,
  name: string,
): Promise<Map<number, Uint8Array>> {
  const saved = new Map<number, Uint8Array>();
  const folder = join(dir, `peer_${name}_frames`);
  for await (const { name: file } of Deno.readDir(folder)) {
    const number = Number(/^frame_(\d{6})\.jpg$/.exec(file)?.[1]);
    saved.set(number, await Deno.readFile(join(folder, file)));
  }
  return saved;
}

/** How many frames a peer has saved so far. */
export async function countSaved(dir: string, name: string): Promise<number> {
  try {
    const folder = Deno.readDir(join(dir, `peer_${name}_frames`));
    return (await Array.fromAsync(folder)).length;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** The peers' reports in a `delivered` event. */
export function reportsOf(event: JsonEvent): PeerReport[] {
  return event.peers as PeerReport[];
}

/** The URL of a process's page. */
export async function pageOf(process: RunningProcess): Promise<string> {
  const { url } = await process.event((event) => event.label === "Page");
  return String(url);
}

/** The port of a URL that a process prints with that label. */
export async function portOf(
  process: RunningProcess,
  label: string,
): Promise<number> {
  const { url } = await process.event((event) => event.label === label);
  return Number(new URL(String(url)).port);
}
