/**
 * The server's side of the queue: an analyzer whose work is done by whichever
 * worker takes it.
 *
 * @module
 */

import { join } from "node:path";
import { type Job, Queue, QueueEvents } from "bullmq";
import type { Logger } from "../../log/mod.ts";
import type { Analysis, Analyzer, PhraseAnalysis } from "../../referee/mod.ts";
import { withoutStages } from "../referee/stage_runner.ts";
import {
  jobOf,
  type JobProgress,
  type JobResult,
  QUEUE_NAME,
  QUEUE_PREFIX,
  type RefereeJob,
  TICKET_FILE,
} from "./job.ts";
import { parseRedisUrl, reachRedis } from "./redis.ts";

/** Times that a recording is tried: a worker that fails or is gone gives it to the next. */
const ATTEMPTS = 3;
/** Pause before the second attempt, ms; the next one is twice as long. */
const RETRY_MS = 1000;
/** Results stay in Redis for so long, s: a server that lost its connection still finds them. */
const KEEP_RESULTS_S = 3600;

/** How to reach the workers. */
export interface QueueAnalyzerOptions {
  /** `redis://…` */
  readonly url: string;
  /** Absolute; workers see the same files below theirs. */
  readonly outputDir: string;
  /** A recording that has no result after this is decided by the scoring box, ms. */
  readonly patienceMs: number;
  readonly log: Logger;
}

/** Gives phrases to the queue. */
export class QueueAnalyzer implements Analyzer, AsyncDisposable {
  readonly modelPath = undefined;
  readonly modelLoaded = true;
  readonly #options: QueueAnalyzerOptions;
  readonly #queue: Queue<RefereeJob, JobResult>;
  readonly #events: QueueEvents;

  private constructor(
    options: QueueAnalyzerOptions,
    queue: Queue<RefereeJob, JobResult>,
    events: QueueEvents,
  ) {
    this.#options = options;
    this.#queue = queue;
    this.#events = events;
    // Each waiting recording listens.
    events.setMaxListeners(0);
  }

  /**
   * Reaches Redis.
   *
   * @throws {QueueError} when the address is wrong or nobody answers.
   */
  static async open(options: QueueAnalyzerOptions): Promise<QueueAnalyzer> {
    const connection = parseRedisUrl(options.url);
    await reachRedis(connection);
    const settings = { connection, prefix: QUEUE_PREFIX };
    const queue = new Queue<RefereeJob, JobResult>(QUEUE_NAME, settings);
    queue.on("error", ({ message }) => options.log.debug(message));
    const events = new QueueEvents(QUEUE_NAME, settings);
    events.on("error", ({ message }) => options.log.debug(message));
    await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
    return new QueueAnalyzer(options, queue, events);
  }

  /** A phrase; nothing happens before its video is ready. */
  begin(): PhraseAnalysis {
    return {
      finish: (...[recording, signal, mapping, options]) =>
        this.#finish(recording, signal, mapping, options),
      abandon: () => {},
    };
  }

  async #finish(
    ...[recording, phrase, mapping, options]: Parameters<
      PhraseAnalysis["finish"]
    >
  ): Promise<Analysis> {
    const { outputDir, patienceMs, log } = this.#options;
    const { progress, signal } = options;
    signal.throwIfAborted();
    const jobId = crypto.randomUUID();
    const ticket = join(recording.folder, TICKET_FILE);
    await Deno.writeTextFile(ticket, jobId);
    progress("fisheye", 0, "Waiting for a worker...");
    const hear = (news: { jobId: string; data: unknown }): void => {
      if (news.jobId === jobId) progress(...news.data as JobProgress);
    };
    this.#events.on("progress", hear);
    let job: Job<RefereeJob, JobResult> | undefined;
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => {}); // it is raced below
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      job = await this.#queue.add(
        "phrase",
        jobOf(recording, phrase, mapping, options, outputDir),
        {
          jobId,
          attempts: ATTEMPTS,
          backoff: { type: "exponential", delay: RETRY_MS },
          removeOnComplete: { age: KEEP_RESULTS_S },
          removeOnFail: { age: KEEP_RESULTS_S },
        },
      );
      const analysis = await Promise.race([
        job.waitUntilFinished(this.#events, patienceMs),
        aborted.promise,
      ]);
      if (analysis === null) {
        throw new Error(
          "Cannot analyse the recording: its worker found it given up",
        );
      }
      return analysis;
    } catch (error) {
      // A worker that has it goes on in vain; one that has not never sees it.
      await job?.remove().catch(() => {});
      signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      log.warn(`No worker has analysed "${recording.sessionId}": ${reason}`);
      return {
        ...withoutStages({ signal: phrase }, `it failed: ${reason}`, progress),
        warnings: [`The analysis failed: ${reason}`],
      };
    } finally {
      signal.removeEventListener("abort", abort);
      this.#events.off("progress", hear);
      await Deno.remove(ticket).catch(() => {});
    }
  }

  /** Recordings that wait for a worker, and those that have one. */
  async counts(): Promise<{ waiting: number; active: number }> {
    const { waiting = 0, delayed = 0, active = 0 } = await this.#queue
      .getJobCounts("waiting", "delayed", "active");
    return { waiting: waiting + delayed, active };
  }

  /** Leaves the queue; what is on it stays there. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#events.close();
    await this.#queue.close();
  }
}
