/**
 * A session that is alive on this server: its core, its frames, who feeds it
 * and who watches.
 *
 * @module
 */

import { LiveFrames } from "../../net/mod.ts";
import type {
  PhraseAnalysis,
  RefereeSession,
  ServerMessage,
  SpoolFrame,
} from "../../referee/mod.ts";
import type { FrameStore } from "../referee/frame_store.ts";
import type { QueuedJob } from "./processing_queue.ts";
import type { ProcessingReport } from "./report.ts";
import type { SessionDescription, SessionFolder } from "./session_folder.ts";

/** Between two pictures for pages: 30 frames/s, with some room for jitter. */
const SHOW_EVERY_MS = 25;

/** Who is told of a session. */
export interface SessionClient {
  /** Where it comes from. */
  readonly address: string;
  /** Sends messages, in this order. */
  deliver(messages: readonly ServerMessage[]): void;
  /** There is room for frames again. */
  room(): void;
  /** The session is nobody's business of this client any more. */
  release(run: SessionRun): void;
  /** Tells of an error and ends the connection. */
  fail(error: unknown): void;
}

/** One session. */
export class SessionRun {
  /** The newest picture, for pages. */
  readonly live = new LiveFrames();
  /** When it began, ISO 8601. */
  readonly created: string;
  /** The connection that feeds it; `undefined` when it broke. */
  client: SessionClient | undefined;
  /** Set before the first frame. */
  store!: FrameStore;
  /** On disk; `undefined` where frames stay in memory. */
  folder: SessionFolder | undefined;
  /** Its place in the queue. */
  job: QueuedJob | undefined;
  /** How far its processing is, once its signal came. */
  processing: ProcessingReport | undefined;
  /** Whether there is a picture to show. */
  hasPicture = false;
  #shownAt = 0;
  /** Whether the analysis sees the frames as they come: all of them, or none. */
  showsFrames = true;

  /** A session without frames yet. */
  constructor(
    readonly session: RefereeSession,
    readonly analysis: PhraseAnalysis | undefined,
    created = new Date().toISOString(),
  ) {
    this.created = created;
  }

  /** Keeps a frame and shows it. */
  append(frame: SpoolFrame, reply: ServerMessage): void {
    this.store.append(frame, reply);
    this.session.storeBytes = this.store.memoryBytes;
    if (this.showsFrames) this.analysis?.frame?.(frame);
    if (frame.kind === "jpeg") this.#show(frame);
  }

  /** Pages see some pictures a second; the others are not copied for them. */
  #show({ bytes, number }: SpoolFrame): void {
    const now = Date.now();
    if (now - this.#shownAt < SHOW_EVERY_MS) return;
    this.#shownAt = now;
    this.hasPicture = true;
    const copy = new Uint8Array(bytes);
    this.live.publish(
      { bytes: copy, retain: () => {}, release: () => {} },
      number,
      now,
    );
  }

  /** What is to be written of it. */
  describe(
    state: SessionDescription["state"],
    signal?: SessionDescription["signal"],
  ): SessionDescription {
    return {
      version: 1,
      start: this.session.start,
      created: this.created,
      state,
      totalFrames: this.session.promisedFrames,
      signal,
      warnings: this.session.warnings,
    };
  }
}
