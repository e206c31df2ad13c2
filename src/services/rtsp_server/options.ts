/**
 * What the RTSP server can be told.
 *
 * @module
 */

import type { SourceSpec } from "../../media/mod.ts";
import type { MulticastRange } from "./multicast_groups.ts";

/** A source as the user named it. */
export interface NamedSource {
  /** As it was written. */
  readonly text: string;
  readonly spec: SourceSpec;
}

/** Who may push streams in with ANNOUNCE and RECORD. */
export interface PublishingRules {
  /** Without a users file, `local` is programs of this machine; with one, the file says it. */
  readonly who: "local" | "all";
  /** Whether a newcomer ends the publisher that is there. */
  readonly takeover: boolean;
  /** Milliseconds that viewers are kept after their publisher has left. */
  readonly graceMs: number;
}

/** Options of {@linkcode startRtspServer}. */
export interface RtspServeOptions {
  /** What can be watched; a file that is a folder stands for the films in it. */
  readonly sources: readonly NamedSource[];
  /** Address to listen at. */
  readonly host: string;
  /** RTSP port; 0 takes a free one. */
  readonly port: number;
  /** Even UDP port that packets leave from, reports come to the next; 0 takes a free pair. */
  readonly rtpPort: number;
  /** Port of the page, 0 for a free one; `undefined` for no page. */
  readonly pagePort: number | undefined;
  /** Frames a second; the source's own, 24 for a bare MJPEG file, when `undefined`. */
  readonly fps: number | undefined;
  /** Quality where pictures are encoded, 1–100; 80 when `undefined`. */
  readonly quality: number | undefined;
  /** Whether files start over at their end. */
  readonly loop: boolean;
  /** Largest frame of the teaching dialect that stays whole, bytes. */
  readonly maxPacket: number;
  /** Whether UDP is refused. */
  readonly tcpOnly: boolean;
  /** Where multicast groups begin; `undefined` refuses multicast. */
  readonly multicast: MulticastRange | undefined;
  /** File with users; `undefined` lets everybody watch. */
  readonly users: string | undefined;
  /** PEM files that make the port speak TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Who may publish; nobody when left out. */
  readonly publishing?: PublishingRules | undefined;
  /** Seconds without a sign of life that end a session. */
  readonly sessionTimeout: number;
  readonly maxSessions: number;
  readonly maxSessionsPerAddress: number;
  /** RTSP connections at once. */
  readonly maxConnections: number;
  /** Command to run when a viewer begins to watch. */
  readonly onPlay: string | undefined;
  /** Command to run when a viewer stops watching. */
  readonly onStop: string | undefined;
  /** Path of ffmpeg, when the user gave one. */
  readonly ffmpeg: string | undefined;
}
