/**
 * One connection to a server: does what the player's core asks for, with real
 * sockets and timers.
 *
 * @module
 */

import { RtpProtocolError } from "../../rtp/mod.ts";
import { ClientSession } from "../../rtsp/mod.ts";
import type { ClientAction, ClientOptions, PlayWish } from "../../rtsp/mod.ts";
import { explainConnection } from "./connect.ts";
import { LinkConnection } from "./link_connection.ts";
import { LinkMedia } from "./link_media.ts";
import type { LinkListener, LinkOptions, LinkOutcome } from "./link_options.ts";
import type { MediaReceiver } from "./receiver.ts";

/** One session with a server, from its first to its last request. */
export class Link {
  readonly #options: LinkOptions;
  readonly #listener: LinkListener;
  readonly #session: ClientSession;
  readonly #outcome = Promise.withResolvers<LinkOutcome>();
  readonly #background = new Set<Promise<void>>();
  readonly #media: LinkMedia;
  readonly #connection: LinkConnection;
  #serverHost = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;
  /** When the bytes came that are being read. */
  #readAt = 0;
  #start: number;
  #streamEnded = false;
  #over = false;

  /** @throws {RtspProtocolError} when the URL is none. */
  constructor(options: LinkOptions, listener: LinkListener) {
    this.#options = options;
    this.#listener = listener;
    this.#start = options.start ?? 0;
    const { username, password, start } = options;
    this.#connection = new LinkConnection({
      connected: () => {
        this.#serverHost = this.#connection.serverHost ?? "";
        this.#perform(this.#session.connected(performance.now()));
      },
      received: (bytes, now) => {
        this.#readAt = now;
        this.#perform(this.#session.receive(bytes, now));
      },
      disconnected: (reason) =>
        this.#perform(this.#session.disconnected(reason, performance.now())),
    });
    this.#media = new LinkMedia({
      latencyMs: options.latencyMs,
      rtpPort: options.rtpPort,
      write: (bytes) => this.#connection.write(bytes),
      run: (task) => this.#run(task),
      onFrame: (frame) => this.#listener.frame(frame),
      onPackets: (now) => {
        this.#session.mediaReceived(now);
        this.#armForMedia();
      },
      onBye: () => this.#endStream(),
    });
    this.#session = new ClientSession(
      options.url,
      {
        transport: options.transport,
        dialect: options.dialect,
        paused: options.paused,
        userAgent: options.userAgent,
        random: (length) => crypto.getRandomValues(new Uint8Array(length)),
        keyManagement: () => this.#media.keyManagement,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(start === undefined ? {} : { start }),
      } satisfies ClientOptions,
    );
  }

  /** The figures' source; `undefined` before the server has described anything. */
  get receiver(): MediaReceiver | undefined {
    return this.#media.receiver;
  }

  /** Whether packets come encrypted. */
  get encrypted(): boolean {
    return this.#media.encrypted;
  }

  /** Which dialect is spoken at the moment. */
  get dialect(): "standard" | "lab" {
    return this.#session.dialect;
  }

  /** Runs until all is over, and owns nothing then. */
  async run(): Promise<LinkOutcome> {
    this.#perform(this.#session.start(performance.now()));
    const outcome = await this.#outcome.promise;
    clearTimeout(this.#timer);
    this.#media.close();
    this.#run(this.#connection.drop());
    await Promise.all(this.#background);
    return outcome;
  }

  /** Plays on, or from elsewhere. */
  play(wish: PlayWish): void {
    if (wish.from !== undefined) this.#start = wish.from;
    this.#streamEnded = false;
    this.#perform(this.#session.play(wish, performance.now()));
  }

  /** Pauses. */
  pause(): void {
    this.#perform(this.#session.pause(performance.now()));
  }

  /** Says goodbye; `run` resolves when the server has answered, or soon. */
  teardown(): void {
    if (this.#over) return;
    // The server's goodbye that follows is the answer to ours.
    this.#streamEnded = true;
    const now = performance.now();
    this.#media.sayGoodbye(now);
    this.#perform(this.#session.teardown(now));
  }

  #perform(actions: readonly ClientAction[]): void {
    let isOnlyMedia = actions.length > 0;
    for (const action of actions) {
      if (this.#over) return;
      isOnlyMedia &&= action.type === "rtp" || action.type === "rtcp";
      this.#do(action);
    }
    if (isOnlyMedia) this.#armForMedia();
    else this.#arm();
  }

  #do(action: ClientAction): void {
    switch (action.type) {
      case "connect": {
        const { caCerts } = this.#options;
        this.#run(this.#connection.drop());
        this.#run(this.#connection.connect({ ...action, caCerts }));
        return;
      }
      case "send":
        this.#connection.write(action.bytes);
        return;
      case "openPorts":
        this.#openPorts();
        return;
      case "closePorts":
        this.#media.closePorts();
        return;
      case "redirected":
        this.#follow();
        return;
      case "described":
        this.#describe(action);
        return;
      case "transport":
        this.#settle(action);
        return;
      case "playing": {
        const from = action.from ?? this.#start;
        this.#media.begin(from, action.sequence, action.timestamp);
        this.#listener.playing(from);
        return;
      }
      case "paused":
        this.#start = this.receiver?.mediaTime ?? this.#start;
        this.#listener.paused();
        return;
      case "rtp":
        this.#media.takeRtp(action.bytes, this.#readAt, Date.now());
        return;
      case "rtcp":
        this.#media.takeRtcp(action.bytes, this.#readAt);
        return;
      case "fallback":
        this.#listener.fallback(action.to, action.reason);
        return;
      case "ended":
        this.#end({ type: "ended" });
        return;
      case "failed":
        this.#end({
          type: "failed",
          failure: action.failure,
          message: action.message,
          status: action.status,
        });
        return;
    }
  }

  #end(outcome: LinkOutcome): void {
    this.#over = true;
    this.#media.end(performance.now());
    this.#outcome.resolve(outcome);
  }

  /** Something that goes on beside; a fault in it ends the link, and is not lost. */
  #run(task: Promise<void>): void {
    const guarded = task
      .catch((error) => {
        this.#over = true;
        this.#outcome.reject(error);
      })
      .finally(() => this.#background.delete(guarded));
    this.#background.add(guarded);
  }

  #openPorts(): void {
    const now = performance.now();
    try {
      // The address that the server sees us at, and no other, is listened on.
      const local = this.#connection.localHost;
      if (local === undefined) throw new Deno.errors.NotConnected();
      const ports = this.#media.openPorts(
        local,
        this.#serverHost,
        this.dialect,
      );
      this.#perform(this.#session.portsOpened(ports, now));
    } catch (error) {
      this.#perform(
        this.#session.portsFailed(explainConnection(error), now),
      );
    }
  }

  #describe(action: Extract<ClientAction, { type: "described" }>): void {
    const { duration } = action;
    this.#withKeys(() => {
      const frameRate = this.#media.describe(action);
      this.#listener.described({ duration, frameRate });
    });
  }

  #settle(action: Extract<ClientAction, { type: "transport" }>): void {
    const { kind } = action.transport;
    this.#withKeys(() => {
      this.#media.settle(action, this.#serverHost);
      if (kind === "lab") this.#listener.ready("udp", "lab");
      else this.#listener.ready(kind, "standard");
    });
  }

  /** Keys that cannot be used end the link. */
  #withKeys(use: () => void): void {
    try {
      use();
    } catch (error) {
      if (!(error instanceof RtpProtocolError)) throw error;
      this.#end({
        type: "failed",
        failure: "protocol",
        message: error.message,
        status: undefined,
      });
    }
  }

  #endStream(): void {
    if (this.#streamEnded) return;
    this.#streamEnded = true;
    this.#session.mediaEnded();
    this.#media.end(performance.now());
    this.#listener.streamEnded();
  }

  /** Elsewhere a film goes on where it is. */
  #follow(): void {
    const isFilm = this.#media.hasDuration;
    const at = this.receiver?.mediaTime;
    if (isFilm && at !== undefined && this.#session.state !== "ended") {
      this.#start = at;
      this.#session.play({ from: at }, performance.now());
    }
  }

  /** When a stream that has played to its stated end is over. */
  #endAt(): number {
    return this.#streamEnded || this.#session.state !== "playing"
      ? Infinity
      : this.#media.endAt();
  }

  /**
   * Packets came: what the session waits for is only later now, so the timer
   * is looked at for what packets themselves ask for. This runs for every
   * packet or two: a few comparisons are what it may cost.
   */
  #armForMedia(): void {
    const at = Math.min(this.#media.nextTimeoutAt(), this.#endAt());
    if (at < this.#timerAt) this.#arm();
  }

  /** One timer for all that time asks for; it may ring too early, never too late. */
  #arm(): void {
    if (this.#over) return;
    const at = Math.min(
      this.#session.nextTimeoutAt() ?? Infinity,
      this.#media.nextTimeoutAt(),
      this.#endAt(),
    );
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(
      () => this.#ring(),
      Math.max(0, at - performance.now()),
    );
  }

  #ring(): void {
    this.#timerAt = Infinity;
    if (this.#over) return;
    const now = performance.now();
    this.#media.handleTimeout(now);
    if (this.#endAt() <= now) this.#endStream();
    this.#perform(this.#session.handleTimeout(now));
  }
}
