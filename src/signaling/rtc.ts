/**
 * WebRTC as the party sees it: descriptions and candidates go out and come in,
 * and in the end there is a transport. A browser and a library outside of one
 * each have their way to do it.
 *
 * @module
 */

import type { FilmTransport } from "./transport.ts";

/** Label of the data channel, as in the design. */
export const CHANNEL_LABEL = "video-stream";

/** What the two ends tell each other, sealed, through the server. */
export type RtcSignal =
  | { readonly kind: "offer" | "answer"; readonly sdp: string }
  | {
    readonly kind: "candidate";
    readonly candidate: string;
    readonly mid: string;
  };

/** What a connection tells. */
export interface RtcEvents {
  /** For the other end. */
  signal(signal: RtcSignal): void;
  /** The data channel is open. */
  open(transport: FilmTransport): void;
  /** There is no connection, or no longer; called once, last. */
  closed(): void;
}

/** One end of a connection. */
export interface RtcConnection {
  /** From the other end. */
  accept(signal: RtcSignal): void;
  /** Ends it. */
  close(): void;
}

/** A STUN or TURN server. */
export interface RtcServer {
  /** One or more URLs. */
  readonly urls: string | readonly string[];
  /** For TURN. */
  readonly username?: string;
  /** For TURN. */
  readonly credential?: string;
}

/** Begins a connection; the end with `offer` makes the data channel. */
export type RtcFactory = (
  options: {
    readonly offer: boolean;
    readonly iceServers: readonly RtcServer[];
  },
  events: RtcEvents,
) => RtcConnection;

/**
 * Reads a signal that somebody with the key has sent; `undefined` for what is
 * none.
 */
export function parseRtcSignal(value: unknown): RtcSignal | undefined {
  const { kind, sdp, candidate, mid } = (value ?? {}) as Readonly<
    Record<string, unknown>
  >;
  if ((kind === "offer" || kind === "answer") && typeof sdp === "string") {
    return { kind, sdp };
  }
  return kind === "candidate" && typeof candidate === "string" &&
      typeof mid === "string"
    ? { kind, candidate, mid }
    : undefined;
}
