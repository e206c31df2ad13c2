/**
 * What the parts of a referee server share.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import { ensureFfmpeg } from "../../media/mod.ts";
import {
  MIB,
  RefereeProtocolError,
  type RefereeSession,
  SessionTable,
} from "../../referee/mod.ts";
import type { ServiceContext } from "../context.ts";
import type { RefereeServerOptions } from "./options.ts";
import { ProcessingQueue } from "./processing_queue.ts";
import { ResultCatalog } from "./result_catalog.ts";
import { ServerCounters } from "./server_counters.ts";
import type { SessionRun } from "./session_run.ts";

/** Options, state and figures of one server. */
export class ServerCore {
  /** What it was told. */
  readonly options: RefereeServerOptions;
  readonly log: Logger;
  /** The sessions that are alive. */
  readonly table: SessionTable;
  /** The same with their frames. */
  readonly runs = new Map<RefereeSession, SessionRun>();
  /** The finished recordings. */
  readonly catalog: ResultCatalog;
  /** The recordings that wait for their result. */
  readonly queue: ProcessingQueue;
  /** What is counted for `/metrics`. */
  readonly counters = new ServerCounters();
  /** Whether the server stops. */
  isClosing = false;
  readonly #context: ServiceContext;
  readonly #work = new Set<Promise<unknown>>();
  readonly #begun = performance.now();
  #ffmpeg: Promise<string> | undefined;

  /** Does nothing by itself. */
  constructor(options: RefereeServerOptions, context: ServiceContext) {
    this.options = options;
    this.queue = new ProcessingQueue(options.parallel);
    this.#context = context;
    this.log = context.log;
    this.table = new SessionTable(options.limits, options.spill);
    this.catalog = new ResultCatalog(options.outputDir, context.log);
  }

  /** Milliseconds of the sessions' clock. */
  now(): number {
    return performance.now();
  }

  /** Milliseconds since it began. */
  get uptime(): number {
    return this.now() - this.#begun;
  }

  /** Whether senders must wait for memory. */
  get isMemoryFull(): boolean {
    const { spill, limits } = this.options;
    return spill &&
      this.table.memoryBytes > limits.max_streaming_memory_mb * MIB;
  }

  /** The session of that name, with its frames. */
  runById(id: string): SessionRun | undefined {
    const session = this.table.get(id);
    return session === undefined ? undefined : this.runs.get(session);
  }

  /** Throws when no session may begin any more. */
  refuseWhileClosing(sessionId: string): void {
    if (!this.isClosing) return;
    throw new RefereeProtocolError(
      "SESSION_START_FAILED",
      "Cannot start a session: the server is stopping",
      { sessionId },
    );
  }

  /** Path of ffmpeg, looked for once. */
  ffmpeg(): Promise<string> {
    const { log, signal } = this.#context;
    this.#ffmpeg ??= ensureFfmpeg({ flag: this.options.ffmpeg, log, signal })
      .then(({ path }) => path);
    // What failed once may be there the next time.
    this.#ffmpeg.catch(() => this.#ffmpeg = undefined);
    return this.#ffmpeg;
  }

  /** What a client may hear of an error: its words without the folders of this machine. */
  publicMessage(error: unknown): string {
    const text = error instanceof Error ? error.message : String(error);
    return text.replaceAll(this.options.outputDir, "");
  }

  /** Tells programs what happened to a session. */
  emit(
    event: string,
    session: RefereeSession,
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    this.#context.emit({
      event,
      session: session.id,
      frames: session.received.count,
      ...fields,
    });
  }

  /** Runs something beside; `settled` waits for it. */
  spawn(work: Promise<unknown>): void {
    const watched = work.catch((error) =>
      this.log.error(`Cannot finish: ${error}`)
    );
    this.#work.add(watched);
    watched.finally(() => this.#work.delete(watched));
  }

  /** Resolves when nothing runs beside any more. */
  async settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }
}
