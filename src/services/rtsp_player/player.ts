/**
 * A player: keeps a link to the server, obeys the buttons, tells its figures.
 *
 * @module
 */

import { redact } from "../../log/mod.ts";
import { LiveFrames, nowMicros, sleepUntil } from "../../net/mod.ts";
import type { ServiceContext } from "../context.ts";
import { USER_AGENT } from "./connect.ts";
import { Link } from "./link.ts";
import { mayPass } from "./link_options.ts";
import type { LinkListener, LinkOutcome } from "./link_options.ts";
import type {
  PlayerReport,
  PlayerState,
  RtspPlayerOptions,
} from "./options.ts";
import { PlayerOutputs } from "./outputs.ts";
import { addFigures, NOTHING, type Totals } from "./play_totals.ts";
import { RecentFigures } from "./recent_figures.ts";
import { FrameOnDemand } from "./received_frame.ts";
import type { PlayerFrame } from "./received_frame.ts";
import type { MediaReceiver } from "./receiver.ts";

/** First wait before a lost connection is made anew; doubles up to the longest. */
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 1000;

/** The stream cannot be played; the message says why. */
export class PlayError extends Error {
  override readonly name = "PlayError";
}

/** Plays one URL. */
export class RtspPlayer {
  /** The newest picture. */
  readonly live = new LiveFrames();
  readonly #options: RtspPlayerOptions;
  readonly #context: ServiceContext;
  readonly #outputs: PlayerOutputs;
  readonly #finish = Promise.withResolvers<void>();
  readonly #recent = new RecentFigures();
  #state: PlayerState = "stopped";
  #trouble: string | null = null;
  #dialect: "standard" | "lab" | undefined;
  #transport: "udp" | "tcp" | undefined;
  #encrypted = false;
  #link: Link | undefined;
  /** Its means still hold when its link is gone. */
  #lastReceiver: MediaReceiver | undefined;
  #keeping: Promise<void> | undefined;
  #stopping = new AbortController();
  #everPlayed = false;
  #reconnects = 0;
  #retryMs = FIRST_RETRY_MS;
  #before = NOTHING;
  #duration: number | undefined;
  #nominalFps: number | undefined;
  #position = 0;
  #width = 0;
  #height = 0;
  #durationTimer: ReturnType<typeof setTimeout> | undefined;
  /** Pages that look on: while there is one, the end of the stream is not the player's. */
  #watchers = 0;

  private constructor(
    options: RtspPlayerOptions,
    context: ServiceContext,
    outputs: PlayerOutputs,
  ) {
    this.#options = options;
    this.#context = context;
    this.#outputs = outputs;
    this.#position = options.start ?? 0;
  }

  /**
   * Opens the files; plays after `run`.
   *
   * @throws {MediaError} when a place cannot be written to.
   * @throws {MissingProgramError} when recording needs ffmpeg and there is none.
   */
  static async open(
    options: RtspPlayerOptions,
    context: ServiceContext,
  ): Promise<RtspPlayer> {
    const outputs = await PlayerOutputs.open(options, context.log);
    return new RtspPlayer(options, context, outputs);
  }

  /**
   * Plays until the signal aborts, the duration is over, or the stream has
   * ended with no page looking on.
   *
   * @throws {PlayError} when it cannot be played.
   */
  async run(): Promise<void> {
    const { signal } = this.#context;
    const done = (): void => this.#finish.resolve();
    if (signal.aborted) return;
    signal.addEventListener("abort", done, { once: true });
    this.#open({ paused: false, start: this.#options.start, isFirst: true });
    try {
      await this.#finish.promise;
    } finally {
      signal.removeEventListener("abort", done);
      clearTimeout(this.#durationTimer);
      await this.#hangUp();
    }
  }

  /** Closes the files; gives the last figures. */
  async close(): Promise<PlayerReport> {
    this.live.close();
    await this.#outputs.close();
    return this.report();
  }

  /** SETUP: a session that waits for {@linkcode play}. */
  async setup(): Promise<void> {
    if (this.#keeping !== undefined) return;
    await this.#reopen({ paused: true, start: undefined });
  }

  /** PLAY: on from where it is, or from `from` seconds. */
  async play(from?: number): Promise<void> {
    if (from !== undefined && !this.#seekable) from = undefined;
    if (this.#link !== undefined) {
      this.#link.play(from === undefined ? {} : { from });
    } else if (this.#keeping === undefined) {
      await this.#reopen({ paused: false, start: from ?? 0 });
    }
  }

  /** PAUSE. */
  pause(): void {
    this.#link?.pause();
  }

  /** STOP: TEARDOWN; the player stays. */
  async stop(): Promise<void> {
    await this.#hangUp();
    this.#position = 0;
    this.#set("stopped");
  }

  /** A page looks on until the function given back is called. */
  watch(): () => void {
    this.#watchers++;
    return () => void this.#watchers--;
  }

  get #seekable(): boolean {
    return this.#duration !== undefined && this.#dialect !== "lab";
  }

  /** The figures at this moment. */
  report(): PlayerReport {
    const now = performance.now();
    this.#recent.sample(now, this.#link?.receiver);
    const receiver = this.#link?.receiver ?? this.#lastReceiver;
    const totals = this.#totals();
    return {
      url: redact(this.#options.url),
      state: this.#state,
      trouble: this.#trouble,
      dialect: this.#link?.dialect ?? this.#dialect ?? "standard",
      transport: this.#transport ?? null,
      secure: this.#options.url.startsWith("rtsps:"),
      encrypted: this.#link?.encrypted ?? this.#encrypted,
      frame: totals.frame,
      framesReceived: totals.framesReceived,
      framesLost: totals.framesLost,
      fps: round(this.#recent.fps(now), 2),
      nominalFps: this.#nominalFps ?? null,
      kbps: round(this.#recent.kbps(now), 1),
      bytesReceived: totals.octets,
      packets: totals.packets,
      lossPercent: round(this.#recent.lossPercent(now), 2),
      jitterMs: receiver?.jitterMs === undefined
        ? null
        : round(receiver.jitterMs, 3),
      assemblyMs: round(receiver?.assemblyMs ?? 0, 3),
      latencyMs: receiver?.latencyMs === undefined
        ? null
        : round(receiver.latencyMs, 2),
      driftMs: round(receiver?.driftMs ?? 0, 2),
      position: round(this.#position, 3),
      duration: this.#duration ?? null,
      seekable: this.#seekable,
      width: this.#width,
      height: this.#height,
      framesSaved: this.#outputs.framesSaved,
      framesNotSaved: this.#outputs.framesNotSaved,
      reconnects: this.#reconnects,
    };
  }

  /** Opens for a button: what fails then is told on the page and ends nothing. */
  async #reopen(how: { paused: boolean; start: number | undefined }) {
    await this.#keeping;
    this.#open({ ...how, isFirst: false });
  }

  #open(
    how: { paused: boolean; start: number | undefined; isFirst: boolean },
  ): void {
    this.#stopping = new AbortController();
    this.#trouble = null;
    this.#retryMs = FIRST_RETRY_MS;
    this.#keeping = this.#keep(how)
      .then((error) => {
        if (error === undefined) return;
        this.#trouble = error.message;
        this.#set("failed");
        if (how.isFirst) this.#finish.reject(error);
        else this.#context.log.error(error.message);
      }, (error) => this.#finish.reject(error))
      .finally(() => this.#keeping = undefined);
  }

  /** One link after another until one ends as it should; gives why there is none any more. */
  async #keep(
    how: { paused: boolean; start: number | undefined },
  ): Promise<PlayError | undefined> {
    const { log, emit } = this.#context;
    const stop = this.#stopping.signal;
    let { paused, start } = how;
    this.#set("connecting");
    for (;;) {
      const outcome = await this.#runLink(paused, start);
      if (stop.aborted || outcome.type === "ended") return undefined;
      if (!this.#mayRetry(outcome)) return new PlayError(outcome.message);
      paused = this.#state === "paused" || this.#state === "ready";
      start = this.#seekable ? this.#position : undefined;
      this.#trouble = outcome.message;
      if (this.#state !== "reconnecting") {
        log.warn(`${outcome.message}. Trying again until it is back`);
        emit({ event: "reconnecting", reason: outcome.message });
      }
      this.#set("reconnecting");
      await sleepUntil(nowMicros() + this.#retryMs * 1000, stop);
      this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
      if (stop.aborted) return undefined;
    }
  }

  async #runLink(
    paused: boolean,
    start: number | undefined,
  ): Promise<LinkOutcome> {
    const link = new Link({
      ...this.#options,
      // What was found out once need not be found out again.
      dialect: this.#everPlayed && this.#dialect !== undefined
        ? this.#dialect
        : this.#options.dialect,
      transport: this.#everPlayed && this.#transport === "tcp"
        ? "tcp"
        : this.#options.transport,
      paused,
      start,
      userAgent: USER_AGENT,
    }, this.#listener());
    this.#link = link;
    try {
      return await link.run();
    } finally {
      this.#recent.sample(performance.now(), link.receiver);
      this.#recent.changeReceiver();
      this.#before = this.#totals();
      this.#encrypted = link.encrypted;
      this.#lastReceiver = link.receiver ?? this.#lastReceiver;
      this.#link = undefined;
    }
  }

  #mayRetry(outcome: Extract<LinkOutcome, { type: "failed" }>): boolean {
    return this.#options.reconnect && this.#everPlayed && mayPass(outcome);
  }

  #listener(): LinkListener {
    const { log, emit } = this.#context;
    return {
      described: ({ duration, frameRate }) => {
        this.#duration = duration;
        this.#nominalFps = frameRate;
        if (frameRate !== undefined) this.#outputs.announceRate(frameRate);
      },
      ready: (transport, dialect) => {
        this.#transport = transport;
        this.#dialect = dialect;
        this.#set("ready");
      },
      playing: (from) => this.#onPlaying(from),
      paused: () => {
        this.#recent.pause();
        this.#set("paused");
        emit({ event: "paused", position: this.#position });
      },
      fallback: (to, reason) => {
        log.info(
          `${
            to === "tcp" ? "Turning to TCP" : "Turning to the teaching dialect"
          }: ${reason}`,
        );
        emit({ event: "fallback", to, reason });
      },
      frame: (frame) => this.#onFrame(frame),
      streamEnded: () => this.#onStreamEnd(),
    };
  }

  #onPlaying(from: number | undefined): void {
    const { log, emit } = this.#context;
    if (this.#state === "reconnecting") {
      this.#reconnects++;
      log.info("Connected again");
    }
    this.#everPlayed = true;
    this.#trouble = null;
    this.#retryMs = FIRST_RETRY_MS;
    this.#set("playing");
    if (from !== undefined) this.#position = from;
    emit({
      event: "playing",
      url: redact(this.#options.url),
      transport: this.#transport,
      dialect: this.#dialect,
      from: this.#position,
    });
    const { durationMs } = this.#options;
    if (durationMs !== undefined) {
      this.#durationTimer ??= setTimeout(
        () => this.#finish.resolve(),
        durationMs,
      );
    }
  }

  #onFrame(frame: PlayerFrame): void {
    const now = performance.now();
    this.#recent.addFrame(now, this.#link?.receiver);
    this.#position = frame.mediaTime;
    this.#width = frame.width;
    this.#height = frame.height;
    const number = this.#before.frame + frame.number;
    this.live.publish(
      new FrameOnDemand(frame),
      number,
      Date.now(),
    );
    if (this.#outputs.wanted) this.#outputs.write(frame, number);
  }

  #onStreamEnd(): void {
    const { framesReceived, framesLost } = this.report();
    this.#context.emit({ event: "stream-end", framesReceived, framesLost });
    this.#context.log.info(
      `The stream ended: ${framesReceived} frames received, ${framesLost} lost`,
    );
    if (this.#watchers === 0) {
      this.#finish.resolve();
      return;
    }
    this.#hangUp().then(() => this.#set("ended"));
  }

  /** Ends the link, or the attempt to have one. */
  async #hangUp(): Promise<void> {
    this.#stopping.abort();
    this.#link?.teardown();
    await this.#keeping;
  }

  #set(state: PlayerState): void {
    // Between two attempts the user sees one state, not a flicker of several.
    const stays = this.#state === "reconnecting" && state === "ready";
    if (!stays) this.#state = state;
  }

  #totals(): Totals {
    const receiver = this.#link?.receiver;
    return receiver === undefined
      ? this.#before
      : addFigures(this.#before, receiver);
  }
}

function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
