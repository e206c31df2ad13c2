/**
 * What the signal server is told.
 *
 * @module
 */

import type { RoomLimits } from "../../signaling/mod.ts";

/** A STUN or TURN server, as `RTCPeerConnection` takes it. */
export interface IceServer {
  /** `stun:host:port`, `turn:host:port?transport=udp`. */
  readonly urls: string | readonly string[];
  /** For TURN. */
  readonly username?: string;
  /** For TURN. */
  readonly credential?: string;
}

/** Options of {@linkcode startSignalServer}. */
export interface SignalServerOptions {
  /** Address to listen on. */
  readonly host: string;
  /** Port of pages and Socket.IO; 0 takes a free one. */
  readonly port: number;
  /** UDP port of the own STUN responder, 0 for a free one; `undefined` for none. */
  readonly stunPort: number | undefined;
  /** STUN and TURN servers that clients are told besides. */
  readonly iceServers: readonly IceServer[];
  /** PEM files for TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Pages of other origins that may connect, such as `https://example.org`. */
  readonly allowedOrigins: readonly string[];
  /** `redis://host:port`: this is one of several servers that are one; alone by default. */
  readonly redis?: string | undefined;
  /** Limits that differ from the usual. */
  readonly limits: Partial<RoomLimits>;
}
