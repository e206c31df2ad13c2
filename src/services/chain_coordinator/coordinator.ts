/**
 * The chain's coordinator: takes peers in, keeps their order, plays the source
 * to the first of them and bridges those who go.
 *
 * @module
 */

import {
  ChainProtocolError,
  type ChainSnapshot,
  type PeerEntry,
  type PeerReport,
  type RegisterAnswer,
  type RegisterRequest,
  type TopologyPeer,
} from "../../chain/mod.ts";
import {
  DatagramBatch,
  formatHostPort,
  LiveFrames,
  nowMicros,
  openUdpSocket,
  type TcpServer,
  udpPathText,
  type UdpSocket,
} from "../../net/mod.ts";
import {
  reachedAt,
  reachedAtPort,
  type Viewpoint,
} from "../chain/addresses.ts";
import { datagramSeal, randomNonce } from "../chain/nonce.ts";
import type { ServiceContext } from "../context.ts";
import { ChainLinks } from "./chain_links.ts";
import { FanSender } from "./fan_sender.ts";
import { ChainStream } from "./chain_stream.ts";
import { type ControlHandler, serveControl } from "./control_server.ts";
import type { ChainCoordinatorOptions } from "./options.ts";
import type { PeerSession } from "./peer_session.ts";
import { Roster } from "./roster.ts";

/** Questions for lost fragments taken at a time, and their size with room for what is none. */
const QUESTIONS_AT_ONCE = 8;
const QUESTION_BYTES = 2048;

/** Something the user asked for cannot be done now. */
export class ChainStateError extends Error {
  /** The class, in messages and for who cannot import it. */
  override readonly name = "ChainStateError";
}

/** A running coordinator. */
export class ChainCoordinator implements ControlHandler {
  readonly #options: ChainCoordinatorOptions;
  readonly #context: ServiceContext;
  readonly #roster: Roster;
  readonly #socket: UdpSocket;
  readonly #stream: ChainStream;
  readonly #control: TcpServer;
  readonly #links: ChainLinks;
  readonly #answering: Promise<void>;
  #epoch: string | undefined;
  #closing = false;

  /**
   * Listens at once; plays when told to.
   *
   * @throws {ListenError} when the control port cannot be had.
   */
  constructor(options: ChainCoordinatorOptions, context: ServiceContext) {
    this.#options = options;
    this.#context = context;
    const { host, port, fragmentBytes, strandcast, fanOut = 1 } = options;
    const { log, signal } = context;
    const roster = new Roster(options.wire !== "strandcast", fanOut);
    this.#roster = roster;
    this.#control = serveControl(
      { hostname: host, port, log, key: options.key },
      this,
    );
    this.#socket = openUdpSocket({
      hostname: host,
      port: 0,
      fastPath: options.fastPath,
    });
    log.debug(udpPathText(this.#socket));
    const sender = new FanSender(this.#socket, strandcast, fanOut);
    if (options.key !== undefined) {
      this.#epoch = randomNonce();
      sender.seal = datagramSeal(options.key, this.#epoch);
    }
    this.#answering = this.#answer(sender);
    this.#links = new ChainLinks({
      roster,
      sender,
      sendsFrom: this.#socket.address,
      fragmentBytes,
      log,
      signal,
      onUnreachable: (peer) => this.#giveUp(peer),
    });
    this.#stream = new ChainStream({
      options,
      context,
      roster,
      sender,
      ready: (signal) => this.#links.ready(signal),
    });
  }

  /** Where peers register. */
  get port(): number {
    return this.#control.port;
  }

  /** Whether a stream runs. */
  get playing(): boolean {
    return this.#stream.playing;
  }

  /** The coordinator's own picture, newest first. */
  get live(): LiveFrames {
    return this.#stream.live;
  }

  /**
   * Starts the source from its beginning.
   *
   * @throws {ChainStateError} when it plays already or nobody is there to see it.
   */
  start(): void {
    if (this.#stream.playing) {
      throw new ChainStateError("Cannot start the video: it is playing");
    }
    if (this.#roster.topology.list().length === 0) {
      const [at] = reachedAtPort(this.#options.host, this.port);
      throw new ChainStateError(
        `Cannot start the video: no peer has registered. Start one with: streamtool chain-peer A --coordinator ${at}`,
      );
    }
    this.#stream.start();
  }

  /**
   * Ends the running stream.
   *
   * @throws {ChainStateError} when none runs.
   */
  async stop(): Promise<void> {
    if (!this.#stream.playing) {
      throw new ChainStateError("Cannot stop the video: it is not playing");
    }
    await this.#stream.stop();
  }

  /** The address of a peer's own page, for the pictures that ours shows. */
  pageOf(name: string): string | undefined {
    return this.#roster.member(name)?.peer.page;
  }

  /** Everything the page shows. */
  snapshot(): ChainSnapshot {
    const [host = "127.0.0.1"] = reachedAt(this.#options.host);
    return {
      source: this.#options.sourceLabel,
      control: { host, port: this.port },
      ...this.#stream.snapshot(),
      ...this.#roster.snapshot(),
    };
  }

  /** Stops everything: peers hear the end of the stream and of us. */
  async close(): Promise<{ frames: number; streams: number }> {
    this.#closing = true;
    const totals = await this.#stream.close();
    await Promise.all(
      [...this.#roster.members()].map(({ session }) => session?.close()),
    );
    await this.#links.settled();
    await this.#control.close();
    this.#socket.close();
    await this.#answering;
    return totals;
  }

  /** Answers the heads' questions until the socket is closed. */
  async #answer(sender: FanSender): Promise<void> {
    const batch = new DatagramBatch(QUESTIONS_AT_ONCE, QUESTION_BYTES);
    while (await this.#socket.receive(batch)) {
      for (let i = 0; i < batch.count; i++) {
        sender.receive(batch.datagram(i), batch.sources[i]);
      }
    }
    await sender.settled();
  }

  /** Takes a peer in; see {@linkcode ControlHandler}. */
  register(
    request: RegisterRequest,
    from: Viewpoint,
    session: PeerSession | undefined,
  ): { answer: RegisterAnswer; accepted: () => void } {
    const { name, page } = request;
    // Nobody takes the place of a peer that is alive, for none can prove to be it.
    if (this.#roster.member(name)?.session !== undefined) {
      throw new ChainProtocolError(
        "bad-name",
        `Cannot register "${name}": a peer of that name is in the chain`,
      );
    }
    const ours = this.#options.wire !== "strandcast";
    const binary = ours && request.binary;
    const { wire, key } = this.#options;
    if ((wire === "binary" || key !== undefined) && !binary) {
      throw new ChainProtocolError(
        "bad-field",
        "Cannot register: this chain speaks its binary wire only",
      );
    }
    const { peer, previous, updates } = this.#roster.add(
      {
        ...request,
        host: from.host,
        binary,
        session: session !== undefined,
        page: page === undefined ? undefined : pageAt(page, from.host),
      },
      from,
      session,
    );
    return {
      answer: {
        previous,
        previousHost: previous?.host,
        assigned: peer.name,
        binary: ours,
        session: session !== undefined,
        epoch: this.#epoch,
      },
      accepted: () => {
        // It may have gone before it was answered.
        if (this.#roster.member(peer.name)?.peer !== peer) return;
        this.#welcome(peer, session);
        this.#links.apply(updates);
        this.#startWhenAllAreThere();
      },
    };
  }

  #welcome(peer: TopologyPeer, session: PeerSession | undefined): void {
    const { log } = this.#context;
    const { name, host, port } = peer;
    log.info(`${name} registered at ${formatHostPort(host, port)}`, {
      wire: this.#roster.wireTo(name),
    });
    this.#context.emit({ event: "registered", peer: name, host, port });
    this.#links.tellUpstream(name);
    const { current } = this.#stream;
    if (current !== undefined) session?.send({ type: "started", ...current });
  }

  #startWhenAllAreThere(): void {
    const { startWhen } = this.#options;
    if (startWhen === undefined || this.#stream.everPlayed || this.playing) {
      return;
    }
    if (this.#roster.topology.list().length >= startWhen) this.start();
  }

  /** All entries in chain order. */
  list(): readonly PeerEntry[] {
    return this.#roster.topology.list();
  }

  /** One entry. */
  lookup(name: string): PeerEntry | undefined {
    return this.#roster.topology.lookup(name);
  }

  /** Takes a peer's figures, under its own name only. */
  report(session: PeerSession, report: PeerReport): void {
    const member = this.#roster.memberOf(session);
    if (member === undefined || member.peer.name !== report.name) return;
    member.report = report;
    member.reportedUs = nowMicros();
    this.#stream.hear(report);
    this.#stream.checkDelivery();
  }

  /** A session ended, and with it the peer's place in the chain. */
  closed(session: PeerSession, reason: string): void {
    const member = this.#roster.memberOf(session);
    if (member !== undefined) this.#remove(member.peer, reason);
  }

  /** An existing peer is not where it said. */
  #giveUp(peer: TopologyPeer): void {
    if (this.#roster.member(peer.name)?.peer !== peer) return;
    this.#remove(peer, `nobody answers at its control port`);
  }

  #remove({ name }: TopologyPeer, reason: string): void {
    this.#links.forget(name);
    const updates = this.#roster.remove(name, reason);
    if (this.#closing) return;
    const say = reason === "left" ? "info" : "warn";
    this.#context.log[say](
      `${name} is gone (${reason}); the chain is closed over it`,
    );
    this.#context.emit({ event: "departed", peer: name, reason });
    this.#links.apply(updates);
    if (this.#roster.topology.list().length === 0 && this.playing) {
      this.#context.log.info(
        "Nobody is left in the chain; the video goes on for whoever comes",
      );
    }
    this.#stream.checkDelivery();
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
