/**
 * Ways from a session to its viewer.
 *
 * @module
 */

import type { ReceiverView } from "../../rtp/mod.ts";
import type { FrameSink } from "./playback.ts";

/** What an output counts. */
export interface OutputFigures {
  readonly framesSent: number;
  /** Frames left out because the viewer was slow. */
  readonly framesSkipped: number;
  readonly packetsSent: number;
  readonly bytesSent: number;
  /** What the viewer reported last. */
  readonly receiver: ReceiverView | undefined;
}

/** Sends frames to one viewer: TCP, UDP, multicast or the teaching dialect. */
export interface MediaOutput extends FrameSink {
  /** Number of the next packet. */
  readonly sequence: number;
  /** Takes over the numbers of a shared stream, unless something was sent. */
  join(sequence: number): void;
  /** Forgets what waits. What comes next has the number {@linkcode sequence}. */
  flush(): void;
  /** Reads a viewer's RTCP; `false` when it is none. */
  receiveReports(bytes: Uint8Array): boolean;
  figures(): OutputFigures;
  /** Says goodbye and lets go of everything. */
  close(): void;
}
