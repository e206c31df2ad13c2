/**
 * `streamtool chain-peer`
 *
 * @module
 */

import { checkPeerName, type HopReport } from "../../chain/mod.ts";
import { recordingEnding } from "../../media/mod.ts";
import { resolveHost } from "../../net/mod.ts";
import { startChainPeer } from "../../services/chain_peer/mod.ts";
import type { ChainPeer } from "../../services/chain_peer/mod.ts";
import {
  readHostPort,
  readKeyFile,
  strandcastOptions,
} from "../chain_options.ts";
import type { CommandContext } from "../command.ts";
import { EXIT, UsageError } from "../errors.ts";
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
  asUsage(() => checkPeerName(name));
  if (options.record !== undefined) {
    const { record } = options;
    asUsage(() => recordingEnding(record));
  }
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
    key: await readKeyFile(options.keyFile, options.wire),
    fastPath: options.fastPath ? undefined : false,
    ffmpeg: context.ffmpegFlag,
  }, { signal, log: context.log, emit: (event) => context.emit(event) });
  const { peer, videoUrls, controlUrls, pageUrls } = running;
  context.banner({
    lines: [
      ...videoUrls.map((url) => ({ label: "Video", url })),
      ...controlUrls.map((url) => ({ label: "Control", url })),
      ...pageUrls.map((url) => ({ label: "Page", url })),
    ],
  });
  if (pageUrls[0] !== undefined) context.open(pageUrls[0]);

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

/** What the user has written is wrong: that is told before anything is made. */
function asUsage(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw new UsageError(
      error instanceof Error ? error.message : String(error),
    );
  }
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
    } ms${hopText(figures.hop)}`;
}

function hopText(hop: HopReport | undefined): string {
  if (hop === undefined) return "";
  const dropped = Object.entries(hop.drops)
    .map(([reason, count]) => `${count} ${reason}`);
  return [
    `, ${hop.missed} fragments missed`,
    `${hop.repaired} sent again`,
    `${hop.replaced} replaced by parity`,
    `${hop.reordered} overtaken`,
    `jitter ${hop.jitterMs.toFixed(2)} ms`,
    ...(hop.roundTripMs === null
      ? []
      : [`round trip ${hop.roundTripMs.toFixed(2)} ms`]),
    ...(dropped.length === 0 ? [] : [`dropped: ${dropped.join(" ")}`]),
  ].join(", ");
}
