/**
 * A peer of the chain: its ports, its place and its files.
 *
 * @module
 */

import {
  checkPeerName,
  forged,
  type NextHop,
  type PeerReport,
  type RegisterAnswer,
  type RelayFrame,
  type SessionMessage,
} from "../../chain/mod.ts";
import { FloodCounter } from "../../log/mod.ts";
import {
  formatHostPort,
  listenOrExplain,
  LiveFrames,
  openUdpSocket,
  type TcpServer,
  udpPathText,
  type UdpSocket,
} from "../../net/mod.ts";
import { plainAddress, whyUnreachable } from "../chain/addresses.ts";
import { datagramSeal } from "../chain/nonce.ts";
import type { ServiceContext } from "../context.ts";
import { serveControlPort } from "./control_port.ts";
import { ChainTermsError, CoordinatorLink } from "./coordinator_link.ts";
import type { ChainPeerOptions } from "./options.ts";
import { FrameOutputs } from "./outputs.ts";
import { PeerLog } from "./peer_log.ts";
import { defaultControlPort, defaultUdpPort } from "./ports.ts";
import { RelayLoop } from "./relay_loop.ts";

/** How often the coordinator hears of a peer; three missing reports mean death. */
const REPORT_INTERVAL_MS = 250;
/** Every so many frames the log file tells of one, as the documents show it. */
const LOG_EVERY_FRAMES = 30;
/**
 * After the coordinator's word that a stream is over, what is still on its way
 * through the chain gets so long to arrive.
 */
const END_GRACE_MS = 500;

/** A peer; ports are bound when it exists. */
export class ChainPeer {
  /** The peer's picture. */
  readonly live = new LiveFrames();
  /** Name in the chain. */
  readonly name: string;
  readonly #options: ChainPeerOptions;
  readonly #context: ServiceContext;
  readonly #log: PeerLog | undefined;
  readonly #outputs: FrameOutputs;
  readonly #socket: UdpSocket;
  readonly #control: TcpServer;
  readonly #loop: RelayLoop;
  readonly #strangers: FloodCounter;
  #link: CoordinatorLink | undefined;
  #upstream: string | null = null;
  #registered = false;
  #framesInAll = 0;
  #endTimer: ReturnType<typeof setTimeout> | undefined;

  private constructor(
    options: ChainPeerOptions,
    context: ServiceContext,
    log: PeerLog | undefined,
    outputs: FrameOutputs,
  ) {
    this.name = options.name;
    this.#options = options;
    this.#context = context;
    this.#log = log;
    this.#outputs = outputs;
    this.#strangers = new FloodCounter(context.log);
    const { host, udpPort = defaultUdpPort(options.name) } = options;
    this.#socket = listenOrExplain(
      host,
      udpPort,
      "the UDP port",
      () =>
        openUdpSocket({
          hostname: host,
          port: udpPort,
          fastPath: options.fastPath,
        }),
    );
    context.log.debug(udpPathText(this.#socket));
    try {
      this.#control = serveControlPort({
        hostname: host,
        port: defaultControlPort(this.udpPort, udpPort !== 0),
        log: context.log,
        open: (message) => {
          if (options.key === undefined) return message;
          if (this.#link === undefined) throw forged("UPDATE_NEXT");
          return this.#link.openUpdate(message);
        },
      }, (next, from) => this.#setNext(next, from));
    } catch (error) {
      this.#socket.close();
      throw error;
    }
    this.#loop = new RelayLoop(this.#socket, options.strandcast, {
      started: () => this.#onStart(),
      frame: (frame) => this.#onFrame(frame),
      ended: (frames) => this.#onEnd(frames),
      text: (origin, message) => {
        this.#log?.write(`DATA from ${origin}: ${message}`);
        this.#context.log.info(`${origin} says: ${message}`);
      },
      stranger: ({ hostname }) =>
        this.#strangers.count(
          `dropped {n} datagram{s} from ${plainAddress(hostname)}: not from ${
            this.#upstream ?? "the coordinator"
          }, which is before us`,
          performance.now(),
        ),
    });
  }

  /**
   * Binds the ports and opens the files; receives after `run`.
   *
   * @throws {ChainProtocolError} when the name is none.
   * @throws {ListenError} when a port cannot be had.
   * @throws {Error} when a folder or file cannot be made.
   */
  static async open(
    options: ChainPeerOptions,
    context: ServiceContext,
  ): Promise<ChainPeer> {
    checkPeerName(options.name);
    const log = options.logFile === undefined
      ? undefined
      : await PeerLog.create(options.logFile, (error) =>
        context.log.warn(`Cannot write the log file any more: ${error}`));
    const outputs = await FrameOutputs.open(options, context.log);
    try {
      const peer = new ChainPeer(options, context, log, outputs);
      if (options.framesDir !== undefined) {
        log?.write(`Output directory: ${options.framesDir}`);
      }
      return peer;
    } catch (error) {
      await outputs.close();
      throw error;
    }
  }

  /** The UDP port it receives at. */
  get udpPort(): number {
    return this.#socket.address.port;
  }

  /** The TCP port that takes UPDATE_NEXT. */
  get controlPort(): number {
    return this.#control.port;
  }

  /**
   * Registers and relays until the context's signal aborts.
   *
   * @throws {ChainProtocolError} when the coordinator refuses the peer.
   * @throws {ChainTermsError} when `wire` is `binary` and the coordinator does not speak it.
   */
  async run(pageUrl: string | undefined): Promise<void> {
    const { signal, log } = this.#context;
    const stop = new AbortController();
    const link = this.#link = new CoordinatorLink({
      key: this.#options.key,
      coordinator: this.#options.coordinator,
      registration: {
        type: "register",
        name: this.name,
        port: this.udpPort,
        controlPort: this.controlPort,
        binary: this.#options.wire !== "strandcast",
        page: pageUrl,
        bufferBytes: this.#socket.receiveBufferBytes,
        session: true,
      },
      log,
      signal: AbortSignal.any([signal, stop.signal]),
      // Who registers is the last of the chain until it hears otherwise.
      onRegister: () => this.#loop.next = undefined,
      onRegistered: (answer) => this.#onRegistered(answer),
      onMessage: (message) => this.#onMessage(message),
      onLost: () => this.#registered = false,
    });
    const receiving = this.#loop.run();
    const reporting = setInterval(() => {
      link.report(this.report());
      this.#loop.measureRoundTrip();
    }, REPORT_INTERVAL_MS);
    // A fault in the loop ends the peer, and does not leave it deaf.
    receiving.catch(() => stop.abort());
    try {
      await link.run();
    } finally {
      clearInterval(reporting);
      clearTimeout(this.#endTimer);
      this.#socket.close();
      await receiving;
    }
  }

  /** Closes ports and files; everything that was received is on disk then. */
  async close(): Promise<{ frames: number } & PeerReport> {
    const report = this.report();
    this.#socket.close();
    await this.#control.close();
    this.live.close();
    await this.#outputs.close();
    await this.#log?.[Symbol.asyncDispose]();
    return { frames: this.#framesInAll, ...report };
  }

  /** The peer's figures at this moment. */
  report(): PeerReport {
    const { next } = this.#loop;
    return {
      ...this.#loop.figures(),
      name: this.name,
      state: this.#state(),
      upstream: this.#upstream,
      downstream: next === undefined ? null : {
        name: next.name,
        host: next.address.hostname,
        port: next.address.port,
        wire: next.wire,
      },
      framesSaved: this.#outputs.framesSaved,
      framesNotSaved: this.#outputs.framesNotSaved,
    };
  }

  /** A stream has ended when its last frame is on disk: `framesSaved` is final then. */
  #state(): PeerReport["state"] {
    const { state } = this.#loop;
    if (state === "idle") return this.#registered ? "waiting" : "connecting";
    return state === "ended" && !this.#outputs.isDrained ? "playing" : state;
  }

  #onRegistered(answer: RegisterAnswer): void {
    const { previous, binary, session, epoch } = answer;
    const { key } = this.#options;
    if (key !== undefined) this.#loop.setSeal(datagramSeal(key, epoch ?? ""));
    if (this.#options.wire === "binary" && !binary) {
      throw new ChainTermsError(
        "Cannot join the chain: its coordinator speaks StrandCast's wire only. Pass --wire auto to speak it, too",
      );
    }
    // An existing coordinator names no upstream, now and later.
    if (!session) this.#loop.nameUpstream(undefined);
    this.#registered = true;
    this.#upstream = previous?.name ?? null;
    this.#log?.write(
      `Registered with coordinator. prev=${
        previous === undefined ? "None" : `${previous.name}:${previous.port}`
      }`,
    );
    this.#context.log.info(
      previous === undefined
        ? "Registered as the first of the chain"
        : `Registered behind ${previous.name}`,
    );
    this.#context.emit({
      event: "registered",
      peer: this.name,
      previous: previous?.name ?? null,
    });
  }

  #onMessage(message: SessionMessage): void {
    if (message.type === "upstream") {
      const { name, host, port } = message;
      this.#upstream = name;
      this.#loop.nameUpstream({ hostname: host, port });
    } else if (message.type === "started") {
      clearTimeout(this.#endTimer);
      this.#loop.announceStream(message.streamId);
      this.#outputs.announceRate(message.fps);
    } else if (message.type === "end") {
      clearTimeout(this.#endTimer);
      this.#endTimer = setTimeout(
        () => this.#loop.noteEnd(message.streamId, message.frames),
        END_GRACE_MS,
      );
    }
  }

  #setNext(next: NextHop | undefined, from: string): void {
    const hostname = next?.host ?? plainAddress(from);
    this.#loop.next = next === undefined ? undefined : {
      name: next.name,
      address: { hostname, port: next.port },
      wire: next.wire,
    };
    this.#log?.write(
      `CTRL UPDATE_NEXT -> ${
        next === undefined ? "None" : `${next.name}:${next.port}`
      }`,
    );
    this.#context.log.info(
      next === undefined
        ? "Last of the chain"
        : `Next is ${next.name} at ${formatHostPort(hostname, next.port)}`,
    );
    const why = whyUnreachable(this.#socket.address.hostname, hostname);
    if (next !== undefined && why !== undefined) {
      this.#context.log.error(
        `Cannot send to ${next.name} from ${this.name}: ${why}`,
      );
    }
    this.#context.emit({
      event: "next",
      peer: this.name,
      next: next?.name ?? null,
    });
  }

  #onStart(): void {
    this.#outputs.beginStream();
    this.#context.emit({ event: "stream-start", peer: this.name });
  }

  #onFrame(frame: RelayFrame): void {
    this.#framesInAll++;
    this.live.publish(frame.jpeg, frame.number, Date.now());
    this.#outputs.write(frame);
    if (frame.number % LOG_EVERY_FRAMES !== 0) return;
    this.#log?.write(`RECV_FRAME ${frame.number} from coordinator`);
    const { next } = this.#loop;
    if (next !== undefined) {
      this.#log?.write(
        `FORWARDED frame ${frame.number} to ${next.name}:${next.address.port}`,
      );
    }
  }

  #onEnd(frames: number): void {
    this.#outputs.endStream(frames);
    this.#log?.write(`VIDEO_END from coordinator, total frames: ${frames}`);
    const { framesReceived, framesLost } = this.report();
    this.#context.log.info(
      `The stream ended: ${framesReceived} of ${frames} frames received, ${framesLost} lost`,
    );
    this.#context.emit({
      event: "stream-end",
      peer: this.name,
      frames,
      framesReceived,
      framesLost,
    });
  }
}
