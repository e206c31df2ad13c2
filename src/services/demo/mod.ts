/**
 * `demo`: the systems of streamtool, all at once, on material made on the spot.
 *
 * @module
 */

import { whenAborted } from "../../net/mod.ts";
import type { ChainRunResult } from "../chain_run/mod.ts";
import type { ServiceContext } from "../context.ts";
import type { StartChildOptions } from "../process/mod.ts";
import { CHAIN_PEERS, chainPlan } from "./chain_part.ts";
import type { DemoClip } from "./clip.ts";
import { makeContactSheet } from "./contact_sheet.ts";
import { serveDemoPage } from "./page.ts";
import { DemoPart, type PartReport } from "./part.ts";
import { partyPlan } from "./party_part.ts";
import { refereePlan } from "./referee_part.ts";
import { rtspPlan } from "./rtsp_part.ts";

export { type DemoClip, makeDemoClip } from "./clip.ts";
export type { PartId, PartReport, PartState } from "./part.ts";

/** Options of {@linkcode runDemo}. */
export interface DemoOptions {
  /** The material. */
  readonly clip: DemoClip;
  /** Folder for what comes of it. */
  readonly dir: string;
  /** Port of the page; 0 takes a free one. */
  readonly pagePort: number;
  /** Goes on when all parts have shown that they work, until the signal. */
  readonly stay: boolean;
  /** Path given with `--ffmpeg`. */
  readonly ffmpeg: string | undefined;
  /** Starts another process of this program. */
  readonly self: StartChildOptions["self"];
  /** Told once where the page is. */
  readonly onReady: (page: string) => void;
  /** Told of each part that has shown that it works, or has failed. */
  readonly onPart: (report: PartReport) => void;
  /** Told when the chain's first stream has ended, with the contact sheet's path. */
  readonly onChain: (result: ChainRunResult, sheet: string | undefined) => void;
}

/** How the demo went. */
export interface DemoResult {
  /** Whether every part has shown that it works. */
  readonly complete: boolean;
  /** The parts' last reports. */
  readonly parts: readonly PartReport[];
}

/**
 * Runs all parts side by side and waits until each has shown that it works or
 * has failed; with `stay` until the signal. No process is left behind.
 *
 * @throws {ListenError} when the page's port cannot be had.
 */
export async function runDemo(
  options: DemoOptions,
  context: ServiceContext,
): Promise<DemoResult> {
  const { clip, dir, stay, self, ffmpeg } = options;
  const { log, signal } = context;
  let chain: Promise<void> | undefined;
  const plans = [
    chainPlan({
      pagePort: 0,
      onDelivered: (result) => {
        chain = makeContactSheet(dir, CHAIN_PEERS)
          .then((sheet) => options.onChain(result, sheet));
      },
    }),
    rtspPlan,
    refereePlan,
    partyPlan,
  ];
  const parts = plans.map((plan) =>
    new DemoPart(plan, {
      dir,
      clip,
      stay,
      self,
      ffmpegArgs: ffmpeg === undefined ? [] : ["--ffmpeg", ffmpeg],
      log: log.child(plan.id),
      emit: (event) => context.emit({ ...event, part: plan.id }),
    }, signal)
  );
  const page = await serveDemoPage(parts, {
    hostname: "127.0.0.1",
    port: options.pagePort,
    log,
  });
  try {
    options.onReady(page.url);
    await Promise.all(parts.map(async (part) => {
      await part.run();
      if (!signal.aborted) options.onPart(part.report);
    }));
    await chain;
    if (stay) await whenAborted(signal);
    const reports = parts.map(({ report }) => report);
    const complete = reports.every(({ state }) => state === "proven");
    return { complete, parts: reports };
  } finally {
    await Promise.all(parts.map((part) => part.close()));
    await page.close();
  }
}
