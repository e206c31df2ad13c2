/**
 * `streamtool chain-peer`
 *
 * @module
 */

import { resolveHost } from "../../net/mod.ts";
import { startChainPeer } from "../../services/chain_peer/mod.ts";
import type { ChainPeer } from "../../services/chain_peer/mod.ts";
import { readHostPort, strandcastOptions } from "../chain_options.ts";
import type { CommandContext } from "../command.ts";
import { EXIT } from "../errors.ts";
import { obeyWords } from "../words.ts";
import type { ChainPeerOptions } from "./chain_peer.ts";

/** Runs a peer until the signal or `quit`. */
export async function run(
  options: ChainPeerOptions,
  context: CommandContext,
): Promise<number> {
  const quit = new AbortController();
  const signal = AbortSignal.any([context.signal, quit.signal]);
  const coordinator = readHostPort(options.coordinator, "--coordinator");
  const { name } = options;
  const running = await startChainPeer({
    name,
    host: options.host,
    udpPort: options.udpPort,
    coordinator: {
      ...coordinator,
      hostname: await resolveHost(coordinator.hostname),
    },
    pagePort: options.page ? options.pagePort : undefined,
    framesDir: options.save
      ? options.framesDir ?? `peer_${name}_frames`
      : undefined,
    keep: options.keep,
    logFile: options.logFile ?? `peer_${name}.log`,
    record: options.record,
    wire: options.wire,
    strandcast: strandcastOptions(options),
    ffmpeg: context.ffmpegFlag,
  }, { signal, log: context.log, emit: (event) => context.emit(event) });
  const { peer, pageUrl } = running;
  context.banner({
    lines: [
      { label: "Video", url: `udp://${options.host}:${peer.udpPort}` },
      { label: "Control", url: `tcp://${options.host}:${peer.controlPort}` },
      ...(pageUrl === undefined ? [] : [{ label: "Page", url: pageUrl }]),
    ],
  });
  if (pageUrl !== undefined) context.open(pageUrl);

  const words = obeyWords(context, {
    status: { help: "what arrives", run: () => statusText(peer) },
    quit: { help: "leave the chain", run: () => quit.abort() },
    exit: { help: "the same as quit", run: () => quit.abort() },
  }).then(() => {
    if (options.exitWithStdin) quit.abort();
  });
  try {
    await running.finished;
  } finally {
    const totals = await running.close();
    context.emit({ event: "end", ...totals });
  }
  if (!quit.signal.aborted) await words;
  return EXIT.ok;
}

function statusText(peer: ChainPeer): string {
  const { state, upstream, downstream, ...figures } = peer.report();
  const path = `${upstream ?? "coordinator"} → ${peer.name} → ${
    downstream?.name ?? "nobody"
  }`;
  return `${state}, ${path}: frame ${figures.frameNumber}, ${figures.framesReceived} received, ` +
    `${figures.framesLost} lost, ${figures.framesSaved} saved, ${
      figures.fps.toFixed(1)
    } frames/s, ` +
    `${(figures.kbps / 1000).toFixed(1)} Mbit/s, hop ${
      figures.hopLatency.p50.toFixed(2)
    } ms`;
}
