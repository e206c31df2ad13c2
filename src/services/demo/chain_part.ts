/**
 * The chain in `demo`: a coordinator and peers A to D as processes of their own.
 *
 * @module
 */

import { nowMicros, sleepUntil } from "../../net/mod.ts";
import { type ChainRunResult, peerName, runChain } from "../chain_run/mod.ts";
import type { DemoPart, PartPlan } from "./part.ts";

/** Peers of the chain: A to D, as in the documents. */
const PEERS = 4;
/** Frames each peer keeps on disk: ten seconds. */
const KEEP = 300;
/** From the end of a stream until it begins again. */
const PAUSE_MS = 1000;

/** The peers' names, in chain order. */
export const CHAIN_PEERS: readonly string[] = Array.from(
  { length: PEERS },
  (_, index) => peerName(index),
);

/** The chain, with where its page shall be and who hears how it ended. */
export function chainPlan(
  options: {
    readonly pagePort: number;
    readonly onDelivered: (result: ChainRunResult) => void;
  },
): PartPlan {
  return {
    id: "chain",
    title: "A chain of four peers over UDP",
    prove: (part) => prove(part, options),
  };
}

async function prove(
  part: DemoPart,
  { pagePort, onDelivered }: Parameters<typeof chainPlan>[0],
): Promise<string> {
  const { context, signal } = part;
  const { clip, dir, stay } = context;
  const first = Promise.withResolvers<ChainRunResult>();
  let pageUrl: string | undefined;
  const running = runChain({
    peers: PEERS,
    dir,
    exitAtEnd: !stay,
    host: "127.0.0.1",
    port: 0,
    peerPort: 0,
    save: true,
    pagePort,
    coordinatorArgs: [
      clip.path,
      "--fps",
      String(clip.fps),
      ...context.ffmpegArgs,
    ],
    peerArgs: ["--keep", String(KEEP)],
    self: context.self,
    onReady: ({ address, page }) => {
      pageUrl = page;
      part.update({
        says: "The peers register",
        page: page ?? null,
        commands: [
          `streamtool chain-coordinator ${clip.path} --start-when ${PEERS}`,
          ...CHAIN_PEERS.map((name) =>
            `streamtool chain-peer ${name} --coordinator ${address}`
          ),
        ],
      });
      if (page === undefined) return;
      part.showPictures(
        new Map(
          CHAIN_PEERS.map((
            name,
          ) => [name, new URL(`peers/${name}/frame`, page)]),
        ),
      );
    },
    onDelivered: (result) => {
      part.update({ says: sentenceOf(result) });
      first.resolve(result);
      if (stay && pageUrl !== undefined) void playAgain(pageUrl, signal);
    },
  }, {
    signal,
    log: context.log,
    emit: (event) => {
      if (event.event === "stream-start" && part.report.state !== "proven") {
        part.update({ says: "Frames flow" });
      }
      context.emit(event);
    },
  });
  // A stream that stays goes on behind our back: its end is the part's.
  running.catch(first.reject);
  part.onClose(() => running.catch(() => {}));
  const result = await first.promise;
  if (!stay) await running;
  onDelivered(result);
  const says = sentenceOf(result);
  if (!result.complete) throw new Error(says);
  return says;
}

/** The coordinator's own start button. */
async function playAgain(page: string, signal: AbortSignal): Promise<void> {
  await sleepUntil(nowMicros() + PAUSE_MS * 1000, signal);
  if (signal.aborted) return;
  const answer = await fetch(new URL("api/start", page), {
    method: "POST",
    signal,
  }).catch(() => undefined); // it is told that it has ended elsewhere
  await answer?.body?.cancel();
}

function sentenceOf({ framesSent, peers, complete }: ChainRunResult): string {
  if (complete) {
    const behind = peers.at(-1)?.chainLatency?.p50;
    return `${framesSent} of ${framesSent} frames at all ${peers.length} peers` +
      (behind === undefined
        ? ""
        : `, ${behind.toFixed(1)} ms behind at the last`);
  }
  const least = Math.min(
    ...peers.map(({ framesReceived }) => framesReceived ?? 0),
  );
  return `Cannot call the chain complete: ${least} of ${framesSent} frames at the peer with the fewest`;
}
