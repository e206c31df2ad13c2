/**
 * `streamtool demo`
 *
 * @module
 */

import { peerName, runChain } from "../../services/chain_run/mod.ts";
import { makeContactSheet, makeDemoClip } from "../../services/demo/mod.ts";
import { chainResultTable, missingFrames } from "../chain_result.ts";
import type { CommandContext } from "../command.ts";
import { EXIT } from "../errors.ts";
import type { DemoOptions } from "./demo.ts";

/** Peers of the demo's chain: A to D, as in the documents. */
const PEERS = 4;
/** Frames each peer keeps on disk: ten seconds. */
const KEEP = 300;

/** Makes a clip, sends it through a chain and shows what came of it. */
export async function run(
  options: DemoOptions,
  context: CommandContext,
): Promise<number> {
  const dir = options.dir ??
    await Deno.makeTempDir({ prefix: "streamtool-demo-" });
  await Deno.mkdir(dir, { recursive: true });
  const service = {
    signal: context.signal,
    log: context.log,
    emit: (event: { readonly event: string }) => context.emit(event),
  };
  const progress = context.progress("Making a clip");
  const clip = await makeDemoClip({
    dir,
    seconds: options.seconds,
    ffmpeg: context.ffmpegFlag,
    onProgress: (frames, total) => progress.update(frames / total),
  }, service);
  progress.done(`Made a clip of ${clip.frames} frames: ${clip.path}`);
  context.signal.throwIfAborted();

  const result = await runChain({
    peers: PEERS,
    dir,
    exitAtEnd: true,
    host: "127.0.0.1",
    port: 0,
    peerPort: 0,
    save: true,
    pagePort: options.pagePort,
    coordinatorArgs: [
      clip.path,
      "--fps",
      "30",
      ...(context.ffmpegFlag === undefined
        ? []
        : ["--ffmpeg", context.ffmpegFlag]),
    ],
    peerArgs: ["--keep", String(KEEP)],
    self: (args) => context.selfCommand(args),
    onReady: ({ page }) => {
      if (page === undefined) return;
      context.banner({ lines: [{ label: "Page", url: page }] });
      context.open(page);
    },
  }, service);

  const names = Array.from({ length: PEERS }, (_, index) => peerName(index));
  const sheet = await makeContactSheet(dir, names);
  context.print(chainResultTable(result));
  if (sheet !== undefined) {
    context.print(`\nThe same frame at every peer: ${sheet}`);
  }
  context.print(`Frames and logs: ${dir}`);
  context.emit({ event: "end", ...result, dir, contactSheet: sheet ?? null });
  const missing = missingFrames(result);
  if (missing !== undefined) context.log.error(missing);
  return result.complete ? EXIT.ok : EXIT.failed;
}
