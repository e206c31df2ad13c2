/**
 * One viewer: a way through a media, joined to a way to the player.
 *
 * @module
 */

import type { Dialect, ServerAnswer } from "../../rtsp/mod.ts";
import type { CatalogEntry } from "./catalog.ts";
import type { MediaOutput, OutputFigures } from "./output.ts";
import type { PackedFrame } from "./packed_frame.ts";
import {
  type FrameSink,
  isRefusal,
  type Playback,
  type PlayWish,
} from "./playback.ts";
import type { SessionReport } from "./report.ts";

/** What is known of a viewer from its SETUP. */
export interface ViewerFacts {
  readonly id: string;
  readonly entry: CatalogEntry;
  readonly dialect: Dialect;
  readonly transport: SessionReport["transport"];
  readonly secure: boolean;
  readonly address: string;
  readonly user: string | undefined;
}

/** Hears when a viewer begins and stops to watch. */
export type PlayListener = (
  event: "play" | "stop",
  session: ViewerSession,
) => void;

const NOTHING: OutputFigures = {
  framesSent: 0,
  framesSkipped: 0,
  packetsSent: 0,
  bytesSent: 0,
  receiver: undefined,
};

/** One viewer's session. */
export class ViewerSession implements FrameSink {
  readonly playback: Playback;
  readonly #listener: PlayListener;
  readonly #since = performance.now();
  #facts: ViewerFacts;
  #output: MediaOutput | undefined;
  #state: SessionReport["state"] = "ready";
  #watching = false;
  /** What outputs that were replaced had sent. */
  #before: OutputFigures = NOTHING;
  #sampledAt = performance.now();
  #sampled: OutputFigures = NOTHING;
  #fps = 0;
  #kbps = 0;

  /** At the beginning of what `open` opens, without an output. */
  constructor(
    facts: ViewerFacts,
    listener: PlayListener,
    open: (sink: FrameSink) => Playback,
  ) {
    this.#facts = facts;
    this.#listener = listener;
    this.playback = open(this);
  }

  /** What is known of it. */
  get facts(): ViewerFacts {
    return this.#facts;
  }

  /** Where frames go from now on; one before is closed. */
  connect(output: MediaOutput, facts: ViewerFacts): void {
    if (this.#output !== undefined) {
      this.#before = this.figures();
      this.#output.close();
    }
    this.#output = output;
    this.#facts = facts;
  }

  /** A frame is due. */
  frame(frame: PackedFrame, timestamp: number): void {
    this.#output?.frame(frame, timestamp);
  }

  /** The media is over. */
  ended(): void {
    this.#state = "ended";
    this.#output?.ended();
    this.#watch(false);
  }

  /** Gets ready to play. */
  play(wish: PlayWish): ServerAnswer {
    const output = this.#output;
    if (output === undefined) {
      return { type: "refused", status: 455 };
    }
    const start = this.playback.begin(wish);
    if (isRefusal(start)) return { type: "refused", ...start };
    output.flush();
    if (start.sequence !== undefined) output.join(start.sequence);
    const { timestamp } = start;
    const { sequence } = output;
    return {
      type: "playing",
      tracks: timestamp === undefined
        ? []
        : [{ track: 0, sequence, timestamp }],
      from: start.from,
      ...(start.to === undefined ? {} : { to: start.to }),
      scale: start.scale,
      speed: start.speed,
    };
  }

  /** The answer to PLAY is out. */
  start(): void {
    this.#state = "playing";
    this.playback.start();
    this.#watch(true);
  }

  /** Frames stop; the position stays. */
  pause(): void {
    this.playback.pause();
    this.#output?.flush();
    this.#state = "ready";
    this.#watch(false);
  }

  /** Reads the viewer's reports; `false` when they are none. */
  receiveReports(bytes: Uint8Array): boolean {
    return this.#output?.receiveReports(bytes) ?? false;
  }

  /** Says goodbye, lets go of media and output. */
  close(): void {
    this.playback.close();
    this.#output?.close();
    this.#watch(false);
  }

  /** Everything sent so far. */
  figures(): OutputFigures {
    const now = this.#output?.figures() ?? NOTHING;
    const before = this.#before;
    return {
      framesSent: before.framesSent + now.framesSent,
      framesSkipped: before.framesSkipped + now.framesSkipped,
      packetsSent: before.packetsSent + now.packetsSent,
      bytesSent: before.bytesSent + now.bytesSent,
      receiver: now.receiver,
    };
  }

  /** Works out the rates since the last call. */
  sample(now: number): void {
    const seconds = (now - this.#sampledAt) / 1000;
    const figures = this.figures();
    this.#fps = (figures.framesSent - this.#sampled.framesSent) / seconds;
    this.#kbps = (figures.bytesSent - this.#sampled.bytesSent) * 8 / 1000 /
      seconds;
    this.#sampledAt = now;
    this.#sampled = figures;
  }

  /** For the API. */
  report(): SessionReport {
    const { id, entry, dialect, transport, secure, address, user } =
      this.#facts;
    const { receiver, ...figures } = this.figures();
    return {
      id,
      stream: entry.path.slice(1),
      dialect,
      transport,
      secure,
      address,
      user: user ?? null,
      state: this.#state,
      seconds: (performance.now() - this.#since) / 1000,
      position: this.playback.position ?? null,
      ...figures,
      fps: this.#fps,
      kbps: this.#kbps,
      fractionLost: receiver?.fractionLost ?? null,
      packetsLost: receiver?.cumulativeLost ?? null,
      jitterMs: receiver?.jitter ?? null,
      roundTripMs: receiver?.roundTripTime ?? null,
    };
  }

  #watch(watching: boolean): void {
    if (watching === this.#watching) return;
    this.#watching = watching;
    this.#listener(watching ? "play" : "stop", this);
  }
}
