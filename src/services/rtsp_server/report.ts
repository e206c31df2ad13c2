/**
 * What the server tells about itself: the plain data of its API and page.
 *
 * @module
 */

/** A stream that can be watched. */
export interface StreamReport {
  /** Its name in the API, such as `movie`. */
  readonly name: string;
  /** Its path, such as `/movie`. */
  readonly path: string;
  /** What to give a player. */
  readonly url: string;
  /** What the user called the source, without credentials. */
  readonly source: string;
  /** A file has a position for each viewer; a live stream is the same for all. */
  readonly kind: "file" | "live";
  /**
   * `idle` is not looked at yet or not running, `preparing` is being opened,
   * `ready` can be played, `retrying` has lost its source and will find it again,
   * `failed` cannot be played.
   */
  readonly state: "idle" | "preparing" | "ready" | "retrying" | "failed";
  /** Why it is not ready, for people; `null` when nothing is wrong. */
  readonly problem: string | null;
  /** Pixels; 0 before it is known. */
  readonly width: number;
  /** Pixels; 0 before it is known. */
  readonly height: number;
  /** Frames a second; 0 before it is known. */
  readonly fps: number;
  /** Seconds; `null` for what has no end. */
  readonly duration: number | null;
  /** Sessions on it. */
  readonly viewers: number;
  /** Sum of its sessions' bit rates now, in kilobits a second. */
  readonly kbps: number;
}

/** One viewer. */
export interface SessionReport {
  /** The RTSP session's id. */
  readonly id: string;
  /** Name of the stream. */
  readonly stream: string;
  /** Which packets it gets. */
  readonly dialect: "standard" | "lab";
  /** How they travel. */
  readonly transport: "udp" | "tcp" | "http" | "multicast";
  /** Whether the connection is TLS, or the packets are SRTP. */
  readonly secure: boolean;
  /** Address of the viewer. */
  readonly address: string;
  /** Name it gave, `null` when none was asked for. */
  readonly user: string | null;
  /** Set up or paused, playing, or at the end of what it asked for. */
  readonly state: "ready" | "playing" | "ended";
  /** Since SETUP. */
  readonly seconds: number;
  /** Seconds into the file; `null` for live. */
  readonly position: number | null;
  readonly framesSent: number;
  /** Frames left out because the viewer was slow. */
  readonly framesSkipped: number;
  readonly packetsSent: number;
  readonly bytesSent: number;
  /** Of the last second. */
  readonly fps: number;
  /** Of the last second, kilobits a second. */
  readonly kbps: number;
  /** Share of packets lost, 0–1, as the viewer last reported; `null` before it did. */
  readonly fractionLost: number | null;
  /** Packets lost since the beginning, as the viewer last reported. */
  readonly packetsLost: number | null;
  /** Interarrival jitter, milliseconds, as the viewer last reported. */
  readonly jitterMs: number | null;
  /** Milliseconds there and back; `null` before it is known. */
  readonly roundTripMs: number | null;
}

/** What the server has done since it started. */
export interface ServerTotals {
  /** Connections accepted. */
  readonly connections: number;
  /** Sessions set up. */
  readonly sessions: number;
  readonly frames: number;
  readonly packets: number;
  readonly bytes: number;
  /** Frames left out because viewers were slow. */
  readonly skipped: number;
}

/** Everything, as `/api/events` sends it. */
export interface ServerReport {
  readonly streams: readonly StreamReport[];
  readonly sessions: readonly SessionReport[];
  /** RTSP connections open now. */
  readonly connections: number;
  /** Since the server started. */
  readonly seconds: number;
  readonly totals: ServerTotals;
}
