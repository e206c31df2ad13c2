/**
 * From the signal of a session to its result.
 *
 * @module
 */

import {
  fitResult,
  RefereeProtocolError,
  type RefereeResult,
  type ServerMessage,
} from "../../referee/mod.ts";
import { writeVideo } from "../referee/video_file.ts";
import type { LiveSessions } from "./live_sessions.ts";
import {
  type PreparedVideo,
  processRecording,
  type RecordingJob,
} from "./process_recording.ts";
import type { ServerCore } from "./server_core.ts";
import { type SessionDescription, SessionFolder } from "./session_folder.ts";
import type { SessionRun } from "./session_run.ts";
import { throttleProgress } from "./stage_progress.ts";

/** Name of the video in the artifacts' folder. */
const VIDEO_FILE = "video.mkv";

/** The scoring box's file, as it came. */
type SignalFile = RecordingJob["signal"];

/** Processes sessions one after another. */
export class SessionProcessing {
  readonly #core: ServerCore;
  readonly #live: LiveSessions;

  /** For the sessions of `live`. */
  constructor(core: ServerCore, live: LiveSessions) {
    this.#core = core;
    this.#live = live;
  }

  /** Keeps the signal of a session, says so, and queues it. */
  async begin(run: SessionRun, signal: SignalFile): Promise<void> {
    const { queue, options } = this.#core;
    const { session } = run;
    try {
      if (queue.isFull) {
        throw new Error(
          `Cannot process the recording: ${queue.length} others wait`,
        );
      }
      await run.store.flushed();
      run.folder ??= await SessionFolder.create(options.outputDir, session.id);
      await Deno.writeFile(run.folder.signalPath, signal.bytes);
      if (options.spill) {
        const { filename, swapSides } = signal;
        await run.folder.describe(
          run.describe("processing", { filename, swapSides }),
        );
      }
      run.client?.deliver([{
        type: "signal_ack",
        session_id: session.id,
        status: "received",
      }]);
      this.#enqueue(run, run.folder, signal);
    } catch (error) {
      await this.#failed(run, error);
    }
  }

  /** A recording whose signal was there when an earlier run of the server ended. */
  async goOn(
    folder: SessionFolder,
    description: SessionDescription,
    signal: NonNullable<SessionDescription["signal"]>,
  ): Promise<void> {
    try {
      const bytes = await Deno.readFile(folder.signalPath);
      const run = await this.#live.revive(folder, description);
      run.session.step("signal", this.#core.now());
      this.#enqueue(run, folder, { ...signal, bytes });
    } catch (error) {
      this.#core.log.warn(
        `Cannot go on with session "${description.start.session_id}": ${error}`,
      );
      this.#live.park(folder, { ...description, state: "frames_complete" });
    }
  }

  #enqueue(
    run: SessionRun,
    folder: SessionFolder,
    signal: SignalFile,
  ): void {
    const { session } = run;
    const tell = (message: ServerMessage): void =>
      run.client?.deliver([message]);
    const progress = throttleProgress((stage, share, message) => {
      run.processing = { queuePosition: 0, stage, progress: share, message };
      tell({
        type: "process_progress",
        session_id: session.id,
        stage,
        progress: share,
        message,
      });
    });
    const job: RecordingJob = {
      sessionId: session.id,
      folder,
      signal,
      reconstruct: (artifacts, share, abort) =>
        this.#reconstruct(run, folder, artifacts, share, abort),
      analysis: run.analysis,
      signalOffset: this.#core.options.signalOffset ?? 0,
      saveOverlay: true,
      includeKeypoints: true,
      warnings: session.warnings,
      stats: session.stats(this.#core.now()),
      startedAt: this.#core.now(),
    };
    const tellPosition = positionTeller(session.id, tell);
    const moved = (queuePosition: number): void => {
      run.processing = {
        queuePosition,
        stage: null,
        progress: 0,
        message: "Waiting for its turn",
      };
      tellPosition(queuePosition);
    };
    run.job = this.#core.queue.add(async (abort) => {
      const { catalog, options } = this.#core;
      const result = await processRecording(
        job,
        catalog,
        options.outputDir,
        progress,
        abort,
      );
      await this.#done(run, result, tell);
    }, moved);
    this.#core.spawn(
      run.job.done.catch((error) => this.#failed(run, error)),
    );
  }

  async #done(
    run: SessionRun,
    result: RefereeResult,
    tell: (message: ServerMessage) => void,
  ): Promise<void> {
    const { counters, log, catalog, options } = this.#core;
    const { session } = run;
    session.step("done", this.#core.now());
    await this.#live.forget(run);
    counters.completed++;
    const { winner, reason, artifact_dir } = result;
    log.info(`session "${session.id}" is done: ${winner}, ${reason}`);
    this.#core.emit("result", session, {
      winner,
      reason,
      artifacts: artifact_dir,
    });
    tell({
      type: "process_complete",
      session_id: session.id,
      result: fitResult(result),
    });
    await catalog.sweep(options.retention, Date.now());
  }

  async #reconstruct(
    run: SessionRun,
    folder: SessionFolder,
    artifacts: string,
    progress: (share: number) => void,
    signal: AbortSignal,
  ): Promise<PreparedVideo> {
    const { fps } = run.session.start;
    const video = await writeVideo(run.store, {
      path: `${artifacts}/${VIDEO_FILE}`,
      fps,
      ffmpeg: () => this.#core.ffmpeg(),
      workFolder: folder.workPath,
      progress,
      signal,
    });
    return { ...video, fileName: VIDEO_FILE, fps, places: video };
  }

  async #failed(run: SessionRun, error: unknown): Promise<void> {
    const { session, client, folder } = run;
    const { spill } = this.#core.options;
    run.analysis?.abandon();
    if (session.state === "CLEANUP") return; // given up by its client
    if (this.#core.isClosing) {
      // With a spool the next run of the server goes on with it.
      await this.#live.forget(run);
      if (!spill) await folder?.remove();
      return;
    }
    this.#core.counters.failed++;
    this.#core.log.error(`Cannot process session "${session.id}": ${error}`);
    session.step("failed", this.#core.now());
    await this.#live.forget(run);
    if (spill && folder !== undefined) {
      const description = run.describe("frames_complete");
      await folder.describe(description);
      this.#live.park(folder, description);
    } else await folder?.remove();
    client?.fail(
      new RefereeProtocolError(
        "PROCESSING_FAILED",
        this.#core.publicMessage(error),
        { sessionId: session.id },
      ),
    );
  }
}

/** Tells a client where in the queue its recording is. */
function positionTeller(
  session_id: string,
  tell: (message: ServerMessage) => void,
): (position: number) => void {
  let begun = false;
  return (queue_position) => {
    if (!begun) tell({ type: "process_start", session_id, queue_position });
    begun = true;
    if (queue_position === 0) return;
    const others = queue_position === 1
      ? "another recording"
      : `${queue_position} recordings`;
    tell({
      type: "process_progress",
      session_id,
      stage: "video_reconstruction",
      progress: 0,
      message: `Waiting for ${others}`,
      queue_position,
    });
  };
}
