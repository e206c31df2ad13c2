/**
 * What a link is told, whom it tells, and how it ends.
 *
 * @module
 */

import type { ClientFailure } from "../../rtsp/mod.ts";
import type { RtspPlayerOptions } from "./options.ts";
import type { PlayerFrame } from "./received_frame.ts";

/** How a link ended. */
export type LinkOutcome =
  | { readonly type: "ended" }
  | {
    readonly type: "failed";
    readonly failure: ClientFailure;
    readonly message: string;
    readonly status: number | undefined;
  };

/** Whom a link tells. */
export interface LinkListener {
  described(info: {
    duration: number | undefined;
    frameRate: number | undefined;
  }): void;
  /** The way packets come is settled. */
  ready(transport: "udp" | "tcp", dialect: "standard" | "lab"): void;
  playing(from: number | undefined): void;
  paused(): void;
  fallback(to: "tcp" | "lab", reason: string): void;
  frame(frame: PlayerFrame): void;
  /** The server said goodbye, or the end is reached. */
  streamEnded(): void;
}

/** What a link is told. */
export interface LinkOptions extends
  Pick<
    RtspPlayerOptions,
    | "url"
    | "transport"
    | "dialect"
    | "rtpPort"
    | "latencyMs"
    | "username"
    | "password"
    | "caCerts"
  > {
  /** Seconds to begin at; `undefined` for the beginning, or now. */
  readonly start: number | undefined;
  /** Stop after SETUP. */
  readonly paused: boolean;
  readonly userAgent: string;
}

/** Whether what ended a link may be over soon, as a server that starts again. */
export function mayPass(
  { failure, status }: Extract<LinkOutcome, { type: "failed" }>,
): boolean {
  switch (failure) {
    case "connect":
    case "disconnected":
    case "no-answer":
    case "silent":
      return true;
    case "status":
      // A server that starts up again may not know its streams yet.
      return status !== undefined && status >= 404;
    default:
      return false;
  }
}
