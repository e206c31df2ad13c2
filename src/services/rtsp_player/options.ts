/**
 * What a player can be told, and what it says of itself.
 *
 * @module
 */

/** Options of {@linkcode startRtspPlayer}. */
export interface RtspPlayerOptions {
  /** `rtsp:` or `rtsps:` URL. */
  readonly url: string;
  /** `auto` begins with UDP and turns to TCP. */
  readonly transport: "auto" | "udp" | "tcp";
  /** `auto` begins with the standard and turns to the teaching dialect. */
  readonly dialect: "auto" | "standard" | "lab";
  /** UDP port for packets; `undefined` takes a free one. */
  readonly rtpPort: number | undefined;
  /** Milliseconds to wait for a missing packet. */
  readonly latencyMs: number;
  /** Milliseconds of play after which it ends. */
  readonly durationMs: number | undefined;
  /** Seconds to begin at. */
  readonly start: number | undefined;
  /** In place of the name in the URL. */
  readonly username: string | undefined;
  /** In place of the password in the URL. */
  readonly password: string | undefined;
  /** Certificates to trust besides the system's, PEM. */
  readonly caCerts: readonly string[];
  /** Whether a lost connection is made anew. */
  readonly reconnect: boolean;
  /** Folder for the frames. */
  readonly saveDir: string | undefined;
  /** Newest saved frames to keep; `undefined` keeps all. */
  readonly keep: number | undefined;
  /** Video file to record into. */
  readonly record: string | undefined;
  /** Takes each frame, for `-o -`; the promise is its back-pressure. */
  readonly write: ((jpeg: Uint8Array) => Promise<void>) | undefined;
  /** Address of the page. */
  readonly host: string;
  /** Port of the page, 0 for a free one; `undefined` for no page. */
  readonly pagePort: number | undefined;
  /** Path of ffmpeg, when the user gave one. */
  readonly ffmpeg: string | undefined;
}

/** Where a player stands; `stopped` is the state before SETUP. */
export type PlayerState =
  | "connecting"
  | "ready"
  | "playing"
  | "paused"
  | "reconnecting"
  | "stopped"
  | "ended"
  | "failed";

/** What the network did to the packets, in packets since the start. */
export interface PacketFigures {
  readonly received: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly reordered: number;
  /** Came after they were given up. */
  readonly late: number;
  /** Not RTP, of another source, or not what their payload type says. */
  readonly invalid: number;
  /** Times the sequence numbers began anew. */
  readonly restarts: number;
}

/** A player at one moment. */
export interface PlayerReport {
  /** Without credentials. */
  readonly url: string;
  readonly state: PlayerState;
  /** What is wrong, in words; `null` when nothing is. */
  readonly trouble: string | null;
  readonly dialect: "standard" | "lab";
  readonly transport: "udp" | "tcp" | null;
  readonly secure: boolean;
  /** Whether the packets themselves are encrypted (SRTP). */
  readonly encrypted: boolean;
  /** Number of the newest frame: from 1, lost ones counted. */
  readonly frame: number;
  readonly framesReceived: number;
  /** Frames that did not arrive whole; the picture before them stayed. */
  readonly framesLost: number;
  /** Frames a second over the last two seconds. */
  readonly fps: number;
  /** What the server says; `null` when it does not. */
  readonly nominalFps: number | null;
  /** Payload kilobits a second over the last two seconds. */
  readonly kbps: number;
  readonly bytesReceived: number;
  readonly packets: PacketFigures;
  /** Packets lost of those expected in the last second, percent. */
  readonly lossPercent: number;
  /** Interarrival jitter (RFC 3550), ms; `null` where timestamps are no clock. */
  readonly jitterMs: number | null;
  /** From a frame's first packet to its last, reordering included, ms. */
  readonly assemblyMs: number;
  /** From the sender's clock at a frame to the whole frame here, ms; `null` before a sender report. */
  readonly latencyMs: number | null;
  /** How far the sender's clock has run from ours since the start, ms. */
  readonly driftMs: number;
  /** Seconds into the stream. */
  readonly position: number;
  /** Seconds; `null` for a live stream. */
  readonly duration: number | null;
  readonly seekable: boolean;
  readonly width: number;
  readonly height: number;
  readonly framesSaved: number;
  readonly framesNotSaved: number;
  readonly reconnects: number;
}
