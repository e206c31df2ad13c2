/**
 * `referee-serve`: takes the frames of fencing phrases and answers with a
 * decision.
 *
 * @module
 */

import {
  errorResponse,
  type Http1Server,
  startHttp1Server,
} from "../../net/mod.ts";
import { MAX_SIGNAL_BYTES } from "../../referee/mod.ts";
import type { ServiceContext } from "../context.ts";
import { bringsToken } from "./access.ts";
import { AnalyzeUploads } from "./analyze_upload.ts";
import type { RefereeServerOptions } from "./options.ts";
import { type RefereeReport, reportOf, type ServerFacts } from "./report.ts";
import { refereeRoutes } from "./routes.ts";
import { RefereeServer } from "./server.ts";

export type {
  AnalysisStage,
  AnalysisStageName,
  BeginPhrase,
  FinishedPhrase,
  PhrasePlan,
  PhraseSession,
  StageOutcome,
  StageTools,
} from "./analysis_stage.ts";
export type {
  LiveSessionReport,
  ProcessingReport,
  RefereeReport,
} from "./report.ts";
export type { FinishedRecording } from "./result_catalog.ts";
export type { RefereeServerOptions, Retention } from "./options.ts";

/** A server that listens. */
export interface RunningReferee {
  /** The page's URL, with the bound port. */
  readonly url: string;
  /** Where clients stream to. */
  readonly streamUrl: string;
  /** The port it listens at. */
  readonly port: number;
  /** How it is now. */
  report(): RefereeReport;
  /** Stops; gives the totals. */
  close(): Promise<{ frames: number; sessions: number; results: number }>;
}

/**
 * Starts a referee server.
 *
 * @throws {ListenError} when the port cannot be had; nothing listens then.
 * @throws {Error} when the output folder cannot be used.
 */
export async function startRefereeServer(
  options: RefereeServerOptions,
  context: ServiceContext,
): Promise<RunningReferee> {
  const server = new RefereeServer(options, context);
  const uploads = new AnalyzeUploads(server.core);
  const facts: ServerFacts = {
    connections: () => http.connections,
    activeUploads: () => uploads.active,
  };
  const { limits, token } = options;
  const http: Http1Server = startHttp1Server({
    hostname: options.host,
    port: options.port,
    flag: "--port",
    tls: options.tls,
    maxConnections: limits.max_connections,
    allowedHosts: token === undefined ? options.allowedHosts : "any",
    handler: refereeRoutes(server, uploads, facts),
    refuseUpgrade: ({ url, headers }) => {
      if (url.pathname !== "/stream") {
        return errorResponse(404, `Cannot stream to "${url.pathname}"`);
      }
      return token === undefined || bringsToken(headers, url, token)
        ? undefined
        : errorResponse(401, "Cannot stream: the token is missing or wrong");
    },
    connected: (peer) => server.connected(peer),
    maxMessageBytes: Math.max(limits.max_frame_bytes, MAX_SIGNAL_BYTES),
    log: context.log,
  });
  try {
    await server.start();
  } catch (error) {
    await http.close();
    throw error;
  }
  const { url, port } = http;
  return {
    url,
    streamUrl: `${url.replace(/^http/, "ws")}stream`,
    port,
    report: () => reportOf(server, facts),
    async close() {
      http.stopAccepting();
      await server.close();
      await http.close();
      const { frames, sessionsStarted, completed } = server.core.counters;
      return { frames, sessions: sessionsStarted, results: completed };
    },
  };
}
