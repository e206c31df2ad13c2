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
import type { SessionDescription, SessionFolder } from "./session_folder.ts";

/** Who is told of a session. */
export interface SessionClient {
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
    this.analysis?.frame?.(frame);
    if (frame.kind === "jpeg") {
      const { bytes } = frame;
      // Nobody writes into a message's bytes again, so there is nothing to hold.
      const handle = { bytes, retain: () => {}, release: () => {} };
      this.live.publish(handle, frame.number, Date.now());
    }
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
