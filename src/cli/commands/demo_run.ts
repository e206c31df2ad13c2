/**
 * `streamtool demo`
 *
 * @module
 */

import { makeDemoClip, runDemo } from "../../services/demo/mod.ts";
import { chainResultTable } from "../chain_result.ts";
import type { CommandContext } from "../command.ts";
import { EXIT, UsageError } from "../errors.ts";
import type { DemoOptions } from "./demo.ts";

/** Makes a clip, runs all systems on it and tells what came of it. */
export async function run(
  options: DemoOptions,
  context: CommandContext,
): Promise<number> {
  if (options.once && options.stay) {
    throw new UsageError("Cannot use --once with --stay: choose one");
  }
  const stay = options.stay ||
    (!options.once && context.outputColumns !== undefined);
  if (stay) context.setLifetime("server");
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

  const result = await runDemo({
    clip,
    dir,
    pagePort: options.pagePort,
    stay,
    ffmpeg: context.ffmpegFlag,
    self: (args) => context.selfCommand(args),
    onReady: (url) => {
      context.banner({ lines: [{ label: "Page", url }] });
      context.open(url);
    },
    onPart: ({ id, state, says }) =>
      context.print(
        `${state === "proven" ? "✔" : "✘"} ${id.padEnd(8)} ${says}`,
      ),
    onChain: (chain, sheet) => {
      context.print(`\n${chainResultTable(chain)}`);
      if (sheet !== undefined) {
        context.print(`\nThe same frame at every peer: ${sheet}`);
      }
      context.emit({ event: "chain", ...chain, contactSheet: sheet ?? null });
      if (stay) context.print("\nEverything goes on; Ctrl+C ends it");
    },
  }, service);
  context.print(`\nFrames and logs: ${dir}`);
  context.emit({ event: "end", ...result, dir });
  // Who ends a demo that would go on has seen what he wanted.
  return result.complete || context.signal.aborted ? EXIT.ok : EXIT.failed;
}
