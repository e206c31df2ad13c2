/**
 * `streamtool chain-coordinator`
 *
 * @module
 */

import type { ChainSnapshot } from "../../chain/mod.ts";
import { redact } from "../../log/mod.ts";
import { startChainCoordinator } from "../../services/chain_coordinator/mod.ts";
import type { ChainCoordinator } from "../../services/chain_coordinator/mod.ts";
import {
  chainSource,
  readKeyFile,
  readSource,
  requireFile,
  strandcastOptions,
} from "../chain_options.ts";
import type { CommandContext } from "../command.ts";
import { EXIT } from "../errors.ts";
import { formatTable } from "../table.ts";
import { obeyWords } from "../words.ts";
import type { ChainCoordinatorOptions } from "./chain_coordinator.ts";

/** Runs a coordinator until the signal or `quit`. */
export async function run(
  options: ChainCoordinatorOptions,
  context: CommandContext,
): Promise<number> {
  const quit = new AbortController();
  const signal = AbortSignal.any([context.signal, quit.signal]);
  const source = chainSource(options);
  const spec = readSource(source);
  await requireFile(spec);
  const running = await startChainCoordinator({
    source: spec,
    sourceLabel: redact(source),
    host: options.host,
    port: options.port,
    pagePort: options.page ? options.pagePort : undefined,
    startWhen: options.startWhen,
    fps: options.fps,
    quality: options.quality,
    loop: options.loop,
    durationMs: options.duration,
    wire: options.wire,
    strandcast: strandcastOptions(options),
    fragmentBytes: options.fragmentSize,
    adapt: options.adapt,
    fanOut: options.fanOut,
    parityPercent: options.fec,
    key: await readKeyFile(options.keyFile, options.wire),
    fastPath: options.fastPath ? undefined : false,
    ffmpeg: context.ffmpegFlag,
  }, { signal, log: context.log, emit: (event) => context.emit(event) });
  const { coordinator, addresses, pageUrls } = running;
  context.banner({
    lines: [
      ...addresses.map((at) => ({ label: "Peers", url: `tcp://${at}` })),
      ...pageUrls.map((url) => ({ label: "Page", url })),
    ],
    tryLine: `streamtool chain-peer A --coordinator ${addresses[0]}`,
  });
  if (pageUrls[0] !== undefined) context.open(pageUrls[0]);

  const words = obeyWords(context, {
    startVideo: {
      help: "play the video from its beginning",
      run: () => coordinator.start(),
    },
    stopVideo: { help: "end the video", run: () => coordinator.stop() },
    list: {
      help: "the peers in chain order",
      run: () => peerTable(coordinator.snapshot()),
    },
    status: {
      help: "what plays, and how it arrives",
      run: () => statusText(coordinator),
    },
    quit: { help: "stop the coordinator", run: () => quit.abort() },
    exit: { help: "the same as quit", run: () => quit.abort() },
  }).then(() => {
    if (options.exitWithStdin) quit.abort();
  });
  if (!signal.aborted) {
    await new Promise((resolve) =>
      signal.addEventListener("abort", resolve, { once: true })
    );
  }
  const totals = await running.close();
  if (!quit.signal.aborted) await words;
  context.emit({ event: "end", ...totals });
  return EXIT.ok;
}

function statusText(coordinator: ChainCoordinator): string {
  const snapshot = coordinator.snapshot();
  const { state, source, framesSent, totalFrames, fps, kbps } = snapshot;
  const frames = totalFrames === null
    ? `${framesSent}`
    : `${framesSent} of ${totalFrames}`;
  const { congestion } = snapshot;
  const tight = (congestion?.tightAt ?? null) === null
    ? ""
    : `, tight before ${congestion?.tightAt}: ${
      ((congestion?.share ?? 1) * 100).toFixed(0)
    } % of the video sent`;
  return `${state}: ${source}, ${frames} frames sent, ${
    fps.toFixed(1)
  } frames/s, ${(kbps / 1000).toFixed(1)} Mbit/s${tight}\n${
    peerTable(snapshot)
  }`;
}

function peerTable({ peers }: ChainSnapshot): string {
  if (peers.length === 0) return "No peer has registered";
  return formatTable(
    [
      "peer",
      "address",
      "state",
      "wire",
      "frame",
      "received",
      "lost",
      "duplicates",
      "missed",
      "repaired",
      "hop ms",
      "round trip ms",
    ],
    peers.map(({ name, host, port, state, wire, report }) => [
      name,
      `${host}:${port}`,
      state,
      wire,
      report === null ? "–" : String(report.frameNumber),
      report === null ? "–" : String(report.framesReceived),
      report === null ? "–" : String(report.framesLost),
      report === null ? "–" : String(report.duplicates),
      String(report?.hop?.missed ?? "–"),
      String((report?.hop?.repaired ?? 0) + (report?.hop?.replaced ?? 0)),
      report === null ? "–" : report.hopLatency.p50.toFixed(2),
      report?.hop?.roundTripMs?.toFixed(2) ?? "–",
    ]),
  );
}
