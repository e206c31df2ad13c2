/**
 * A chain that exists in figures only, for tests of its pages: it plays, loses,
 * heals and ends as told, and its figures hang together as real ones do.
 *
 * @module
 */

import type {
  ChainPeerView,
  ChainSnapshot,
  LatencySummary,
  PeerReport,
} from "../../../src/chain/report.ts";

/** What a test may change about a peer. */
export interface MadeUpPeer {
  /** Its name in the chain. */
  name: string;
  /** As in {@linkcode ChainPeerView}. */
  state: ChainPeerView["state"];
  /** Median latency of the hop that leads to it, in milliseconds. */
  hopMs: number;
  /** Frames it lost. */
  lost: number;
  /** Frames it could not save. */
  notSaved: number;
  /** Its own page. */
  page: string | null;
  /** The first frame it got, for one that joined later. */
  since: number;
  /** Overrides of its report. */
  report: Partial<PeerReport>;
}

/** Frames a second of every made-up stream. */
export const FPS = 30;

const FRAME_BYTES = 23_400;
const WIDTH = 640;
const HEIGHT = 360;

/** A summary around a median, as queues make them: a tail to the right. */
function around(p50: number): LatencySummary {
  return { p50, p99: p50 * 3.1, max: p50 * 4.6, count: 150 };
}

const NOTHING: LatencySummary = { p50: 0, p99: 0, max: 0, count: 0 };

/** A chain whose time is told, so that tests and screenshots always show the same. */
export class MadeUpChain {
  /** What plays. */
  source = "fencing-final-2024.mp4";
  /** Where peers would register. */
  control = { host: "127.0.0.1", port: 9000 };
  /** As in {@linkcode ChainSnapshot}. */
  state: ChainSnapshot["state"] = "waiting";
  /** As in {@linkcode ChainSnapshot}. */
  problem: string | null = null;
  /** Frames the source has. */
  totalFrames: number | null = 411;
  /** Newest frame sent. */
  frame = -1;
  /** Peers in chain order. */
  readonly peers: MadeUpPeer[] = [];
  readonly #departed: { name: string; reason: string; at: number }[] = [];

  /** Appends peers of these names. */
  join(...names: string[]): this {
    for (const name of names) {
      this.peers.push({
        name,
        state: "live",
        hopMs: 0.8 + 0.35 * (this.peers.length % 5),
        lost: 0,
        notSaved: 0,
        page: "http://127.0.0.1:1/",
        since: this.frame + 1,
        report: {},
      });
    }
    return this;
  }

  /** The peer of that name. */
  peer(name: string): MadeUpPeer {
    const found = this.peers.find((one) => one.name === name);
    if (found === undefined) throw new Error(`Cannot find peer "${name}"`);
    return found;
  }

  /** A peer dies or goes. */
  leave(name: string, reason: string): void {
    this.peers.splice(this.peers.indexOf(this.peer(name)), 1);
    this.#departed.push({ name, reason, at: performance.now() });
  }

  /** Plays up to frame number `frame`. */
  playTo(frame: number): this {
    this.state = "playing";
    this.frame = frame;
    return this;
  }

  /** What a peer says about itself. */
  report(peer: MadeUpPeer): PeerReport {
    const index = this.peers.indexOf(peer);
    const next = this.peers[index + 1];
    const frames = Math.max(0, this.frame + 1 - peer.since);
    const received = Math.max(0, frames - peer.lost);
    const playing = this.state === "playing" && received > 0;
    const fps = playing ? FPS - 0.1 + 0.2 * Math.sin(this.frame / 9) : 0;
    const chainMs = this.peers.slice(0, index + 1)
      .reduce((sum, { hopMs }) => sum + hopMs, 0);
    return {
      name: peer.name,
      state: playing ? "playing" : this.state === "ended" ? "ended" : "waiting",
      upstream: this.peers[index - 1]?.name ?? null,
      downstream: next === undefined ? null : {
        name: next.name,
        host: "127.0.0.1",
        port: 10_002 + index,
        wire: next.state === "legacy" ? "strandcast" : "binary",
      },
      wire: frames === 0 ? null : "binary",
      streamId: 7,
      frameNumber: this.frame,
      framesReceived: received,
      framesLost: peer.lost,
      duplicates: index === 2 ? 3 : 0,
      corrupt: 0,
      invalidFrames: 0,
      framesSaved: received - peer.notSaved,
      framesNotSaved: peer.notSaved,
      datagramsForwarded: next === undefined ? 0 : received * 18,
      datagramsReceived: received * 18,
      bytesReceived: received * FRAME_BYTES,
      fps,
      kbps: fps * FRAME_BYTES * 8 / 1000,
      width: frames === 0 ? 0 : WIDTH,
      height: frames === 0 ? 0 : HEIGHT,
      hopLatency: frames === 0
        ? NOTHING
        : around(peer.hopMs * (1 + 0.2 * Math.sin(this.frame / 20))),
      chainLatency: frames === 0 ? NOTHING : around(chainMs),
      framesInStream: this.state === "ended" ? this.frame + 1 : null,
      ...peer.report,
    };
  }

  /** The chain at this moment. */
  snapshot(): ChainSnapshot {
    const frames = this.frame + 1;
    const fps = this.state === "playing" && frames > 0
      ? FPS + 0.15 * Math.sin(this.frame / 11)
      : 0;
    return {
      source: this.source,
      control: this.control,
      state: this.state,
      problem: this.problem,
      streamId: this.frame < 0 ? 0 : 7,
      frameNumber: this.frame,
      framesSent: frames,
      totalFrames: this.totalFrames,
      bytesSent: frames * FRAME_BYTES,
      targetFps: FPS,
      fps,
      kbps: fps * FRAME_BYTES * 8 / 1000,
      width: frames === 0 ? 0 : WIDTH,
      height: frames === 0 ? 0 : HEIGHT,
      elapsedSeconds: frames / FPS,
      peers: this.peers.map((peer, index) => ({
        name: peer.name,
        host: "127.0.0.1",
        port: 10_001 + index,
        state: peer.state,
        wire: peer.state === "legacy" ? "strandcast" : "binary",
        page: peer.state === "legacy" ? null : peer.page,
        reportAgeMs: peer.state === "legacy"
          ? null
          : peer.state === "silent"
          ? 3200
          : 240,
        report: peer.state === "legacy" ? null : this.report(peer),
      })),
      departed: this.#departed.map(({ name, reason, at }) => ({
        name,
        reason,
        secondsAgo: (performance.now() - at) / 1000,
      })),
    };
  }
}
