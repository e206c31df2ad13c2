/**
 * What coordinator and peers say about themselves: the figures behind the
 * pages, `status`, `/metrics` and `--json`. Plain data, JSON as it stands.
 *
 * @module
 */

import type { CongestionState } from "./congestion.ts";
import type { AnswerFigures } from "./repair_responder.ts";

/** Which datagrams a hop speaks: ours, or StrandCast's JSON. */
export type ChainWire = "binary" | "strandcast";

/** Percentiles of a latency over the last few seconds, in milliseconds. */
export interface LatencySummary {
  /** Median. */
  readonly p50: number;
  /** 99th percentile. */
  readonly p99: number;
  /** Largest. */
  readonly max: number;
  /** How many measurements the figures stand on; 0 makes them meaningless. */
  readonly count: number;
}

/** A hop as its two ends see it: what leads to a peer, and what the peer sends on. */
export interface HopReport {
  /** How the peer talks to the kernel: many datagrams a call, or one. */
  readonly path: "linux" | "portable";
  /** Datagrams that came. */
  readonly packets: number;
  /** Fragments that were missing for longer than the hop reorders. */
  readonly missed: number;
  /** Of those, the ones that came because they were sent again. */
  readonly repaired: number;
  /** Fragments that were replaced by parity. */
  readonly replaced: number;
  /** Fragments that were only overtaken. */
  readonly reordered: number;
  /** Questions for missing fragments that the peer sent. */
  readonly questions: number;
  /** Variation of the way's time (RFC 3550 section 6.4.1), milliseconds. */
  readonly jitterMs: number;
  /** To the one before and back, milliseconds; `null` before it was measured. */
  readonly roundTripMs: number | null;
  /** Most datagrams that waited at once since the last report. */
  readonly queue: number;
  /** Fragments that the next peer asked for again. */
  readonly asked: number;
  /** Fragments sent again to the next peer. */
  readonly resent: number;
  /** Fragments not sent again: asked for too often, or too many at once. */
  readonly withheld: number;
  /** Datagrams that the kernel refused to send. */
  readonly sendErrors: number;
  /** Datagrams dropped, by reason; reasons that did not occur are left out. */
  readonly drops: Readonly<Record<string, number>>;
}

/** One peer's own figures, sent to the coordinator once a second or sooner. */
export interface PeerReport {
  /** The peer's name in the chain. */
  readonly name: string;
  /** `connecting` until registered, `waiting` for a first frame, `ended` after the end of a stream. */
  readonly state: "connecting" | "waiting" | "playing" | "ended";
  /** Peer before this one; `null` for the first, whose upstream is the coordinator. */
  readonly upstream: string | null;
  /** Peer after this one; `null` for the last. */
  readonly downstream: {
    readonly name: string;
    readonly host: string;
    readonly port: number;
    readonly wire: ChainWire;
  } | null;
  /** What arrives: `null` before the first datagram. */
  readonly wire: ChainWire | null;
  /** Id of the stream the figures below count; 0 before the first and on StrandCast's wire. */
  readonly streamId: number;
  /** Newest whole frame's number, -1 before the first. */
  readonly frameNumber: number;
  /** Whole frames since the stream's start (or since the peer joined it). */
  readonly framesReceived: number;
  /** Frames that never became whole. */
  readonly framesLost: number;
  /** Datagrams seen before, dropped. */
  readonly duplicates: number;
  /** Datagrams dropped because they could not be read or did not fit their frame. */
  readonly corrupt: number;
  /** Whole frames whose bytes are no JPEG, dropped. */
  readonly invalidFrames: number;
  /** Frames written to disk. */
  readonly framesSaved: number;
  /** Frames not written: the disk failed or was too slow. */
  readonly framesNotSaved: number;
  /** Datagrams sent on. */
  readonly datagramsForwarded: number;
  /** Datagrams received. */
  readonly datagramsReceived: number;
  /** Payload bytes of whole frames. */
  readonly bytesReceived: number;
  /** Frames a second over the last seconds. */
  readonly fps: number;
  /** Kilobits a second over the last seconds. */
  readonly kbps: number;
  /** Picture size in pixels, 0 before the first frame. */
  readonly width: number;
  /** Picture size in pixels, 0 before the first frame. */
  readonly height: number;
  /** From the upstream's send to this peer's receipt of a frame's last fragment. */
  readonly hopLatency: LatencySummary;
  /** From the coordinator's send to this peer's receipt of a frame's last fragment. */
  readonly chainLatency: LatencySummary;
  /** Frames the coordinator said it sent, once the stream ended; else `null`. */
  readonly framesInStream: number | null;
  /** The hop that leads here, and the sending on. */
  readonly hop?: HopReport;
}

/** One peer as the coordinator sees it. */
export interface ChainPeerView {
  /** The peer's name in the chain. */
  readonly name: string;
  /** Address the peer receives at. */
  readonly host: string;
  /** UDP port the peer receives at. */
  readonly port: number;
  /** `legacy` peers speak StrandCast only and report nothing. */
  readonly state: "live" | "silent" | "legacy";
  /** Wire of the hop that leads to this peer. */
  readonly wire: ChainWire;
  /** The peer's own page, if it serves one. */
  readonly page: string | null;
  /** Milliseconds since its last report; `null` when it never reported. */
  readonly reportAgeMs: number | null;
  /** Its newest report; `null` when it never reported. */
  readonly report: PeerReport | null;
}

/** The whole chain at one moment: what the coordinator's page shows. */
export interface ChainSnapshot {
  /** What is played, as the user named it. */
  readonly source: string;
  /** Where peers register; a loopback address when that is one of several. */
  readonly control: {
    readonly host: string;
    readonly port: number;
  };
  /** `waiting` for a start, `playing`, `ended` when the source ran out or was stopped. */
  readonly state: "waiting" | "playing" | "ended";
  /** Why nothing plays although it should, for the page's banner; else `null`. */
  readonly problem: string | null;
  /** Id of the current stream, 0 before the first. */
  readonly streamId: number;
  /** Newest frame sent, -1 before the first. */
  readonly frameNumber: number;
  /** Frames sent in this stream. */
  readonly framesSent: number;
  /** Frames the source will have, when known. */
  readonly totalFrames: number | null;
  /** Payload bytes sent in this stream. */
  readonly bytesSent: number;
  /** Target frame rate. */
  readonly targetFps: number;
  /** Frames a second over the last seconds. */
  readonly fps: number;
  /** Kilobits a second over the last seconds. */
  readonly kbps: number;
  /** Picture size in pixels, 0 before the first frame. */
  readonly width: number;
  /** Picture size in pixels, 0 before the first frame. */
  readonly height: number;
  /** Seconds since the stream started. */
  readonly elapsedSeconds: number;
  /** The chain in order. */
  readonly peers: readonly ChainPeerView[];
  /** Where the chain is tight, and what is done about it. */
  readonly congestion?: CongestionState;
  /** What the first peer asked for again, and got. */
  readonly sending?: AnswerFigures;
  /** Peers that left or died, newest last, so that the page can say so. */
  readonly departed: readonly {
    readonly name: string;
    readonly reason: string;
    readonly secondsAgo: number;
  }[];
}
