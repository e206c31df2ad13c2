/**
 * The RTSP server: accepts connections, keeps sessions, tells what it does.
 *
 * @module
 */

import {
  formatHostPort,
  openPortPair,
  serveTcp,
  serveTls,
  type TcpServer,
} from "../../net/mod.ts";
import {
  type ServerAction,
  SessionRegistry,
  TunnelPairing,
} from "../../rtsp/mod.ts";
import type { ServiceContext } from "../context.ts";
import type { Catalog } from "./catalog.ts";
import { random, random32 } from "./chance.ts";
import { type ConnectionHost, RtspConnection } from "./connection.ts";
import { FrameClock } from "./frame_clock.ts";
import { Hooks } from "./hooks.ts";
import { MulticastGroups } from "./multicast_groups.ts";
import type { RtspServeOptions } from "./options.ts";
import type { ServedMedia } from "./playback.ts";
import { Preview } from "./preview.ts";
import { PublishTable } from "./publish_table.ts";
import type { ServerReport } from "./report.ts";
import type { ViewerSession } from "./session.ts";
import { type Pem, readServerFiles } from "./server_files.ts";
import { SessionTable } from "./session_table.ts";
import { openCatalog } from "./sources.ts";
import { UdpPorts } from "./udp_ports.ts";
import { StreamKeys } from "./stream_keys.ts";
import { reportStream } from "./stream_report.ts";
import { parseUsers } from "./users.ts";

/** Rates, time-outs and stalls are looked at this often. */
const TICK_MS = 1000;
/** At the end the commands of hooks get so long. */
const DRAIN_MS = 1500;
/** At the end goodbyes get so long to reach the viewers. */
const GOODBYE_MS = 300;

/** A server; its ports are bound when it exists. */
export class RtspServer {
  readonly #options: RtspServeOptions;
  readonly #context: ServiceContext;
  readonly #clock: FrameClock;
  readonly #catalog: Catalog;
  readonly #registry: SessionRegistry;
  readonly #sessions: SessionTable;
  readonly #publishers: PublishTable | undefined;
  readonly #tunnels = new TunnelPairing<RtspConnection>();
  readonly #ports: UdpPorts | undefined;
  readonly #groups: MulticastGroups | undefined;
  readonly #hooks: Hooks;
  readonly #tcp: TcpServer;
  readonly #connections = new Set<RtspConnection>();
  readonly #previews = new Map<string, Preview>();
  readonly #since = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;
  #accepted = 0;
  #closing: Promise<void> | undefined;

  private constructor(
    options: RtspServeOptions,
    context: ServiceContext,
    clock: FrameClock,
    catalog: Catalog,
    files: { users: string | undefined; tls: Pem | undefined },
  ) {
    this.#options = options;
    this.#context = context;
    this.#clock = clock;
    this.#catalog = catalog;
    const { host, port, log } = { ...options, log: context.log };
    // Before anything is open: it throws when it is not understood.
    const users = files.users === undefined ? undefined : parseUsers(
      files.users,
      (path) => catalog.find(path)?.path ?? path,
    );
    this.#hooks = new Hooks(
      { play: options.onPlay, stop: options.onStop },
      log,
    );
    this.#registry = new SessionRegistry({
      random,
      timeout: options.sessionTimeout,
      maxSessions: options.maxSessions,
      maxSessionsPerAddress: options.maxSessionsPerAddress,
    });
    if (!options.tcpOnly) {
      const [rtp, rtcp] = openPortPair({
        hostname: host,
        port: options.rtpPort,
        flag: "--rtp-port",
      });
      this.#ports = new UdpPorts(rtp, rtcp);
    }
    const cname = `streamtool@${host}`;
    this.#groups = options.multicast === undefined
      ? undefined
      : new MulticastGroups({
        range: options.multicast,
        hostname: host,
        clock,
        cname,
        random32,
        onReport: (path, from, bytes) =>
          this.#sessions.receiveGroupReports(path, from, bytes),
      });
    this.#sessions = new SessionTable({
      catalog,
      registry: this.#registry,
      clock,
      ports: this.#ports,
      groups: this.#groups,
      maxPacket: options.maxPacket,
      cname,
      random32,
      onWatch: (event, session) => this.#onWatch(event, session),
      log,
    });
    const { publishing } = options;
    this.#publishers = publishing === undefined ? undefined : new PublishTable({
      catalog,
      registry: this.#registry,
      rules: publishing,
      hasUsers: users !== undefined,
      host,
      cname,
      random32,
      endSession: (id) => this.endSession(id),
      onRemoved: ({ path }) => {
        this.#previews.get(path)?.close();
        this.#previews.delete(path);
      },
      emit: (event) => context.emit(event),
      log,
    });
    const connectionHost: ConnectionHost = {
      core: {
        catalog,
        sessions: this.#registry,
        random,
        publishing: publishing !== undefined,
        transports: {
          // What TLS hides must not leave beside it in clear.
          udp: options.tcpOnly
            ? false
            : options.tls === undefined
            ? true
            : "secure",
          tcp: true,
          multicast: this.#groups !== undefined,
        },
        ...(users === undefined ? {} : { users }),
      },
      catalog,
      sessions: this.#sessions,
      publishers: this.#publishers,
      tunnels: this.#tunnels,
      log,
    };
    const common = {
      hostname: host,
      port,
      flag: "--port",
      maxConnections: options.maxConnections,
      onError: (error: unknown) => log.debug(`A connection failed: ${error}`),
      handle: (conn: Deno.TcpConn | Deno.TlsConn) =>
        this.#serve(conn, connectionHost),
    };
    try {
      this.#tcp = files.tls === undefined
        ? serveTcp(common)
        : serveTls({ ...common, ...files.tls });
    } catch (error) {
      void this.#ports?.close();
      throw error;
    }
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /**
   * Reads users and certificates, looks at the sources and binds the ports.
   *
   * @throws {MediaError} for a source that is not there.
   * @throws {UsersFileError} for a users file that cannot be understood.
   * @throws {ListenError} when a port cannot be had.
   */
  static async open(
    options: RtspServeOptions,
    context: ServiceContext,
  ): Promise<RtspServer> {
    const { signal, log } = context;
    const clock = new FrameClock();
    const files = await readServerFiles(options);
    const catalog = await openCatalog({
      options,
      clock,
      log,
      signal,
      random32,
      makeKeys: () =>
        options.tls === undefined || options.tcpOnly
          ? undefined
          : new StreamKeys(random),
    });
    try {
      return new RtspServer(options, context, clock, catalog, files);
    } catch (error) {
      clock.close();
      await catalog.close();
      throw error;
    }
  }

  /** The RTSP port. */
  get port(): number {
    return this.#tcp.port;
  }

  /** What can be watched at `path`; for who takes frames within this process. */
  media(path: string): ServedMedia | undefined {
    return this.#catalog.find(path)?.media;
  }

  /** What to give a player for a stream's path. */
  urlOf(path: string): string {
    const scheme = this.#options.tls === undefined ? "rtsp" : "rtsps";
    const { host } = this.#options;
    const loopback = host.includes(":") ? "::1" : "127.0.0.1";
    const reachable = /^[0.:]+$/.test(host) ? loopback : host;
    const segments = path.split("/").map(encodeURIComponent);
    return `${scheme}://${formatHostPort(reachable, this.port)}${
      segments.join("/")
    }`;
  }

  /** Everything there is to tell. */
  report(): ServerReport {
    const sessions = [...this.#sessions].map((session) => session.report());
    return {
      streams: [...this.#catalog.entries()].map((entry) =>
        reportStream(entry, this.urlOf(entry.path), sessions)
      ),
      sessions,
      connections: this.#connections.size,
      seconds: (performance.now() - this.#since) / 1000,
      totals: { connections: this.#accepted, ...this.#sessions.totals() },
    };
  }

  /** The picture of a stream; `undefined` when there is no such stream. */
  preview(name: string): Preview | undefined {
    const entry = this.#catalog.find(`/${name}`);
    if (entry === undefined) return undefined;
    let preview = this.#previews.get(entry.path);
    if (preview === undefined) {
      preview = new Preview(entry.media);
      this.#previews.set(entry.path, preview);
    }
    return preview;
  }

  /** Ends a session; `false` when there is none of that id. */
  endSession(id: string): boolean {
    const actions = this.#registry.end(id, "ended");
    this.#performTeardowns(actions);
    return actions.length > 0;
  }

  /** Says goodbye to all viewers and closes everything. May be called again. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    for (const preview of this.#previews.values()) preview.close();
    for (const { id } of [...this.#registry]) {
      this.#performTeardowns(this.#registry.end(id, "ended"));
    }
    for (const { writer } of this.#connections) writer.end("shutting down");
    await this.#connectionsClosed(GOODBYE_MS);
    await this.#tcp.close();
    await this.#groups?.close();
    await this.#hooks.close(DRAIN_MS);
    await this.#publishers?.close();
    this.#clock.close();
    await this.#ports?.close();
    await this.#catalog.close();
  }

  /** Resolves when all are closed, or the time is over. */
  async #connectionsClosed(waitMs: number): Promise<void> {
    const end = performance.now() + waitMs;
    while (this.#connections.size > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async #serve(
    conn: Deno.TcpConn | Deno.TlsConn,
    host: ConnectionHost,
  ): Promise<void> {
    this.#accepted++;
    const secure = this.#options.tls !== undefined;
    if ("setNoDelay" in conn) conn.setNoDelay(true);
    const connection = new RtspConnection(host, conn, secure);
    this.#connections.add(connection);
    try {
      await connection.run();
    } finally {
      this.#connections.delete(connection);
    }
  }

  #tick(): void {
    const now = performance.now();
    this.#performTeardowns(this.#registry.handleTimeout(now));
    for (const connection of this.#tunnels.handleTimeout(now)) {
      connection.writer.end("its tunnel has no POST");
    }
    for (const { writer } of this.#connections) writer.checkStall(now);
    for (const session of this.#sessions) session.sample(now);
    this.#publishers?.tick(now);
  }

  #performTeardowns(actions: readonly ServerAction[]): void {
    for (const action of actions) {
      if (action.type !== "teardown") continue;
      this.#sessions.teardown(action.sessionId, action.reason === "ended");
      this.#publishers?.teardown(action.sessionId, action.reason === "ended");
    }
  }

  #onWatch(event: "play" | "stop", session: ViewerSession): void {
    const { id, entry, address, transport, user } = session.facts;
    const facts = { path: entry.path, session: id, address, transport };
    this.#hooks.run({ event, ...facts, user: user ?? "" });
    this.#context.emit({ event: `viewer-${event}`, ...facts });
    this.#context.log.info(
      event === "play"
        ? `${address} watches ${entry.path} by ${transport}`
        : `${address} no longer watches ${entry.path}`,
    );
  }
}
