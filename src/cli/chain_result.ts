/**
 * The table that `chain-run` and `demo` end with.
 *
 * @module
 */

import type { ChainRunResult } from "../services/chain_run/mod.ts";
import { formatTable } from "./table.ts";

/** Frames sent, and what became of them at every peer. */
export function chainResultTable(result: ChainRunResult): string {
  const { framesSent, peers } = result;
  const milliseconds = (value: number | undefined): string =>
    value === undefined ? "–" : value.toFixed(2);
  return formatTable(
    [
      "peer",
      "sent",
      "received",
      "lost",
      "saved",
      "hop p50 ms",
      "hop p99 ms",
      "behind ms",
    ],
    peers.map((
      { name, framesReceived, framesSaved, hopLatency, chainLatency },
    ) => [
      name,
      String(framesSent),
      framesReceived === undefined ? "–" : String(framesReceived),
      framesReceived === undefined ? "–" : String(framesSent - framesReceived),
      framesSaved === undefined ? "–" : String(framesSaved),
      milliseconds(hopLatency?.p50),
      milliseconds(hopLatency?.p99),
      milliseconds(chainLatency?.p50),
    ]),
  );
}

/** One sentence on frames that did not reach everybody; `undefined` when all did. */
export function missingFrames(result: ChainRunResult): string | undefined {
  const { framesSent, peers } = result;
  const missing = peers.flatMap(({ name, framesReceived }) => {
    if (framesReceived === undefined) return [`${name} left before the end`];
    const count = framesSent - framesReceived;
    return count > 0 ? [`${count} did not reach ${name}`] : [];
  });
  if (missing.length === 0) return undefined;
  return `Cannot call the run complete: of ${framesSent} frames ${
    missing.join(", ")
  }`;
}
