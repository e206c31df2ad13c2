/**
 * How the server is, for its page and for whoever types `list`.
 *
 * @module
 */

import type {
  RefereeLimits,
  SessionStats,
  Stage,
  StreamingStats,
} from "../../referee/mod.ts";
import type { FinishedRecording } from "./result_catalog.ts";
import type { RefereeServer } from "./server.ts";

/** Recordings in a report: it is sent twice a second. */
const MAX_LISTED = 100;

/** How far the processing of a session is. */
export interface ProcessingReport {
  /** Recordings that are processed before it. */
  readonly queuePosition: number;
  /** The stage that runs; `null` while it waits. */
  readonly stage: Stage | null;
  /** From 0 to 1, of this stage. */
  readonly progress: number;
  readonly message: string;
}

/** A session that is alive. */
export interface LiveSessionReport extends SessionStats {
  /** Address of the client; `null` while its connection is broken. */
  readonly client: string | null;
  /** Whether there is a picture to show. */
  readonly has_picture: boolean;
  readonly processing: ProcessingReport | null;
}

/** All that the page shows. */
export interface RefereeReport extends Omit<StreamingStats, "sessions"> {
  /** Seconds since the server began. */
  readonly seconds: number;
  readonly sessions: readonly LiveSessionReport[];
  /** Sessions whose connection broke and that wait for their client. */
  readonly parked_sessions: number;
  /** Uploads that arrive or are processed. */
  readonly active_uploads: number;
  readonly queue_length: number;
  readonly connections: number;
  readonly frames_per_second: number;
  readonly frames_total: number;
  readonly limits: RefereeLimits;
  readonly spill: boolean;
  /** Whether pictures are analysed; without it the scoring box alone decides. */
  readonly analysis: boolean;
  /** The newest finished recordings, newest first; `/results` has all. */
  readonly results: readonly FinishedRecording[];
  /** How many there are. */
  readonly results_total: number;
}

/** What is to be asked of others. */
export interface ServerFacts {
  readonly connections: () => number;
  readonly activeUploads: () => number;
}

/** The report of now. */
export function reportOf(
  server: RefereeServer,
  { connections, activeUploads }: ServerFacts,
): RefereeReport {
  const { options, table, queue, catalog, runs, counters } = server.core;
  const now = server.now();
  const results = catalog.list();
  const { sessions: _byId, ...totals } = table.stats(now);
  const sessions = [...runs.values()].map((run) => ({
    ...run.session.stats(now),
    client: run.client?.address ?? null,
    has_picture: run.hasPicture,
    processing: run.processing ?? null,
  }));
  return {
    ...totals,
    seconds: Math.round(server.core.uptime) / 1000,
    sessions,
    parked_sessions: server.parkedSessions,
    active_uploads: activeUploads(),
    queue_length: queue.length,
    connections: connections(),
    frames_per_second: counters.frameRate.rate(now),
    frames_total: counters.frames,
    limits: options.limits,
    spill: options.spill,
    analysis: options.analyzer !== undefined,
    results: results.slice(0, MAX_LISTED),
    results_total: results.length,
  };
}
