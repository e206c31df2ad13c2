/**
 * The coordinator's streams: starts and stops the source, and tells of what
 * becomes of it: the peers over their sessions, programs by events, people by
 * the log.
 *
 * @module
 */

import {
  type ChainSnapshot,
  CongestionControl,
  type PeerReport,
  type SessionMessage,
} from "../../chain/mod.ts";
import type { FrameSource, VideoFrame } from "../../media/mod.ts";
import { LiveFrames, nowMicros } from "../../net/mod.ts";
import type { ServiceContext } from "../context.ts";
import { DeliveryWatch, type EndedStream } from "./delivery.ts";
import { FrameCoarsener } from "./frame_coarsener.ts";
import type { ChainCoordinatorOptions } from "./options.ts";
import type { FanSender } from "./fan_sender.ts";
import type { Roster } from "./roster.ts";
import { StreamPlayer, type StreamSnapshot } from "./stream_player.ts";

/** Parity for each lost fragment: two of a group cannot be replaced. */
const PARITY_OF_LOSS = 2;
/** Part of the parity that is sent while nothing is lost: the first loss comes unannounced. */
const LEAST_PARITY = 0.2;

/** What the streams need of the coordinator. */
export interface ChainStreamOptions {
  readonly options: ChainCoordinatorOptions;
  readonly context: ServiceContext;
  /** Who hears of it. */
  readonly roster: Roster;
  /** Sends the frames. */
  readonly sender: FanSender;
  /** Resolves when the chain is ready for the first frame, or as ready as it gets. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
}

/** One stream after another. */
export class ChainStream {
  /** The coordinator's own picture, newest first. */
  readonly live = new LiveFrames();
  readonly #options: ChainCoordinatorOptions;
  readonly #context: ServiceContext;
  readonly #roster: Roster;
  readonly #player: StreamPlayer;
  readonly #delivery: DeliveryWatch;
  readonly #sender: FanSender;
  readonly #congestion: CongestionControl;
  readonly #coarsener = new FrameCoarsener();
  #problem: string | undefined;
  #everPlayed = false;
  #frames = 0;
  #streams = 0;

  /** Plays when told to. */
  constructor({ options, context, roster, sender, ready }: ChainStreamOptions) {
    this.#options = options;
    this.#context = context;
    this.#roster = roster;
    this.#sender = sender;
    this.#congestion = new CongestionControl(options.adapt === true);
    this.#player = new StreamPlayer(options, sender, {
      ready,
      takes: (nowUs) => this.#congestion.take(nowUs),
      fit: (bytes) => this.#fit(bytes),
      frame: (frame, number) => this.#publish(frame, number),
      started: (id, source) => this.#started(id, source),
      ended: (id, frames, error) => this.#ended(id, frames, error),
      failed: (error) => this.#failed(error),
    }, context.log);
    this.#delivery = new DeliveryWatch(
      () => roster.members(),
      (stream) => this.#delivered(stream),
    );
  }

  /** Whether a stream runs. */
  get playing(): boolean {
    return this.#player.playing;
  }

  /** Whether one ever began. */
  get everPlayed(): boolean {
    return this.#everPlayed;
  }

  /** The stream that is being sent; `undefined` before its first frame and after its end. */
  get current(): StreamPlayer["current"] {
    return this.#player.current;
  }

  /** Starts the source from its beginning; nothing happens while it plays. */
  start(): void {
    this.#problem = undefined;
    this.#player.start();
  }

  /** Ends the running stream. */
  async stop(): Promise<void> {
    await this.#player.stop();
  }

  /** The streams' part of what the page shows. */
  snapshot():
    & StreamSnapshot
    & Pick<ChainSnapshot, "state" | "problem" | "congestion" | "sending"> {
    return {
      state: this.playing ? "playing" : this.#everPlayed ? "ended" : "waiting",
      problem: this.#problem ?? null,
      congestion: this.#congestion.state(nowMicros()),
      sending: this.#sender.repairFigures,
      ...this.#player.snapshot(),
    };
  }

  /** A peer reports how the stream arrives. */
  hear(report: PeerReport): void {
    const now = nowMicros();
    const before = this.#congestion.state(now).tightAt;
    this.#congestion.hear(report, now);
    this.#setParity();
    const { tightAt, share } = this.#congestion.state(now);
    if (tightAt === null || tightAt === before) return;
    this.#context.log.warn(
      `The hop to ${tightAt} does not carry all of the stream`,
      { share: share.toFixed(2) },
    );
    this.#context.emit({ event: "tight", peer: tightAt, share });
  }

  /** The picture as the tightest hop carries it. */
  #fit(bytes: Uint8Array): Uint8Array {
    const { detail } = this.#congestion.state(nowMicros());
    const coarse = this.#coarsener.coarsen(bytes, detail);
    if (coarse !== undefined) return coarse;
    this.#congestion.keepDetail();
    return bytes;
  }

  /** As much parity as twice the worst hop's loss, within what was asked for. */
  #setParity(): void {
    const most = this.#options.parityPercent ?? 0;
    const wanted = this.#congestion.loss * 100 * PARITY_OF_LOSS;
    const least = most * LEAST_PARITY;
    this.#sender.parityPercent = Math.min(most, Math.max(least, wanted));
  }

  /** Somebody reported or left: looks whether the end has reached everybody. */
  checkDelivery(): void {
    this.#delivery.check();
  }

  /** Ends the running stream and gives the totals. */
  async close(): Promise<{ frames: number; streams: number }> {
    await this.#player.stop();
    this.#delivery.cancel();
    this.live.close();
    return { frames: this.#frames, streams: this.#streams };
  }

  #tellEverybody(message: SessionMessage): void {
    for (const { session } of this.#roster.members()) session?.send(message);
  }

  #publish(frame: VideoFrame, number: number): void {
    this.live.publish(
      { bytes: frame.bytes, retain() {}, release() {} },
      number,
      Date.now(),
    );
  }

  #started(streamId: number, source: FrameSource): void {
    this.#delivery.cancel();
    this.#congestion.reset();
    this.#coarsener.reset();
    this.#setParity();
    this.#everPlayed = true;
    this.#streams++;
    this.#tellEverybody({ type: "started", streamId, fps: source.fps });
    this.#context.log.info(`Playing ${source.label}`, {
      size: `${source.width}x${source.height}`,
      fps: source.fps,
    });
    this.#context.emit({
      event: "stream-start",
      stream: streamId,
      source: source.label,
      fps: source.fps,
      width: source.width,
      height: source.height,
      totalFrames: source.totalFrames ?? null,
    });
  }

  #ended(streamId: number, frames: number, error: unknown): void {
    this.#frames += frames;
    if (error !== undefined) this.#complain(error);
    this.#context.log.info(`The stream ended after ${frames} frames`);
    this.#context.emit({
      event: "stream-end",
      stream: streamId,
      frames,
      error: this.#problem ?? null,
    });
    this.#tellEverybody({ type: "end", streamId, frames });
    this.#delivery.begin({ streamId, frames });
  }

  /** Nothing was sent, so peers hear nothing. */
  #failed(error: unknown): void {
    if (error !== undefined) this.#complain(error);
    this.#context.emit({
      event: "stream-end",
      stream: 0,
      frames: 0,
      error: this.#problem ?? null,
    });
  }

  #complain(error: unknown): void {
    this.#problem = error instanceof Error ? error.message : String(error);
    this.#context.log.error(this.#problem);
  }

  #delivered({ streamId, frames }: EndedStream): void {
    this.#context.emit({
      event: "delivered",
      stream: streamId,
      frames,
      peers: this.#roster.topology.list().map(({ name }) =>
        this.#roster.member(name)?.report ?? { name }
      ),
    });
  }
}
