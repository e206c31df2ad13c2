/**
 * The chain's coordinator: takes peers in, keeps their order, plays the source
 * to the first of them and bridges those who go.
 *
 * @module
 */

import {
  type ChainPeerView,
  ChainProtocolError,
  type ChainSnapshot,
  type ChainWire,
  DEFAULT_FRAGMENT_BYTES,
  type LinkUpdate,
  type PeerEntry,
  type PeerReport,
  type RegisterAnswer,
  type RegisterRequest,
  Topology,
  type TopologyPeer,
} from "../../chain/mod.ts";
import type { FrameSource, VideoFrame } from "../../media/mod.ts";
import {
  formatHostPort,
  isLoopback,
  LiveFrames,
  nowMicros,
  openUdpSocket,
  type TcpServer,
  type UdpSocket,
} from "../../net/mod.ts";
import { FrameSender, LOOPBACK_FRAGMENT_BYTES } from "../chain/frame_sender.ts";
import type { ServiceContext } from "../context.ts";
import {
  type ControlHandler,
  type PeerSession,
  serveControl,
} from "./control_server.ts";
import { LinkAnnouncer } from "./link_announcer.ts";
import type { ChainCoordinatorOptions } from "./options.ts";
import { StreamPlayer } from "./stream_player.ts";

/** Departed peers that the page still hears of. */
const MAX_DEPARTED = 20;
/** How long the page hears of them, seconds. */
const DEPARTED_SECONDS = 30;
/** A peer whose last report is older is shown as silent. */
const SILENT_AFTER_MS = 600;
/** How long peers may take to report a stream's end before it is told without them. */
const DELIVERY_TIMEOUT_MS = 3000;

interface Member {
  readonly peer: TopologyPeer;
  readonly session: PeerSession | undefined;
  report: PeerReport | undefined;
  reportedUs: number;
}

/** Something the user asked for cannot be done now. */
export class ChainStateError extends Error {
  override readonly name = "ChainStateError";
}

/** A running coordinator. */
export class ChainCoordinator implements ControlHandler {
  /** The coordinator's own picture, newest first. */
  readonly live = new LiveFrames();
  readonly #options: ChainCoordinatorOptions;
  readonly #context: ServiceContext;
  readonly #topology: Topology;
  readonly #members = new Map<string, Member>();
  readonly #socket: UdpSocket;
  readonly #sender: FrameSender;
  readonly #player: StreamPlayer;
  readonly #control: TcpServer;
  readonly #announcer: LinkAnnouncer;
  #departed: { name: string; reason: string; atUs: number }[] = [];
  #problem: string | undefined;
  #everPlayed = false;
  #closing = false;
  #framesSentInAll = 0;
  #streams = 0;
  #delivery: {
    streamId: number;
    frames: number;
    timer: ReturnType<typeof setTimeout>;
  } | undefined;

  /**
   * Listens at once; plays when told to.
   *
   * @throws {ListenError} when the control port cannot be had.
   */
  constructor(options: ChainCoordinatorOptions, context: ServiceContext) {
    this.#options = options;
    this.#context = context;
    const { host, port } = options;
    this.#topology = new Topology({
      coordinatorBinary: options.wire !== "strandcast",
    });
    this.#announcer = new LinkAnnouncer(context.log, context.signal);
    this.#control = serveControl(
      { hostname: host, port, log: context.log },
      this,
    );
    this.#socket = openUdpSocket({ hostname: host, port: 0 });
    this.#sender = new FrameSender(this.#socket, options.strandcast);
    this.#player = new StreamPlayer(options, this.#sender, {
      frame: (frame, number) => this.#publish(frame, number),
      started: (id, source) => this.#started(id, source),
      ended: (id, frames, error) => this.#ended(id, frames, error),
    }, context.log);
  }

  /** Where peers register. */
  get port(): number {
    return this.#control.port;
  }

  /** Whether a stream runs. */
  get playing(): boolean {
    return this.#player.playing;
  }

  /**
   * Starts the source from its beginning.
   *
   * @throws {ChainStateError} when it plays already or nobody is there to see it.
   */
  start(): void {
    if (this.#player.playing) {
      throw new ChainStateError("Cannot start the video: it is playing");
    }
    if (this.#topology.list().length === 0) {
      throw new ChainStateError(
        `Cannot start the video: no peer has registered. Start one with: streamtool chain-peer A --coordinator ${
          formatHostPort(this.#options.host, this.port)
        }`,
      );
    }
    this.#problem = undefined;
    this.#player.start();
  }

  /**
   * Ends the running stream.
   *
   * @throws {ChainStateError} when none runs.
   */
  async stop(): Promise<void> {
    if (!this.#player.playing) {
      throw new ChainStateError("Cannot stop the video: it is not playing");
    }
    await this.#player.stop();
  }

  /** The address of a peer's own page, for the pictures that ours shows. */
  pageOf(name: string): string | undefined {
    return this.#members.get(name)?.peer.page;
  }

  /** Everything the page shows. */
  snapshot(): ChainSnapshot {
    const now = nowMicros();
    const figures = this.#player.figures();
    return {
      source: this.#options.sourceLabel,
      state: this.#player.playing
        ? "playing"
        : this.#everPlayed
        ? "ended"
        : "waiting",
      problem: this.#problem ?? null,
      streamId: figures.streamId,
      frameNumber: figures.framesSent - 1,
      framesSent: figures.framesSent,
      totalFrames: figures.totalFrames,
      bytesSent: figures.bytesSent,
      targetFps: figures.targetFps,
      fps: this.#player.rate.fps(now),
      kbps: this.#player.rate.kbps(now),
      width: figures.width,
      height: figures.height,
      elapsedSeconds: figures.elapsedSeconds,
      peers: this.#topology.list().map((peer) => this.#view(peer, now)),
      departed: this.#departed
        .map(({ name, reason, atUs }) => ({
          name,
          reason,
          secondsAgo: (now - atUs) / 1e6,
        }))
        .filter(({ secondsAgo }) => secondsAgo < DEPARTED_SECONDS),
    };
  }

  #view(peer: TopologyPeer, nowUs: number): ChainPeerView {
    const member = this.#members.get(peer.name);
    const report = member?.report;
    const age = report === undefined || member === undefined
      ? null
      : (nowUs - member.reportedUs) / 1000;
    return {
      name: peer.name,
      host: peer.host,
      port: peer.port,
      state: member?.session === undefined
        ? "legacy"
        : age === null || age <= SILENT_AFTER_MS
        ? "live"
        : "silent",
      wire: this.#wireTo(peer),
      page: peer.page ?? null,
      reportAgeMs: age,
      report: report ?? null,
    };
  }

  /** Stops everything: peers hear the end of the stream and of us. */
  async close(): Promise<{ frames: number; streams: number }> {
    this.#closing = true;
    await this.#player.stop();
    clearTimeout(this.#delivery?.timer);
    for (const { session } of this.#members.values()) {
      session?.close();
    }
    await this.#announcer.settled();
    await this.#control.close();
    this.#socket.close();
    this.live.close();
    return { frames: this.#framesSentInAll, streams: this.#streams };
  }

  // --- what peers ask ------------------------------------------------------

  register(
    request: RegisterRequest,
    host: string,
    session: PeerSession | undefined,
  ): { answer: RegisterAnswer; accepted: () => void } {
    const known = this.#members.get(request.name);
    if (known?.session !== undefined && session !== undefined) {
      throw new ChainProtocolError(
        "bad-name",
        `Cannot register "${request.name}": a peer of that name is in the chain`,
      );
    }
    const binary = this.#options.wire !== "strandcast" && request.binary;
    if (this.#options.wire === "binary" && !binary) {
      throw new ChainProtocolError(
        "bad-field",
        "Cannot register: this chain speaks its binary wire only",
      );
    }
    const { peer, previous, updates } = this.#topology.register({
      ...request,
      host,
      binary,
      session: session !== undefined,
      page: request.page === undefined ? undefined : pageAt(request.page, host),
    });
    this.#members.set(peer.name, {
      peer,
      session,
      report: undefined,
      reportedUs: nowMicros(),
    });
    this.#departed = this.#departed.filter(({ name }) => name !== peer.name);
    return {
      answer: {
        previous,
        previousHost: previous?.host,
        assigned: peer.name,
        binary: this.#options.wire !== "strandcast",
        session: session !== undefined,
      },
      accepted: () => {
        this.#context.log.info(
          `${peer.name} registered at ${formatHostPort(peer.host, peer.port)}`,
          { wire: this.#wireTo(peer) },
        );
        this.#context.emit({
          event: "registered",
          peer: peer.name,
          host: peer.host,
          port: peer.port,
        });
        this.#apply(updates);
        const { startWhen } = this.#options;
        if (
          startWhen !== undefined && !this.#everPlayed && !this.playing &&
          this.#topology.list().length >= startWhen
        ) this.start();
      },
    };
  }

  list(): readonly PeerEntry[] {
    return this.#topology.list();
  }

  lookup(name: string): PeerEntry | undefined {
    return this.#topology.lookup(name);
  }

  report(session: PeerSession, report: PeerReport): void {
    const member = this.#memberOf(session);
    if (member === undefined || member.peer.name !== report.name) return;
    member.report = report;
    member.reportedUs = nowMicros();
    this.#checkDelivery();
  }

  closed(session: PeerSession, reason: string): void {
    const member = this.#memberOf(session);
    if (member === undefined) return;
    const { name } = member.peer;
    this.#members.delete(name);
    if (this.#closing) return;
    this.#departed.push({ name, reason, atUs: nowMicros() });
    if (this.#departed.length > MAX_DEPARTED) this.#departed.shift();
    const say = reason === "left" ? "info" : "warn";
    this.#context.log[say](
      `${name} is gone (${reason}); the chain is closed over it`,
    );
    this.#context.emit({ event: "departed", peer: name, reason });
    this.#apply(this.#topology.remove(name));
    this.#checkDelivery();
  }

  #memberOf(session: PeerSession): Member | undefined {
    for (const member of this.#members.values()) {
      if (member.session === session) return member;
    }
    return undefined;
  }

  #apply(updates: readonly LinkUpdate[]): void {
    const first = this.#topology.firstHop;
    const current = this.#sender.next;
    this.#sender.next = first === undefined ? undefined : {
      name: first.peer.name,
      address: { hostname: first.peer.host, port: first.peer.port },
      wire: first.wire,
    };
    if (current?.name !== first?.peer.name && this.playing) {
      this.#context.log.info(
        first === undefined
          ? "Nobody is left in the chain; the video goes on for whoever comes"
          : `The video now goes to ${first.peer.name} first`,
      );
    }
    this.#sender.fragmentBytes = this.#fragmentBytes();
    for (const { from, next } of updates) {
      if (from !== undefined) this.#announcer.announce(from, next);
      const member = this.#members.get(next?.peer.name ?? "");
      member?.session?.send({
        type: "upstream",
        name: from?.name ?? null,
        host: from?.host ?? this.#socket.address.hostname,
        port: from?.port ?? this.#socket.address.port,
      });
    }
  }

  /** What the hop that leads to `peer` speaks. */
  #wireTo(peer: TopologyPeer): ChainWire {
    const previous = this.#topology.previousOf(peer.name);
    const link = previous === undefined
      ? this.#topology.firstHop
      : this.#topology.nextOf(previous.name);
    return link?.wire ?? "strandcast";
  }

  #fragmentBytes(): number {
    const { fragmentBytes } = this.#options;
    if (fragmentBytes !== "auto") return fragmentBytes;
    const local = this.#topology.list().every(({ host }) => isLoopback(host));
    return local ? LOOPBACK_FRAGMENT_BYTES : DEFAULT_FRAGMENT_BYTES;
  }

  // --- what the stream does ------------------------------------------------

  #publish(frame: VideoFrame, number: number): void {
    this.live.publish(
      { bytes: frame.bytes, retain() {}, release() {} },
      number,
      Date.now(),
    );
  }

  #started(streamId: number, source: FrameSource): void {
    clearTimeout(this.#delivery?.timer);
    this.#delivery = undefined;
    this.#everPlayed = true;
    this.#streams++;
    for (const { session } of this.#members.values()) {
      session?.send({ type: "started", streamId });
    }
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
    this.#framesSentInAll += frames;
    if (error !== undefined) {
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#context.log.error(this.#problem);
    }
    this.#context.log.info(`The stream ended after ${frames} frames`);
    this.#context.emit({
      event: "stream-end",
      stream: streamId,
      frames,
      error: this.#problem ?? null,
    });
    for (const { session } of this.#members.values()) {
      session?.send({ type: "end", streamId, frames });
    }
    this.#delivery = {
      streamId,
      frames,
      timer: setTimeout(() => this.#delivered(), DELIVERY_TIMEOUT_MS),
    };
    this.#checkDelivery();
  }

  /** Looks whether every reporting peer has seen the end of the stream. */
  #checkDelivery(): void {
    const delivery = this.#delivery;
    if (delivery === undefined) return;
    const waiting = [...this.#members.values()].filter(({ session, report }) =>
      session !== undefined &&
      !(report?.state === "ended" &&
        (report.streamId === delivery.streamId || report.wire !== "binary"))
    );
    if (waiting.length === 0) this.#delivered();
  }

  #delivered(): void {
    const delivery = this.#delivery;
    if (delivery === undefined) return;
    clearTimeout(delivery.timer);
    this.#delivery = undefined;
    this.#context.emit({
      event: "delivered",
      stream: delivery.streamId,
      frames: delivery.frames,
      peers: this.#topology.list().map(({ name }) =>
        this.#members.get(name)?.report ?? { name }
      ),
    });
  }
}

/**
 * A peer's page as we fetch it: at the address the peer really came from,
 * whatever it says, so that nobody can make us fetch from a third party.
 */
function pageAt(page: string, host: string): string {
  const { port } = new URL(page);
  return `http://${formatHostPort(host, Number(port || 80))}/`;
}
