/**
 * One connection to a server: does what the player's core asks for, with real
 * sockets and timers.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import {
  closeQuietly,
  connectTcp,
  DatagramBatch,
  MAX_DATAGRAM_BYTES,
  resolveHost,
  writeAll,
} from "../../net/mod.ts";
import type { UdpAddress, UdpSocket } from "../../net/mod.ts";
import {
  RtcpSchedule,
  RTP_HEADER_LENGTH,
  writeRtpHeader,
} from "../../rtp/mod.ts";
import { ClientSession, encodeInterleaved } from "../../rtsp/mod.ts";
import type {
  ClientAction,
  ClientFailure,
  ClientOptions,
  ClientTrack,
  PlayWish,
} from "../../rtsp/mod.ts";
import {
  findJpegMedia,
  mediaDimensions,
  mediaFrameRate,
} from "../../sdp/mod.ts";
import type { RtspPlayerOptions } from "./options.ts";
import { MediaReceiver } from "./receiver.ts";
import type { PlayerFrame } from "./receiver.ts";
import { openUdpPair } from "./udp_pair.ts";
import type { UdpPair } from "./udp_pair.ts";

/** Milliseconds a connection may take to open; ffmpeg waits 5 s as well. */
const CONNECT_TIMEOUT_MS = 5000;

/** Bytes read at a time: a few frames of a busy interleaved stream. */
const READ_BYTES = 64 * 1024;

/** Datagrams taken from the system at once: a frame of 20 KB. */
const BATCH_DATAGRAMS = 16;

/** Milliseconds in which what was written may still leave before a connection is closed. */
const GOODBYE_MS = 500;

/** Bits a second that the report interval is computed for: a common camera's. */
const SESSION_BANDWIDTH = 4_000_000;

/** Milliseconds after the first packet when the first report goes out. */
const FIRST_REPORT_MS = 1000;

/** Milliseconds without a packet at a stream's very end after which it is over: not every server says so. */
const END_SILENCE_MS = 1000;

/** Seconds before the stated duration that count as its end. */
const END_MARGIN = 0.5;

/** How a link ended. */
export type LinkOutcome =
  | { readonly type: "ended" }
  | {
    readonly type: "failed";
    readonly failure: ClientFailure;
    readonly message: string;
    readonly status: number | undefined;
  };

/** Whom a link tells. */
export interface LinkListener {
  described(info: {
    duration: number | undefined;
    frameRate: number | undefined;
  }): void;
  /** The way packets come is settled. */
  ready(transport: "udp" | "tcp", dialect: "standard" | "lab"): void;
  playing(from: number | undefined): void;
  paused(): void;
  fallback(to: "tcp" | "lab", reason: string): void;
  frame(frame: PlayerFrame): void;
  /** The server said goodbye, or the end is reached. */
  streamEnded(): void;
}

/** What a link is told. */
export interface LinkOptions extends
  Pick<
    RtspPlayerOptions,
    | "url"
    | "transport"
    | "dialect"
    | "rtpPort"
    | "latencyMs"
    | "username"
    | "password"
    | "caCerts"
  > {
  /** Seconds to begin at; `undefined` for the beginning, or now. */
  readonly start: number | undefined;
  /** Stop after SETUP. */
  readonly paused: boolean;
  readonly userAgent: string;
  readonly log: Logger;
}

/** One session with a server, from its first to its last request. */
export class Link {
  readonly #options: LinkOptions;
  readonly #listener: LinkListener;
  readonly #session: ClientSession;
  readonly #outcome = Promise.withResolvers<LinkOutcome>();
  readonly #background = new Set<Promise<void>>();
  readonly #cname = `streamtool-${crypto.randomUUID().slice(0, 8)}`;
  #connection: Deno.Conn | undefined;
  #writing: Promise<void> = Promise.resolve();
  #ports: UdpPair | undefined;
  #receiver: MediaReceiver | undefined;
  #reports: RtcpSchedule | undefined;
  #sendReport: ((bytes: Uint8Array) => void) | undefined;
  #serverHost = "";
  /** Address that packets must come from. */
  #source = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;
  #lastPacketAt: number | undefined;
  #duration: number | undefined;
  #start: number;
  #streamEnded = false;
  #over = false;

  /** @throws {RtspProtocolError} when the URL is none. */
  constructor(options: LinkOptions, listener: LinkListener) {
    this.#options = options;
    this.#listener = listener;
    this.#start = options.start ?? 0;
    const { username, password, start } = options;
    this.#session = new ClientSession(
      options.url,
      {
        transport: options.transport,
        dialect: options.dialect,
        paused: options.paused,
        userAgent: options.userAgent,
        random: (length) => crypto.getRandomValues(new Uint8Array(length)),
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(start === undefined ? {} : { start }),
      } satisfies ClientOptions,
    );
  }

  /** The figures' source; `undefined` before the server has described anything. */
  get receiver(): MediaReceiver | undefined {
    return this.#receiver;
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
    this.#closePorts();
    this.#dropConnection();
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
    if (this.#reports !== undefined && this.#receiver !== undefined) {
      this.#sendReport?.(this.#receiver.report(now, this.#cname, true));
    }
    this.#receiver?.end(now, Date.now());
    this.#perform(this.#session.teardown(now));
  }

  #perform(actions: readonly ClientAction[]): void {
    for (const action of actions) {
      if (this.#over) return;
      this.#do(action);
    }
    this.#arm();
  }

  #do(action: ClientAction): void {
    switch (action.type) {
      case "connect":
        this.#dropConnection();
        this.#run(this.#connect(action));
        return;
      case "send":
        this.#write(action.bytes);
        return;
      case "openPorts":
        this.#openPorts();
        return;
      case "closePorts":
        this.#closePorts();
        return;
      case "described":
        this.#describe(action);
        return;
      case "transport":
        this.#settle(action);
        return;
      case "playing": {
        const from = action.from ?? this.#start;
        this.#receiver?.begin(from, action.sequence, action.timestamp);
        this.#lastPacketAt = undefined;
        this.#listener.playing(from);
        return;
      }
      case "paused":
        this.#start = this.#receiver?.mediaTime ?? this.#start;
        this.#listener.paused();
        return;
      case "rtp":
        this.#takeRtp(action.bytes);
        return;
      case "rtcp":
        this.#takeRtcp(action.bytes);
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
    this.#receiver?.end(performance.now(), Date.now());
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

  async #connect(
    { host, port, secure }: Extract<ClientAction, { type: "connect" }>,
  ): Promise<void> {
    let connection: Deno.Conn;
    try {
      connection = secure
        ? await this.#connectTls(host, port)
        : await connectTcp(await resolveHost(host), port, CONNECT_TIMEOUT_MS);
    } catch (error) {
      if (this.#over) return;
      this.#perform(
        this.#session.disconnected(explain(error), performance.now()),
      );
      return;
    }
    if (this.#over) {
      closeQuietly(connection);
      return;
    }
    if ("setNoDelay" in connection) {
      (connection as Deno.TcpConn).setNoDelay(true);
    }
    this.#connection = connection;
    this.#serverHost = (connection.remoteAddr as Deno.NetAddr).hostname;
    this.#perform(this.#session.connected(performance.now()));
    await this.#read(connection);
  }

  async #connectTls(host: string, port: number): Promise<Deno.Conn> {
    const plain = await connectTcp(
      await resolveHost(host),
      port,
      CONNECT_TIMEOUT_MS,
    );
    const timer = setTimeout(() => closeQuietly(plain), CONNECT_TIMEOUT_MS);
    try {
      const secure = await Deno.startTls(plain, {
        hostname: host,
        caCerts: [...this.#options.caCerts],
      });
      await secure.handshake();
      return secure;
    } catch (error) {
      closeQuietly(plain);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #read(connection: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    let reason = "the server closed the connection";
    try {
      for (;;) {
        const count = await connection.read(buffer);
        if (count === null) break;
        if (this.#connection !== connection || this.#over) return;
        this.#perform(
          this.#session.receive(buffer.subarray(0, count), performance.now()),
        );
      }
    } catch (error) {
      reason = explain(error);
    }
    if (this.#connection !== connection || this.#over) return;
    this.#perform(this.#session.disconnected(reason, performance.now()));
  }

  #write(bytes: Uint8Array): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#writing = this.#writing
      .then(() => writeAll(connection, bytes))
      // The reading side sees a broken connection and says so.
      .catch(() => {});
  }

  /** Closes when what was written has left, or soon. */
  #dropConnection(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    const written = this.#writing;
    this.#writing = Promise.resolve();
    this.#run((async () => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, GOODBYE_MS);
      });
      await Promise.race([written, late]);
      clearTimeout(timer);
      closeQuietly(connection);
    })());
  }

  #openPorts(): void {
    this.#closePorts();
    const connection = this.#connection;
    const now = performance.now();
    try {
      if (connection === undefined) throw new Deno.errors.NotConnected();
      // The address that the server sees us at, and no other, is listened on.
      const { hostname } = connection.localAddr as Deno.NetAddr;
      const pair = openUdpPair(hostname, this.#options.rtpPort);
      this.#ports = pair;
      this.#source = this.#serverHost;
      this.#run(this.#receive(pair.rtp, (bytes) => {
        this.#session.mediaReceived(performance.now());
        this.#takeRtp(bytes);
        this.#arm();
      }));
      this.#run(this.#receive(pair.rtcp, (bytes) => {
        this.#takeRtcp(bytes);
        this.#arm();
      }));
      this.#perform(
        this.#session.portsOpened(
          [pair.rtp.address.port, pair.rtcp.address.port],
          now,
        ),
      );
    } catch (error) {
      this.#perform(this.#session.portsFailed(explain(error), now));
    }
  }

  #closePorts(): void {
    this.#ports?.rtp.close();
    this.#ports?.rtcp.close();
    this.#ports = undefined;
  }

  async #receive(
    socket: UdpSocket,
    take: (bytes: Uint8Array) => void,
  ): Promise<void> {
    const batch = new DatagramBatch(BATCH_DATAGRAMS, MAX_DATAGRAM_BYTES + 1);
    while (await socket.receive(batch)) {
      for (let i = 0; i < batch.count && !this.#over; i++) {
        if (batch.sources[i]?.hostname !== this.#source) continue;
        take(batch.datagram(i));
      }
    }
  }

  #describe(
    { description, track, duration }: Extract<
      ClientAction,
      { type: "described" }
    >,
  ): void {
    const media = findJpegMedia(description)?.media;
    const frameRate = media === undefined ? undefined : mediaFrameRate(media);
    this.#duration = duration;
    this.#receiver ??= this.#newReceiver(
      track,
      frameRate,
      media === undefined ? undefined : mediaDimensions(media),
    );
    this.#listener.described({ duration, frameRate });
  }

  #newReceiver(
    track: Pick<ClientTrack, "clockRate" | "payloadType">,
    frameRate: number | undefined,
    dimensions: { width: number; height: number } | undefined,
  ): MediaReceiver {
    return new MediaReceiver({
      dialect: this.dialect,
      latencyMs: this.#options.latencyMs,
      clockRate: track.clockRate,
      payloadType: track.payloadType,
      dimensions,
      frameRate,
      ssrc: crypto.getRandomValues(new Uint32Array(1))[0]!,
      onFrame: (frame) => this.#listener.frame(frame),
    });
  }

  #settle({ transport }: Extract<ClientAction, { type: "transport" }>): void {
    this.#reports = undefined;
    switch (transport.kind) {
      case "lab":
        this.#receiver = this.#newReceiver(
          { clockRate: LAB_CLOCK_RATE, payloadType: LAB_PAYLOAD_TYPE },
          undefined,
          undefined,
        );
        this.#listener.ready("udp", "lab");
        return;
      case "tcp": {
        const [, channel] = transport.channels;
        this.#sendReport = (bytes) =>
          this.#write(encodeInterleaved(channel, bytes));
        this.#startReports();
        this.#listener.ready("tcp", "standard");
        return;
      }
      case "udp": {
        const hostname = transport.source ?? this.#serverHost;
        this.#source = hostname;
        const [rtpPort, rtcpPort] = transport.serverPorts ?? [];
        const pair = this.#ports;
        this.#sendReport = (bytes) => {
          if (rtcpPort === undefined || pair === undefined) return;
          const to: UdpAddress = { hostname, port: rtcpPort };
          this.#run(pair.rtcp.sendOne(bytes, to));
        };
        if (rtpPort !== undefined && pair !== undefined) {
          // Opens the way in through firewalls on this side.
          this.#run(
            pair.rtp.sendOne(emptyRtpPacket(), { hostname, port: rtpPort }),
          );
          this.#sendReport(
            this.#receiver!.report(performance.now(), this.#cname),
          );
        }
        this.#startReports();
        this.#listener.ready("udp", "standard");
        return;
      }
    }
  }

  #startReports(): void {
    this.#reports = new RtcpSchedule({
      weSend: false,
      bandwidth: SESSION_BANDWIDTH,
      firstAt: performance.now() + FIRST_REPORT_MS,
    });
  }

  #takeRtp(bytes: Uint8Array): void {
    const now = performance.now();
    this.#lastPacketAt = now;
    this.#receiver?.receiveRtp(bytes, now, Date.now());
  }

  #takeRtcp(bytes: Uint8Array): void {
    const said = this.#receiver?.receiveRtcp(bytes, performance.now());
    if (said === "bye") this.#endStream();
  }

  #endStream(): void {
    if (this.#streamEnded) return;
    this.#streamEnded = true;
    this.#session.mediaEnded();
    this.#receiver?.end(performance.now(), Date.now());
    this.#listener.streamEnded();
  }

  /** When a stream that has played to its stated end is over. */
  #endAt(): number | undefined {
    const receiver = this.#receiver;
    const duration = this.#duration;
    if (
      this.#streamEnded || duration === undefined || receiver === undefined ||
      this.#lastPacketAt === undefined || this.#session.state !== "playing" ||
      receiver.mediaTime < duration - END_MARGIN
    ) return undefined;
    return this.#lastPacketAt + END_SILENCE_MS;
  }

  /** One timer for all that time asks for; it may ring too early, never too late. */
  #arm(): void {
    if (this.#over) return;
    const at = Math.min(
      this.#session.nextTimeoutAt() ?? Infinity,
      this.#receiver?.nextTimeoutAt() ?? Infinity,
      this.#reports?.nextTimeoutAt() ?? Infinity,
      this.#endAt() ?? Infinity,
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
    this.#receiver?.handleTimeout(now, Date.now());
    const reports = this.#reports;
    if (
      reports !== undefined && this.#receiver !== undefined &&
      reports.nextTimeoutAt() <= now
    ) {
      const bytes = this.#receiver.report(now, this.#cname);
      this.#sendReport?.(bytes);
      reports.sent(bytes.length, now, Math.random());
    }
    if ((this.#endAt() ?? Infinity) <= now) this.#endStream();
    this.#perform(this.#session.handleTimeout(now));
  }
}

/** The teaching dialect says nothing of clocks; packets bear this type. */
const LAB_PAYLOAD_TYPE = 26;
const LAB_CLOCK_RATE = 90_000;

function emptyRtpPacket(): Uint8Array {
  const packet = new Uint8Array(RTP_HEADER_LENGTH);
  writeRtpHeader(packet, 0, {
    payloadType: LAB_PAYLOAD_TYPE,
    marker: false,
    sequence: 0,
    timestamp: 0,
    ssrc: 0,
  });
  return packet;
}

function explain(error: unknown): string {
  if (error instanceof Deno.errors.ConnectionRefused) {
    return "nobody listens there";
  }
  if (error instanceof Deno.errors.TimedOut) return "it does not answer";
  if (
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted
  ) return "the server closed the connection";
  const { message } = error as Error;
  if (
    /UnknownIssuer|CaUsedAsEndEntity|NotValidForName|certificate/i.test(message)
  ) {
    return `its certificate is not trusted (${message}). Pass --ca FILE with the certificate to trust`;
  }
  return message;
}
