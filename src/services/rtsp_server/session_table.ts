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
import type { Catalog } from "./catalog.ts";
import type { ConnectionWriter } from "./connection_writer.ts";
import type { FrameClock } from "./frame_clock.ts";
import { LabOutput } from "./lab_output.ts";
import type { MediaOutput } from "./output.ts";
import type { ServerTotals } from "./report.ts";
import { RtpStream } from "./rtp_stream.ts";
import {
  type PlayListener,
  type ViewerFacts,
  ViewerSession,
} from "./session.ts";
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
  setup(action: Setup, connection: SetupConnection): ServerAnswer {
    const { catalog, ports } = this.#options;
    const entry = catalog.find(action.path);
    if (entry?.media.rtsp === undefined) {
      return { type: "refused", status: 503 };
    }
    const { transport, sessionId } = action;
    if (
      transport.kind === "multicast" || transport.secure ||
      (transport.kind === "udp" && ports === undefined)
    ) {
      return { type: "refused", status: 461 };
    }
    const facts: ViewerFacts = {
      id: sessionId,
      entry,
      dialect: action.dialect,
      transport: transport.kind === "tcp" && connection.tunnelled
        ? "http"
        : transport.kind,
      secure: connection.secure,
      address: connection.address,
      user: action.username,
    };
    let session = this.get(sessionId);
    if (session === undefined) {
      session = new ViewerSession(facts, this.#options.onWatch);
      this.#setUp++;
    }
    this.#sessions.set(sessionId, { session, writer: connection.writer });
    const ssrc = session.playback.ssrc ?? this.#options.random32();
    session.connect(
      this.#makeOutput(action, connection, ssrc),
      facts,
    );
    this.#options.log.debug(`${describe(facts)} is set up`);
    if (action.dialect === "lab") return { type: "transportReady" };
    return {
      type: "transportReady",
      ssrc,
      ...(transport.kind === "udp" ? { serverPorts: ports!.pair } : {}),
    };
  }

  #makeOutput(
    action: Setup,
    connection: SetupConnection,
    ssrc: number,
  ): MediaOutput {
    const { clock, ports, maxPacket, cname, random32 } = this.#options;
    const { transport, sessionId } = action;
    const hostname = connection.address;
    if (transport.kind !== "udp") {
      const channels = transport.kind === "tcp"
        ? transport.channels
        : [0, 1] as const;
      const stream = new RtpStream({ ssrc, sequence: random32(), cname });
      return new TcpOutput(connection.writer, stream, channels);
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

function describe({ id, entry, transport, address }: ViewerFacts): string {
  return `Session ${id} of ${address} on ${entry.path} by ${transport}`;
}
