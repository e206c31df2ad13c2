/**
 * `streamtool chain-run`
 *
 * @module
 */

import { runChain } from "../../services/chain_run/mod.ts";
import { chainSource, readSource, requireFile } from "../chain_options.ts";
import { chainResultTable, missingFrames } from "../chain_result.ts";
import type { CommandContext } from "../command.ts";
import { EXIT, UsageError } from "../errors.ts";
import type { ChainRunOptions } from "./chain_run.ts";

/** Runs a chain until its end, or the signal. */
export async function run(
  options: ChainRunOptions,
  context: CommandContext,
): Promise<number> {
  const source = chainSource(options);
  const spec = readSource(source);
  if (spec.kind === "stdin") {
    throw new UsageError(
      "Cannot run a chain from standard input: start chain-coordinator - and the peers by themselves",
    );
  }
  await requireFile(spec);
  context.setLifetime(options.exitAtEnd ? "job" : "server");
  const ffmpeg = context.ffmpegFlag === undefined
    ? []
    : ["--ffmpeg", context.ffmpegFlag];
  const wire = [
    ...["--wire", options.wire, "--data-encoding", options.dataEncoding],
    ...[
      "--payload",
      options.payload,
      "--zlib-level",
      String(options.zlibLevel),
    ],
    ...["--max-datagram", String(options.maxDatagram)],
    ...(options.fastPath ? [] : ["--no-fast-path"]),
    ...(options.keyFile === undefined ? [] : ["--key-file", options.keyFile]),
  ];
  const result = await runChain({
    peers: options.peers,
    dir: options.dir,
    exitAtEnd: options.exitAtEnd,
    host: options.host,
    port: options.port,
    peerPort: options.peerPort,
    save: options.save,
    pagePort: options.page ? options.pagePort : undefined,
    coordinatorArgs: [
      // A file may be called -x: that is no flag.
      source.startsWith("-") ? `./${source}` : source,
      ...(options.fps === undefined ? [] : ["--fps", String(options.fps)]),
      ...["--quality", String(options.quality)],
      ...(options.loop ? ["--loop"] : []),
      ...(options.duration === undefined
        ? []
        : ["--duration", `${options.duration}ms`]),
      ...["--fragment-size", String(options.fragmentSize)],
      ...(options.adapt ? ["--adapt"] : []),
      ...["--fan-out", String(options.fanOut)],
      ...["--fec", String(options.fec)],
      ...wire,
      ...ffmpeg,
    ],
    peerArgs: [
      ...wire,
      ...ffmpeg,
      ...(options.keep === undefined ? [] : ["--keep", String(options.keep)]),
    ],
    self: (args) => context.selfCommand(args),
    onReady: ({ address, page }) => {
      context.banner({
        lines: [
          { label: "Peers", url: `tcp://${address}` },
          ...(page === undefined ? [] : [{ label: "Page", url: page }]),
        ],
      });
      if (page !== undefined) context.open(page);
    },
  }, {
    signal: context.signal,
    log: context.log,
    emit: (event) => context.emit(event),
  });

  if (result.peers.length > 0) context.print(chainResultTable(result));
  context.emit({ event: "end", ...result });
  if (!options.exitAtEnd || context.signal.aborted) return EXIT.ok;
  const missing = missingFrames(result);
  if (missing !== undefined) context.log.error(missing);
  return result.complete ? EXIT.ok : EXIT.failed;
}
