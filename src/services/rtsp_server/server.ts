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
import { type ConnectionHost, RtspConnection } from "./connection.ts";
import { FrameClock } from "./frame_clock.ts";
import { Hooks } from "./hooks.ts";
import type { RtspServeOptions } from "./options.ts";
import { Preview } from "./preview.ts";
import type { ServerReport, StreamReport } from "./report.ts";
import type { ViewerSession } from "./session.ts";
import { SessionTable } from "./session_table.ts";
import { openCatalog } from "./sources.ts";
import { UdpPorts } from "./udp_ports.ts";
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
  readonly #tunnels = new TunnelPairing<RtspConnection>();
  readonly #ports: UdpPorts | undefined;
  readonly #hooks: Hooks;
  readonly #tcp: TcpServer;
  readonly #connections = new Set<RtspConnection>();
  readonly #previews = new Map<string, Preview>();
  readonly #since = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;
  #accepted = 0;

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
    this.#sessions = new SessionTable({
      catalog,
      registry: this.#registry,
      clock,
      ports: this.#ports,
      maxPacket: options.maxPacket,
      cname: `streamtool@${host}`,
      random32,
      onWatch: (event, session) => this.#onWatch(event, session),
      log,
    });
    const { users } = files;
    const connectionHost: ConnectionHost = {
      core: {
        catalog,
        sessions: this.#registry,
        random,
        transports: {
          udp: !options.tcpOnly,
          tcp: true,
          multicast: false,
        },
        ...(users === undefined ? {} : {
          users: parseUsers(
            users,
            (path) => catalog.find(path)?.path ?? path,
          ),
        }),
      },
      catalog,
      sessions: this.#sessions,
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
    const users = options.users === undefined
      ? undefined
      : await readText(options.users, "users file");
    const tls = options.tls === undefined ? undefined : {
      cert: await readText(options.tls.cert, "certificate"),
      key: await readText(options.tls.key, "key"),
    };
    const catalog = await openCatalog({
      options,
      clock,
      log,
      signal,
      random32,
    });
    try {
      return new RtspServer(options, context, clock, catalog, { users, tls });
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
      streams: [...this.#catalog.entries()].map((entry): StreamReport => {
        const name = entry.path.slice(1);
        const own = sessions.filter(({ stream }) => stream === name);
        const { problem, duration, ...state } = entry.media.state();
        return {
          name,
          path: entry.path,
          url: this.urlOf(entry.path),
          source: entry.source,
          kind: entry.media.kind,
          ...state,
          problem: problem ?? null,
          duration: duration ?? null,
          viewers: own.length,
          kbps: own.reduce((sum, { kbps }) => sum + kbps, 0),
        };
      }),
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

  /** Says goodbye to all viewers and closes everything. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const preview of this.#previews.values()) preview.close();
    for (const { id } of [...this.#registry]) {
      this.#performTeardowns(this.#registry.end(id, "ended"));
    }
    for (const { writer } of this.#connections) writer.end("shutting down");
    await this.#connectionsClosed(GOODBYE_MS);
    await this.#tcp.close();
    await this.#hooks.close(DRAIN_MS);
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
  }

  #performTeardowns(actions: readonly ServerAction[]): void {
    for (const action of actions) {
      if (action.type !== "teardown") continue;
      this.#sessions.teardown(action.sessionId, action.reason === "ended");
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

interface Pem {
  readonly cert: string;
  readonly key: string;
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : (error as Error).message;
    throw new Error(`Cannot read ${what} "${path}": ${why}`);
  }
}

function random(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

function random32(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
