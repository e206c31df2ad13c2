/**
 * What is told of one stream.
 *
 * @module
 */

import type { CatalogEntry } from "./catalog.ts";
import type { SessionReport, StreamReport } from "./report.ts";

/** A stream with what its sessions make of it. */
export function reportStream(
  { path, source, media }: CatalogEntry,
  url: string,
  sessions: readonly SessionReport[],
): StreamReport {
  const name = path.slice(1);
  const own = sessions.filter(({ stream }) => stream === name);
  const { problem, duration, ...state } = media.state();
  return {
    name,
    path,
    url,
    source,
    kind: media.kind,
    ...state,
    problem: problem ?? null,
    duration: duration ?? null,
    viewers: own.length,
    kbps: own.reduce((sum, { kbps }) => sum + kbps, 0),
  };
}
