/**
 * What a sender can be told.
 *
 * @module
 */

import type { SourceSpec } from "../../media/mod.ts";
import type { RefereeResult, SessionValidation } from "../../referee/mod.ts";
import type { RefereeAddress } from "./server_address.ts";

/** How pictures are sent. */
export type SendEncoding = "jpeg" | "png" | "raw";

/** Where the scoring box's word comes from. */
export type SignalSource =
  | {
    readonly kind: "file";
    readonly path: string;
  }
  | {
    /** Lines that come while the phrase is recorded. */
    readonly kind: "box";
    readonly open: () => Promise<ReadableStream<Uint8Array>>;
  };

/** Options of {@linkcode sendRecording}. */
export interface RefereeSendOptions {
  readonly server: RefereeAddress;
  /** The video, or the camera. */
  readonly source: SourceSpec;
  readonly signal: SignalSource;
  /** Ends the recording after so many milliseconds. */
  readonly durationMs: number | undefined;
  /** Sends a file's frames at their times, as a camera would. */
  readonly realtime: boolean;
  /** Ends the recording when it aborts; what was recorded is decided. */
  readonly over?: AbortSignal | undefined;
  readonly sessionId: string;
  readonly encoding: SendEncoding;
  /** 1 to 100, where pictures must be encoded. */
  readonly quality: number;
  /** Frames a second; `undefined` keeps the source's. */
  readonly fps: number | undefined;
  /** Frames under way without an ack; `auto` does as the server says. */
  readonly window: number | "auto";
  /** Goes on with what an earlier run of this program left on the server. */
  readonly resume: boolean;
  /** `auto` streams, and uploads where the server cannot be streamed to. */
  readonly mode: "auto" | "stream" | "upload";
  /** Left and right are exchanged in the scoring box's file. */
  readonly swapSides: boolean;
  readonly token: string | undefined;
  /** Certificates to trust besides the system's, PEM. */
  readonly ca: string | undefined;
  /** Path of ffmpeg, when the user gave one. */
  readonly ffmpeg: string | undefined;
  /** Told how far it is. */
  readonly onProgress: (progress: SendProgress) => void;
}

/** How far a recording is. */
export type SendProgress =
  | {
    readonly phase: "send";
    /** Frames that the server has. */
    readonly frames: number;
    /** Frames there are; `undefined` when nobody knows. */
    readonly totalFrames: number | undefined;
    readonly bytes: number;
    readonly seconds: number;
  }
  | {
    readonly phase: "upload";
    readonly bytes: number;
    readonly totalBytes: number;
  }
  | {
    readonly phase: "process";
    readonly stage: string;
    /** From 0 to 1, of this stage. */
    readonly progress: number;
    readonly message: string;
  };

/** What became of a recording. */
export interface SendOutcome {
  readonly mode: "stream" | "upload";
  readonly result: RefereeResult;
  /** What the server says of the frames; `undefined` for an upload. */
  readonly validation: SessionValidation | undefined;
  /** Frames that were sent and are safe. */
  readonly frames: number;
  /** Frames that the server refused. */
  readonly refused: number;
  readonly bytes: number;
  /** Seconds of sending. */
  readonly seconds: number;
  /** How often the connection broke and the session went on. */
  readonly reconnects: number;
}
