/**
 * `referee-worker`: takes recordings from the queue and analyses them.
 *
 * @module
 */

import { join } from "node:path";
import { Worker } from "bullmq";
import type { Analysis, Analyzer } from "../../referee/mod.ts";
import type { ServiceContext } from "../context.ts";
import {
  type JobProgress,
  type JobResult,
  QUEUE_NAME,
  QUEUE_PREFIX,
  recordingOf,
  type RefereeJob,
  TICKET_FILE,
} from "./job.ts";
import { parseRedisUrl, reachRedis } from "./redis.ts";

/** Times that a recording may lose its worker before it is given up. */
const MAX_STALLED = 5;

/** How long BullMQ may take to leave Redis when nothing is under way, ms: it may wait for an answer that never comes. */
const LEAVE_MS = 500;

/** What a worker needs. */
export interface RefereeWorkerOptions {
  /** `redis://…` */
  readonly url: string;
  /** The folder that the servers' `--output-dir` is here; absolute. */
  readonly outputDir: string;
  readonly analyzer: Analyzer;
  /** Recordings at once. */
  readonly jobs: number;
  /** A worker that says nothing for so long has lost its recording to the next, ms. */
  readonly stalledAfterMs: number;
}

/** What a worker has done. */
export interface RefereeWorkerTotals {
  /** Recordings analysed. */
  readonly done: number;
  /** Attempts that failed. */
  readonly failed: number;
}

/** A worker that runs. */
export interface RefereeWorker {
  /** So far. */
  totals(): RefereeWorkerTotals;
  /** Takes no more, finishes what is under way, and leaves. */
  close(): Promise<RefereeWorkerTotals>;
}

/**
 * Takes recordings until it is closed.
 *
 * @throws {QueueError} when the address is wrong or nobody answers.
 */
export async function startRefereeWorker(
  options: RefereeWorkerOptions,
  context: ServiceContext,
): Promise<RefereeWorker> {
  const { url, jobs, stalledAfterMs } = options;
  const { log, emit } = context;
  const connection = parseRedisUrl(url);
  await reachRedis(connection);
  let done = 0;
  let failed = 0;
  let underWay = 0;
  let whenIdle: (() => void) | undefined;
  const over = (): void => {
    if (--underWay === 0) whenIdle?.();
  };
  const worker = new Worker<RefereeJob, JobResult>(
    QUEUE_NAME,
    async (job) => {
      underWay++;
      emit({ event: "job", id: job.id ?? "", session: job.data.sessionId });
      log.info(`"${job.data.sessionId}" is analysed`, {
        attempt: job.attemptsMade + 1,
      });
      const began = performance.now();
      // Redis keeps the newest only: what is faster than it is left out.
      let telling: Promise<void> | undefined;
      const tell = (...step: JobProgress): void => {
        telling ??= job.updateProgress(step).catch(() => {})
          .finally(() => telling = undefined);
      };
      const result = await analyse(
        job.data,
        job.id ?? "",
        options,
        tell,
        context.signal,
      );
      await telling;
      const seconds = (performance.now() - began) / 1000;
      log.info(`"${job.data.sessionId}" is done`, {
        seconds: seconds.toFixed(1),
      });
      return result;
    },
    {
      connection,
      prefix: QUEUE_PREFIX,
      concurrency: jobs,
      lockDuration: stalledAfterMs,
      stalledInterval: stalledAfterMs,
      maxStalledCount: MAX_STALLED,
    },
  );
  worker.on("error", ({ message }) => log.debug(message));
  worker.on("completed", (job) => {
    done++;
    over();
    emit({ event: "job-done", id: job.id ?? "" });
  });
  worker.on("failed", (job, { message }) => {
    failed++;
    over();
    log.warn(`"${job?.data.sessionId ?? "a recording"}" failed: ${message}`);
    emit({ event: "job-failed", id: job?.id ?? "", reason: message });
  });
  worker.on("stalled", (id) => {
    log.warn(`A worker is gone: its recording ${id} is taken over`);
    emit({ event: "job-stalled", id });
  });
  await worker.waitUntilReady();
  const totals = (): RefereeWorkerTotals => ({ done, failed });
  return {
    totals,
    async close() {
      await worker.pause(true);
      if (underWay > 0) {
        await new Promise<void>((resolve) => whenIdle = resolve);
      }
      let timer: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([
        worker.close(true),
        new Promise<void>((resolve) => timer = setTimeout(resolve, LEAVE_MS)),
      ]);
      clearTimeout(timer);
      return totals();
    },
  };
}

async function analyse(
  job: RefereeJob,
  id: string,
  { analyzer, outputDir }: RefereeWorkerOptions,
  progress: (...step: JobProgress) => void,
  signal: AbortSignal,
): Promise<Analysis | null> {
  const recording = recordingOf(job, outputDir);
  const ticket = await Deno.readTextFile(join(recording.folder, TICKET_FILE))
    .catch(() => undefined);
  if (ticket === undefined && !await isThere(recording.videoPath)) {
    throw new Error(
      `Cannot read "${job.videoPath}" in ${outputDir}: --output-dir has to be the folder of the server's`,
    );
  }
  // Its server was restarted and has put it on the queue anew.
  if (ticket !== id) return null;
  const phrase = analyzer.begin(recording);
  const analysis = await phrase.finish(recording, job.signal, job.mapping, {
    saveOverlay: job.saveOverlay,
    includeKeypoints: job.includeKeypoints,
    progress,
    signal,
  });
  const failure = analysis.warnings.find((text) =>
    text.startsWith("The analysis failed")
  );
  // Another attempt, perhaps on another machine.
  if (failure !== undefined) throw new Error(failure);
  return analysis;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
