/**
 * What media, viewers and outputs know of each other.
 *
 * @module
 */

import type { RtspMedia } from "../../rtsp/mod.ts";
import type { PackedFrame } from "./packed_frame.ts";

/** Ticks of the RTP clock in a second (RFC 2435 section 3). */
export const TICKS_PER_SECOND = 90_000;

/** Takes frames at the moment they are due. */
export interface FrameSink {
  /** A frame with its RTP timestamp. */
  frame(frame: PackedFrame, timestamp: number): void;
  /** No more will come until it is played again. */
  ended(): void;
}

/** Where and how to play; as the RTSP core's `play` action. */
export interface PlayWish {
  /** Seconds; `undefined` goes on where it is. */
  readonly from: number | "now" | undefined;
  /** Seconds; `undefined` is the end. */
  readonly to: number | undefined;
  readonly scale: number;
  readonly speed: number;
}

/** Where and how it will play. */
export interface PlayStart {
  /** Seconds, or "now" for live. */
  readonly from: number | "now";
  /** Seconds; `undefined` without an end. */
  readonly to: number | undefined;
  readonly scale: number;
  readonly speed: number;
  /** RTP timestamp of the first frame; `undefined` when it has not come yet. */
  readonly timestamp: number | undefined;
  /** Sequence number to begin with, for who shares the packets of a live stream. */
  readonly sequence: number | undefined;
}

/** An RTSP status with its reason. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** Whether an outcome is a refusal. */
export function isRefusal<T extends object>(
  outcome: T | Refusal | undefined,
): outcome is Refusal {
  return outcome !== undefined && "status" in outcome;
}

/** One viewer's way through a media. */
export interface Playback {
  /** Seconds into the media; `undefined` for live. */
  readonly position: number | undefined;
  /** Source of the packets all viewers share; `undefined` where each has its own. */
  readonly ssrc: number | undefined;
  /** Says where it will begin; nothing flows before `start`. Stops what is playing. */
  begin(wish: PlayWish): PlayStart | Refusal;
  /** Frames flow from now on, the first at once. */
  start(): void;
  /** Nothing flows any more; the position stays. */
  pause(): void;
  /** Lets go of the media. */
  close(): void;
}

/** State of a media for the API. */
export interface MediaState {
  readonly state: "idle" | "preparing" | "ready" | "retrying" | "failed";
  readonly problem: string | undefined;
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  /** Seconds; `undefined` for what has no end. */
  readonly duration: number | undefined;
}

/** Something that can be watched. */
export interface ServedMedia {
  readonly kind: "file" | "live";
  /** What RTSP says of it; `undefined` until it is prepared. */
  readonly rtsp: RtspMedia | undefined;
  /** Opens it; gives the reason when that fails. Never throws. */
  prepare(): Promise<Refusal | undefined>;
  /**
   * A way through it that gives its frames to `sink`. `repeat` starts a file
   * over at its end whatever the user said.
   */
  open(sink: FrameSink, options?: { repeat?: boolean }): Playback;
  state(): MediaState;
  close(): Promise<void>;
}
