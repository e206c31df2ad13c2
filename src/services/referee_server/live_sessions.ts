/**
 * Sessions from their start to their end: opened, put away when their
 * connection breaks, brought back, forgotten.
 *
 * @module
 */

import {
  FRAME_WINDOW,
  RefereeProtocolError,
  type RefereeSession,
} from "../../referee/mod.ts";
import type { FrameStoreListener } from "../referee/frame_store.ts";
import { MemoryStore } from "../referee/memory_store.ts";
import { SpoolStore } from "../referee/spool_store.ts";
import { ParkedSessions } from "./parked_sessions.ts";
import type { ServerCore } from "./server_core.ts";
import { type SessionDescription, SessionFolder } from "./session_folder.ts";
import { type SessionClient, SessionRun } from "./session_run.ts";

/** Keeps the sessions of a server. */
export class LiveSessions {
  readonly #core: ServerCore;
  readonly #parked = new ParkedSessions();
  readonly #memoryFreed: () => void;

  /** `memoryFreed` is called when frames have gone to disk and memory is below its limit. */
  constructor(core: ServerCore, memoryFreed: () => void) {
    this.#core = core;
    this.#memoryFreed = memoryFreed;
  }

  /** Sessions whose connection broke and that wait for it. */
  get parked(): number {
    return this.#parked.size;
  }

  /**
   * Makes a place for a session's frames and lets the client begin.
   *
   * @throws {Error} when that cannot be; the session is forgotten then.
   */
  async open(
    session: RefereeSession,
    client: SessionClient,
  ): Promise<void> {
    const { options, table, runs, counters, log } = this.#core;
    const run = new SessionRun(
      session,
      options.analyzer?.begin(session.start),
    );
    run.client = client;
    try {
      this.#core.refuseWhileClosing(session.id);
      if (options.spill) {
        run.folder = await SessionFolder.create(options.outputDir, session.id);
        await run.folder.describe(run.describe("receiving"));
        run.store = await SpoolStore.create(
          run.folder.spoolPath,
          this.#listener(run),
        );
      } else run.store = new MemoryStore(this.#listener(run));
      session.step("opened", this.#core.now());
    } catch (error) {
      table.remove(session);
      client.release(run);
      run.analysis?.abandon();
      await run.store?.close();
      await run.folder?.remove();
      throw error;
    }
    runs.set(session, run);
    counters.sessionsStarted++;
    const { fps } = session.start;
    log.info(`session "${session.id}" began`, { from: client.address, fps });
    this.#core.emit("session-started", session);
    client.deliver([{
      type: "session_started",
      session_id: session.id,
      window: FRAME_WINDOW,
      resumable: options.spill,
    }]);
  }

  #listener(run: SessionRun): FrameStoreListener {
    const { session } = run;
    return {
      deliver: (messages) => {
        session.storeBytes = run.store.memoryBytes;
        if (messages.some(({ type }) => type === "session_ended")) {
          this.#core.spawn(this.#noteEnd(run));
        }
        run.client?.deliver(messages);
        if (!this.#core.isMemoryFull) this.#memoryFreed();
      },
      room: () => run.client?.room(),
      failed: (error) => this.#core.spawn(this.#storeFailed(run, error)),
    };
  }

  async #noteEnd(run: SessionRun): Promise<void> {
    this.#core.emit("frames-complete", run.session);
    if (this.#core.options.spill) {
      await run.folder?.describe(run.describe("frames_complete"));
    }
  }

  /** The disk is full or gone: what was acknowledged is on it. */
  async #storeFailed(run: SessionRun, error: unknown): Promise<void> {
    const { session, client } = run;
    this.#core.log.error(
      `Cannot keep the frames of session "${session.id}": ${error}`,
    );
    client?.release(run);
    client?.fail(
      new RefereeProtocolError("INTERNAL_ERROR", "Cannot keep the frames", {
        sessionId: session.id,
        detail: String(error),
      }),
    );
    if (session.state === "PROCESSING" || session.state === "CLEANUP") return;
    session.step("failed", this.#core.now());
    await this.putAway(run);
  }

  /** Throws a session away, with all that is kept of it. */
  async abort(session: RefereeSession): Promise<void> {
    const run = this.#core.runs.get(session);
    if (run === undefined) return;
    run.client = undefined;
    run.job?.cancel();
    await run.job?.done.catch(() => {});
    run.analysis?.abandon();
    await this.forget(run);
    await run.folder?.remove();
    this.#core.emit("session-aborted", session);
  }

  /** The connection of these sessions is over: they wait for their client on disk. */
  detach(sessions: Iterable<RefereeSession>): void {
    for (const session of sessions) {
      if (session.state === "CLEANUP") continue;
      const run = this.#core.runs.get(session);
      const state = session.step("detach", this.#core.now());
      if (run === undefined) continue; // whoever opens it notices
      run.client = undefined;
      if (state === "CLEANUP") this.#core.spawn(this.putAway(run));
    }
  }

  /** Takes a session out of memory; with a spool it can be resumed. */
  async putAway(run: SessionRun): Promise<void> {
    const { session, folder, store } = run;
    this.#core.log.info(`session "${session.id}" is put away`, {
      frames: session.received.count,
    });
    this.#core.emit("session-detached", session);
    run.analysis?.abandon();
    const settled = this.forget(run);
    if (folder !== undefined && store instanceof SpoolStore) {
      const state = session.ended ? "frames_complete" : "receiving";
      this.park(folder, run.describe(state), settled);
    }
    await settled;
  }

  /** A session on disk waits for its client from now on. */
  park(
    folder: SessionFolder,
    description: SessionDescription,
    settled: Promise<void> = Promise.resolve(),
  ): void {
    const givenUp = this.#parked.add({
      folder,
      description,
      since: this.#core.now(),
      settled,
    });
    if (givenUp !== undefined) this.#core.spawn(givenUp.folder.remove());
  }

  /** Gives up what has waited for too long. */
  dropOld(): void {
    const since = this.#core.now() - this.#core.options.resumeMs;
    for (const { folder } of this.#parked.takeOlder(since)) {
      this.#core.spawn(folder.remove());
    }
  }

  /** The session is over; its memory returns. */
  async forget(run: SessionRun): Promise<void> {
    run.live.close();
    run.client?.release(run);
    this.#core.runs.delete(run.session);
    this.#core.table.remove(run.session);
    await run.store.close();
    run.session.storeBytes = 0;
  }

  /**
   * The session that a client goes on with; `undefined` when none waits for it.
   *
   * @throws {RefereeProtocolError} when it may not have it.
   */
  async resume(
    id: string,
    key: string | undefined,
  ): Promise<SessionRun | undefined> {
    this.#core.refuseWhileClosing(id);
    const alive = this.#core.runById(id);
    if (alive !== undefined) {
      const fits = alive.session.start.resume_key === key;
      if (fits && (alive.client === undefined || key !== undefined)) {
        // Its old connection is dead and nobody has told us yet.
        alive.client?.release(alive);
        return alive;
      }
      throw new RefereeProtocolError(
        "SESSION_START_FAILED",
        `Session ${id} already exists`,
        { sessionId: id },
      );
    }
    const parked = this.#parked.take(id, key);
    if (parked === undefined) return undefined;
    await parked.settled;
    try {
      const run = await this.revive(parked.folder, parked.description);
      this.#core.counters.sessionsResumed++;
      return run;
    } catch (error) {
      this.park(parked.folder, parked.description);
      throw error;
    }
  }

  /** Feeds a session from this client from now on. */
  attach(run: SessionRun, client: SessionClient): void {
    const { session } = run;
    run.client = client;
    session.touch(this.#core.now());
    this.#core.log.info(`session "${session.id}" goes on`, {
      frames: session.received.count,
    });
    this.#core.emit("session-resumed", session);
    client.deliver([session.resumed()]);
  }

  /**
   * Brings a session back from the disk.
   *
   * @throws {RefereeProtocolError} when a limit is reached.
   * @throws {Error} when the spool cannot be read.
   */
  async revive(
    folder: SessionFolder,
    description: SessionDescription,
  ): Promise<SessionRun> {
    const { table, options, runs } = this.#core;
    const session = table.adopt(description.start, this.#core.now());
    const run = new SessionRun(
      session,
      options.analyzer?.begin(session.start),
      description.created,
    );
    run.folder = folder;
    try {
      run.store = await SpoolStore.resume(
        folder.spoolPath,
        this.#listener(run),
      );
    } catch (error) {
      table.remove(session);
      run.analysis?.abandon();
      throw error;
    }
    session.restore(run.store.index);
    // What came before is in the video only.
    run.showsFrames = run.store.index.length === 0;
    for (const warning of description.warnings) session.warn(warning, warning);
    session.step("opened", this.#core.now());
    if (description.state !== "receiving") {
      session.end(description.totalFrames, this.#core.now());
    }
    runs.set(session, run);
    return run;
  }
}
