/**
 * The referee server behind its HTTP: connections, sessions, the clock that
 * sweeps.
 *
 * @module
 */

import type { WebSocketPeer } from "../../net/mod.ts";
import {
  type ConnectionAction,
  fitResult,
  FRAME_WINDOW,
  RefereeProtocolError,
  type RefereeSession,
  type SessionTable,
  timeoutIssue,
} from "../../referee/mod.ts";
import type { ServiceContext } from "../context.ts";
import { LiveSessions } from "./live_sessions.ts";
import type { RefereeServerOptions } from "./options.ts";
import { ServerCore } from "./server_core.ts";
import { SessionFolder } from "./session_folder.ts";
import { SessionProcessing } from "./session_processing.ts";
import type { SessionRun } from "./session_run.ts";
import { StreamClient, type StreamHost } from "./stream_client.ts";

/** Longest time between two looks for sessions that are too old, as the documents say. */
const MAX_SWEEP_MS = 60_000;

/** How long a recording that is processed may go on when the server stops: 5 s are promised in all. */
const DRAIN_MS = 3000;

/** "Going away" (RFC 6455 section 7.4.1). */
const CODE_GOING_AWAY = 1001;

/** The server without its HTTP. */
export class RefereeServer implements StreamHost {
  /** What its parts share. */
  readonly core: ServerCore;
  readonly #live: LiveSessions;
  readonly #processing: SessionProcessing;
  readonly #clients = new Set<StreamClient>();
  #sweepTimer: ReturnType<typeof setInterval> | undefined;

  /** Does nothing before `start`. */
  constructor(options: RefereeServerOptions, context: ServiceContext) {
    this.core = new ServerCore(options, context);
    this.#live = new LiveSessions(this.core, () => {
      for (const client of this.#clients) client.memoryFreed();
    });
    this.#processing = new SessionProcessing(this.core, this.#live);
  }

  /** Takes up what an earlier run left in the output folder. */
  async start(): Promise<void> {
    const { outputDir, limits, retention } = this.core.options;
    await Deno.mkdir(outputDir, { recursive: true });
    await this.core.catalog.load();
    for (const left of await SessionFolder.recover(outputDir)) {
      const { folder, description } = left;
      const { start, state, signal } = description;
      this.core.log.info(
        `found the session "${start.session_id}" of an earlier run: ${state}`,
      );
      if (state === "processing" && signal !== undefined) {
        this.core.spawn(this.#processing.goOn(folder, description, signal));
      } else this.#live.park(folder, description);
    }
    await this.core.catalog.sweep(retention, Date.now());
    this.#sweepTimer = setInterval(
      () => this.#sweep(),
      Math.min(MAX_SWEEP_MS, limits.session_timeout_seconds * 1000 / 4),
    );
  }

  /** The sessions that are alive. */
  get table(): SessionTable {
    return this.core.table;
  }

  /** Sessions whose connection broke and that wait for it. */
  get parkedSessions(): number {
    return this.#live.parked;
  }

  /** Messages a second of one connection. */
  get maxMessageRate(): number {
    return this.core.options.limits.max_message_rate;
  }

  /** Whether senders must wait for memory. */
  get isMemoryFull(): boolean {
    return this.core.isMemoryFull;
  }

  /** Milliseconds of the sessions' clock. */
  now(): number {
    return this.core.now();
  }

  /** What a client may hear of an error. */
  publicMessage(error: unknown): string {
    this.core.log.error(`Cannot serve a client: ${error}`);
    return this.core.publicMessage(error);
  }

  /** A WebSocket was opened. */
  connected(peer: WebSocketPeer): void {
    this.#clients.add(new StreamClient(peer, this));
  }

  /** The session that is alive. */
  runOf(session: RefereeSession): SessionRun | undefined {
    return this.core.runs.get(session);
  }

  /** A frame was kept. */
  stored(): void {
    this.core.counters.frames++;
    this.core.counters.frameRate.count(this.core.now());
  }

  /** An error was told. */
  told(error: RefereeProtocolError): void {
    this.core.counters.count(error);
    const { code, message, detail, sessionId } = error;
    this.core.log.debug(message, { code, detail, session: sessionId });
  }

  /** The connection of a client is over. */
  closed(client: StreamClient): void {
    this.#clients.delete(client);
    const sessions = [...client.core.sessions];
    for (const session of sessions) client.core.release(session);
    this.#live.detach(sessions);
  }

  /** Does what a connection's core says and takes time. */
  async perform(
    action: Extract<
      ConnectionAction,
      { type: "open" | "process" | "abort" | "resume" }
    >,
    client: StreamClient,
  ): Promise<void> {
    switch (action.type) {
      case "open":
        return await this.#live.open(action.session, client);
      case "process": {
        const run = this.core.runs.get(action.session);
        if (run === undefined) return;
        return await this.#processing.begin(run, action);
      }
      case "abort":
        return await this.#live.abort(action.session);
      case "resume":
        return await this.#resume(action.message, client);
    }
  }

  async #resume(
    { session_id, resume_key }: Extract<
      ConnectionAction,
      { type: "resume" }
    >["message"],
    client: StreamClient,
  ): Promise<void> {
    const run = await this.#live.resume(session_id, resume_key);
    if (run === undefined) await this.#resumeFinished(session_id, client);
    else {
      client.core.attach(run.session);
      this.#live.attach(run, client);
    }
  }

  /** The client left before its result was there. */
  async #resumeFinished(id: string, client: StreamClient): Promise<void> {
    const { catalog } = this.core;
    const finished = catalog.find(id);
    const result = finished && await catalog.result(finished);
    if (result === undefined) {
      throw new RefereeProtocolError(
        "NO_ACTIVE_SESSION",
        `Cannot resume session ${id}: there is none that waits for this client`,
        { sessionId: id },
      );
    }
    client.deliver([
      {
        type: "session_resumed",
        session_id: id,
        state: "processing",
        received: [],
        frames_received: result.metadata.frame_count,
        has_signal: true,
        window: FRAME_WINDOW,
      },
      {
        type: "process_complete",
        session_id: id,
        result: fitResult(result),
      },
    ]);
  }

  #sweep(): void {
    const now = this.core.now();
    for (const session of this.table.expired(now)) {
      const run = this.core.runs.get(session);
      const issue = timeoutIssue(session.idle(now) / 1000);
      session.step("timeout", now);
      if (run === undefined) continue;
      const { client } = run;
      client?.release(run);
      client?.fail(
        new RefereeProtocolError("SESSION_END_FAILED", issue, {
          sessionId: session.id,
        }),
      );
      this.core.spawn(this.#live.putAway(run));
    }
    this.#live.dropOld();
    const { catalog, options } = this.core;
    this.core.spawn(catalog.sweep(options.retention, Date.now()));
  }

  /** Stops: sessions are put on disk, the recording under way gets a moment. */
  async close(): Promise<void> {
    this.core.isClosing = true;
    clearInterval(this.#sweepTimer);
    const drained = this.core.queue.close(DRAIN_MS);
    for (const run of [...this.core.runs.values()]) {
      const { session, client } = run;
      if (session.state === "PROCESSING" || session.state === "CLEANUP") {
        continue;
      }
      client?.release(run);
      session.step("detach", this.core.now());
      await this.#live.putAway(run);
    }
    // Who waits for a result hears it before the goodbye.
    await drained;
    for (const client of [...this.#clients]) {
      client.close(CODE_GOING_AWAY, "the server stops");
    }
    await this.core.settled();
  }
}
