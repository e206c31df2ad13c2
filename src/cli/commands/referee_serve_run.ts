/**
 * `streamtool referee-serve`
 *
 * @module
 */

import { redact } from "../../log/mod.ts";
import { whenAborted } from "../../net/mod.ts";
import { resolve } from "node:path";
import {
  type AnalysisConfig,
  createAnalyzer,
  ModelError,
} from "../../services/referee_analysis/mod.ts";
import type { QueueAnalyzer } from "../../services/referee_queue/mod.ts";
import {
  type RunningReferee,
  startRefereeServer,
} from "../../services/referee_server/mod.ts";
import type { CommandContext } from "../command.ts";
import { EXIT, UsageError } from "../errors.ts";
import { formatBytes } from "../progress.ts";
import { readAnalysis } from "../referee_analysis_flags.ts";
import { readLimits, readText, readToken } from "../referee_flags.ts";
import { formatTable } from "../table.ts";
import { obeyWords } from "../words.ts";
import type { RefereeServeOptions } from "./referee_serve.ts";

/** Recordings that `results` names; the page has all. */
const MAX_SHOWN = 20;

/** Runs a server until the signal or `quit`. */
export async function run(
  options: RefereeServeOptions,
  context: CommandContext,
): Promise<number> {
  const quit = new AbortController();
  const signal = AbortSignal.any([context.signal, quit.signal]);
  const { host, keepFor, keepBytes, resumeFor } = options;
  const token = await readToken(options.tokenFile);
  const config = analysisConfig(options, context);
  const { queue } = options;
  await using analyzer = queue !== undefined
    ? await openQueue(queue, options, context)
    : options.analysis
    ? await openAnalyzer(config, context)
    : undefined;
  const server = await startRefereeServer({
    host,
    port: options.port,
    // Results name files: a path that is true wherever it is read.
    outputDir: resolve(options.outputDir),
    limits: readLimits(options),
    spill: options.spill,
    token,
    tls: await readTls(options),
    allowedHosts: options.allowHost,
    retention: { ageMs: keepFor, bytes: keepBytes },
    resumeMs: resumeFor,
    analyzer,
    ...(queue === undefined ? {} : { parallel: options.queueWidth }),
    signalOffset: config.signalOffset,
    ffmpeg: context.ffmpegFlag,
  }, { signal, log: context.log, emit: (event) => context.emit(event) });
  context.banner({
    lines: [
      { label: "Stream", url: server.streamUrl },
      { label: "Page", url: server.url },
      ...(queue === undefined ? [] : [{ label: "Queue", url: redact(queue) }]),
    ],
    tryLine: `streamtool referee-send ${
      new URL(server.url).host
    } --video phrase.mp4 --signal phrase.txt`,
  });
  if (token === undefined && !/^(127\.|::1$|localhost$)/.test(host)) {
    context.log.warn(
      "Everybody in the network may send and see recordings: --token-file asks for a token",
    );
  }
  context.open(server.url);
  const words = obeyWords(context, {
    list: { help: "the sessions", run: () => sessionsText(server) },
    results: { help: "the newest results", run: () => resultsText(server) },
    status: { help: "memory and counts", run: () => statusText(server) },
    quit: { help: "say goodbye and end", run: () => quit.abort() },
    exit: { help: "the same as quit", run: () => quit.abort() },
  }).then(() => {
    if (options.exitWithStdin) quit.abort();
  });
  try {
    await whenAborted(signal);
  } finally {
    const totals = await server.close();
    context.emit({ event: "end", ...totals });
  }
  if (!quit.signal.aborted) await words;
  return EXIT.ok;
}

/** Workers elsewhere; BullMQ is loaded by who asks for them. */
async function openQueue(
  url: string,
  options: RefereeServeOptions,
  { log }: CommandContext,
): Promise<QueueAnalyzer> {
  if (!options.analysis) {
    throw new UsageError(
      "Cannot use --queue with --no-analysis: choose one",
    );
  }
  const { QueueAnalyzer } = await import(
    "../../services/referee_queue/mod.ts"
  );
  return await QueueAnalyzer.open({
    url,
    outputDir: resolve(options.outputDir),
    patienceMs: options.queuePatience,
    log,
  });
}

function analysisConfig(
  options: RefereeServeOptions,
  { ffmpegFlag }: CommandContext,
): AnalysisConfig {
  const config = readAnalysis(options, ffmpegFlag);
  if (config === undefined) {
    throw new UsageError(
      `Cannot add "${options.signalOffset}" to times: --signal-offset is a number of seconds, such as -0.5`,
    );
  }
  return config;
}

async function openAnalyzer(
  config: AnalysisConfig,
  { log }: CommandContext,
): Promise<Awaited<ReturnType<typeof createAnalyzer>>> {
  try {
    return await createAnalyzer(config, log);
  } catch (error) {
    if (error instanceof ModelError) throw new UsageError(error.message);
    throw error;
  }
}

async function readTls(
  { cert, key }: RefereeServeOptions,
): Promise<{ cert: string; key: string } | undefined> {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    const [given, missing] = cert === undefined
      ? ["key", "cert"]
      : ["cert", "key"];
    throw new UsageError(
      `Cannot use --${given} alone: pass --${missing} too`,
    );
  }
  return {
    cert: await readText(cert, "--cert"),
    key: await readText(key, "--key"),
  };
}

function sessionsText(server: RunningReferee): string {
  const { sessions } = server.report();
  if (sessions.length === 0) return "there is no session";
  return formatTable(
    ["session", "state", "frames", "fps", "twice", "missing", "memory", "idle"],
    sessions.map((each) => [
      each.session_id,
      each.state,
      String(each.frames_received),
      each.current_fps.toFixed(1),
      String(each.duplicate_frames),
      String(each.missing_frames),
      `${each.memory_mb.toFixed(1)} MB`,
      `${each.idle_seconds.toFixed(0)} s`,
    ]),
  );
}

function resultsText(server: RunningReferee): string {
  const { results } = server.report();
  if (results.length === 0) return "there is no result yet";
  return formatTable(
    ["session", "winner", "reason", "frames", "size", "folder"],
    results.slice(0, MAX_SHOWN).map((each) => [
      each.sessionId,
      each.winner,
      each.reason,
      String(each.frameCount),
      formatBytes(each.bytes),
      each.name,
    ]),
  );
}

function statusText(server: RunningReferee): string {
  const report = server.report();
  return [
    `sessions     ${report.active_sessions} of ${report.max_sessions}, ${report.parked_sessions} wait for their client`,
    `memory       ${
      report.total_memory_mb.toFixed(1)
    } of ${report.max_memory_mb} MB`,
    `queue        ${report.queue_length}`,
    `connections  ${report.connections}`,
    `recordings   ${report.results_total}`,
  ].join("\n");
}
