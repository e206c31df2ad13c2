/**
 * The viewers, by their session ids: what the core's session actions do.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import type {
  ServerAction,
  ServerAnswer,
  SessionRegistry,
} from "../../rtsp/mod.ts";
import type { Catalog, CatalogEntry } from "./catalog.ts";
import type { ConnectionWriter } from "./connection_writer.ts";
import type { FrameClock } from "./frame_clock.ts";
import { LabOutput } from "./lab_output.ts";
import type { MulticastGroup } from "./multicast_group.ts";
import type { MulticastGroups } from "./multicast_groups.ts";
import { MulticastOutput } from "./multicast_output.ts";
import type { MediaOutput } from "./output.ts";
import type { FrameSink, Playback } from "./playback.ts";
import { Protection, readPlayerKey } from "./protection.ts";
import type { ServerTotals } from "./report.ts";
import { RtpStream } from "./rtp_stream.ts";
import {
  type PlayListener,
  type ViewerFacts,
  ViewerSession,
} from "./session.ts";
import type { StreamKeys } from "./stream_keys.ts";
import { TcpOutput } from "./tcp_output.ts";
import { UdpOutput } from "./udp_output.ts";
import type { UdpPorts } from "./udp_ports.ts";

/** The connection a SETUP came on. */
export interface SetupConnection {
  readonly address: string;
  readonly secure: boolean;
  /** Whether it goes through HTTP. */
  readonly tunnelled: boolean;
  readonly writer: ConnectionWriter;
}

/** What the table needs. */
export interface SessionTableOptions {
  readonly catalog: Catalog;
  readonly registry: SessionRegistry;
  readonly clock: FrameClock;
  /** `undefined` where UDP is refused. */
  readonly ports: UdpPorts | undefined;
  /** `undefined` where multicast is refused. */
  readonly groups: MulticastGroups | undefined;
  /** Largest whole frame of the teaching dialect. */
  readonly maxPacket: number;
  /** Names the server in reports. */
  readonly cname: string;
  readonly random32: () => number;
  readonly onWatch: PlayListener;
  readonly log: Logger;
}

type Setup = Extract<ServerAction, { type: "setupTransport" }>;
type Play = Extract<ServerAction, { type: "play" }>;

/** All sessions of the server. */
export class SessionTable {
  readonly #options: SessionTableOptions;
  readonly #sessions = new Map<
    string,
    { session: ViewerSession; writer: ConnectionWriter }
  >();
  #setUp = 0;
  #ended = { frames: 0, packets: 0, bytes: 0, skipped: 0 };

  /** An empty one. */
  constructor(options: SessionTableOptions) {
    this.#options = options;
  }

  /** All sessions. */
  *[Symbol.iterator](): IterableIterator<ViewerSession> {
    for (const { session } of this.#sessions.values()) yield session;
  }

  /** The session called `id`. */
  get(id: string): ViewerSession | undefined {
    return this.#sessions.get(id)?.session;
  }

  /** Opens what a SETUP needs. */
  setup(
    action: Setup,
    connection: SetupConnection,
  ): ServerAnswer | Promise<ServerAnswer> {
    const { catalog, ports } = this.#options;
    const entry = catalog.find(action.path);
    if (entry?.media.rtsp === undefined) {
      return { type: "refused", status: 503 };
    }
    const { transport } = action;
    if (transport.kind === "multicast") {
      return this.#setupMulticast(action, entry, connection);
    }
    if (
      (transport.secure && entry.keys === undefined) ||
      (transport.kind === "udp" && ports === undefined)
    ) {
      return { type: "refused", status: 461 };
    }
    const keys = transport.secure ? entry.keys : undefined;
    const protection = keys && protect(keys, action);
    if (keys !== undefined && protection === undefined) {
      return { type: "refused", status: 463 };
    }
    const facts = factsOf(action, entry, connection);
    const session = this.#open(
      facts,
      connection,
      (sink) =>
        entry.media.open(
          sink,
          facts.dialect === "lab" ? { repeat: true } : {},
        ),
    );
    const ssrc = keys?.nextSsrc() ?? session.playback.ssrc ??
      this.#options.random32();
    session.connect(
      this.#makeOutput(action, connection, ssrc, protection),
      facts,
    );
    this.#options.log.debug(`${describe(facts)} is set up`);
    if (action.dialect === "lab") return { type: "transportReady" };
    return {
      type: "transportReady",
      ssrc,
      ...(transport.kind === "udp" ? { serverPorts: ports!.pair } : {}),
      ...(keys === undefined
        ? {}
        : { keyManagement: keys.mikey(Date.now(), ssrc) }),
    };
  }

  async #setupMulticast(
    action: Setup,
    entry: CatalogEntry,
    connection: SetupConnection,
  ): Promise<ServerAnswer> {
    const { groups, registry, log } = this.#options;
    const { sessionId, transport } = action;
    if (groups === undefined || transport.secure) {
      return { type: "refused", status: 461 };
    }
    const { path } = entry;
    let group: MulticastGroup;
    try {
      group = await groups.hold(entry);
    } catch (error) {
      log.warn(`Cannot send ${path} to its group: ${messageOf(error)}`);
      return { type: "refused", status: 461 };
    }
    if (registry.get(sessionId) === undefined) {
      groups.release(path);
      return { type: "refused", status: 454 };
    }
    const facts = factsOf(action, entry, connection);
    const session = this.#open(facts, connection, (sink) => {
      const playback = group.join(sink);
      return {
        ...playback,
        get position() {
          return playback.position;
        },
        close() {
          playback.close();
          groups.release(path);
        },
      };
    });
    session.connect(new MulticastOutput(group), facts);
    log.debug(`${describe(facts)} is set up`);
    return { type: "transportReady", ssrc: group.ssrc, group: group.to };
  }

  /** The session with these facts; its playback is a new one where the group's was asked for, or is no more. */
  #open(
    facts: ViewerFacts,
    { writer }: SetupConnection,
    open: (sink: FrameSink) => Playback,
  ): ViewerSession {
    let session = this.get(facts.id);
    const isGroup = facts.transport === "multicast";
    if (
      session !== undefined &&
      (isGroup || session.facts.transport === "multicast")
    ) {
      this.teardown(facts.id, false);
      session = undefined;
    }
    if (session === undefined) {
      session = new ViewerSession(facts, this.#options.onWatch, open);
      this.#setUp++;
    }
    this.#sessions.set(facts.id, { session, writer });
    return session;
  }

  #makeOutput(
    action: Setup,
    connection: SetupConnection,
    ssrc: number,
    protection: Protection | undefined,
  ): MediaOutput {
    const { clock, ports, maxPacket, cname, random32 } = this.#options;
    const { transport, sessionId } = action;
    const hostname = connection.address;
    if (transport.kind !== "udp") {
      const channels = transport.kind === "tcp"
        ? transport.channels
        : [0, 1] as const;
      const stream = new RtpStream({ ssrc, sequence: random32(), cname });
      return new TcpOutput(connection.writer, stream, channels, protection);
    }
    const { clientPorts } = transport;
    if (action.dialect === "lab") {
      return new LabOutput({
        ports: ports!,
        clock,
        to: { hostname, port: clientPorts[0] },
        maxPacketSize: maxPacket,
      });
    }
    const output = new UdpOutput({
      ports: ports!,
      stream: new RtpStream({ ssrc, sequence: random32(), cname }),
      clock,
      hostname,
      clientPorts,
      protection,
    });
    output.onReport = (bytes) => this.receiveReports(sessionId, bytes);
    return output;
  }

  /** Gets ready to play. */
  play(action: Play): ServerAnswer {
    return this.get(action.sessionId)?.play(action) ??
      { type: "refused", status: 454 };
  }

  /** Reports are a sign of life; junk is not. */
  receiveReports(id: string, bytes: Uint8Array): void {
    if (this.get(id)?.receiveReports(bytes)) {
      this.#options.registry.touch(id, performance.now());
    }
  }

  /** Takes what was reported to the group of the stream at `path`: it is for the viewers at `from`. */
  receiveGroupReports(path: string, from: string, bytes: Uint8Array): void {
    for (const { facts: { id, entry, address, transport } } of this) {
      if (
        transport === "multicast" && entry.path === path && address === from
      ) this.receiveReports(id, bytes);
    }
  }

  /** Ends a session; `close` ends its connection too. */
  teardown(id: string, close: boolean): void {
    const found = this.#sessions.get(id);
    if (found === undefined) return;
    const { session, writer } = found;
    this.#sessions.delete(id);
    session.close();
    const { framesSent, framesSkipped, packetsSent, bytesSent } = session
      .figures();
    this.#ended.frames += framesSent;
    this.#ended.packets += packetsSent;
    this.#ended.bytes += bytesSent;
    this.#ended.skipped += framesSkipped;
    if (close) writer.end("its session was ended");
    this.#options.log.debug(`${describe(session.facts)} has ended`);
  }

  /** Sums over all sessions there were. */
  totals(): Omit<ServerTotals, "connections"> {
    const sums = { ...this.#ended };
    for (const session of this) {
      const figures = session.figures();
      sums.frames += figures.framesSent;
      sums.packets += figures.packetsSent;
      sums.bytes += figures.bytesSent;
      sums.skipped += figures.framesSkipped;
    }
    return { sessions: this.#setUp, ...sums };
  }
}

/** A player without a key of its own protects its reports with ours. */
function protect(
  { master }: StreamKeys,
  { keyManagement }: Setup,
): Protection | undefined {
  const theirs = keyManagement === undefined
    ? master
    : readPlayerKey(keyManagement);
  return theirs && new Protection(master, theirs);
}

function factsOf(
  { sessionId, dialect, transport, username }: Setup,
  entry: CatalogEntry,
  { tunnelled, secure, address }: SetupConnection,
): ViewerFacts {
  return {
    id: sessionId,
    entry,
    dialect,
    transport: transport.kind === "tcp" && tunnelled ? "http" : transport.kind,
    secure,
    address,
    user: username,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function describe({ id, entry, transport, address }: ViewerFacts): string {
  return `Session ${id} of ${address} on ${entry.path} by ${transport}`;
}
