/**
 * One RTSP connection: bytes into the core, the core's actions into the world.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import { DirectSender, isDisconnect } from "../../net/mod.ts";
import {
  RtspProtocolError,
  type RtspServerOptions,
  type ServerAction,
  type ServerAnswer,
  ServerConnection,
  TunnelDecoder,
  type TunnelPairing,
} from "../../rtsp/mod.ts";
import type { Catalog } from "./catalog.ts";
import { ConnectionWriter } from "./connection_writer.ts";
import type { PublishTable } from "./publish_table.ts";
import type { SessionTable, SetupConnection } from "./session_table.ts";

/** Bytes read at a time: requests and reports are short. */
const READ_BYTES = 4096;

/** What all connections share. */
export interface ConnectionHost {
  readonly core: RtspServerOptions;
  readonly catalog: Catalog;
  readonly sessions: SessionTable;
  /** `undefined` where nobody may publish. */
  readonly publishers: PublishTable | undefined;
  readonly tunnels: TunnelPairing<RtspConnection>;
  readonly log: Logger;
}

/** One connection, until it is closed. */
export class RtspConnection implements SetupConnection {
  readonly address: string;
  readonly secure: boolean;
  readonly writer: ConnectionWriter;
  readonly #host: ConnectionHost;
  readonly #conn: Deno.TcpConn | Deno.TlsConn;
  readonly #core: ServerConnection;
  #tunnelled = false;
  /** Cookie of the tunnel whose GET this is. */
  #cookie: string | undefined;
  /** Where the bytes of a tunnel's POST go. */
  #post: { decoder: TunnelDecoder; get: RtspConnection } | undefined;
  /** The POSTs of the tunnel whose GET this is: they end with it. */
  readonly #posts = new Set<RtspConnection>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;
  #idle: PromiseWithResolvers<void> | undefined;

  /** Takes an accepted connection over. */
  constructor(
    host: ConnectionHost,
    conn: Deno.TcpConn | Deno.TlsConn,
    secure: boolean,
  ) {
    this.#host = host;
    this.#conn = conn;
    this.secure = secure;
    this.address = (conn.remoteAddr as Deno.NetAddr).hostname;
    this.writer = new ConnectionWriter(
      conn,
      (reason) => {
        host.log.debug(`Connection of ${this.address} closed: ${reason}`);
        this.#idle?.resolve();
      },
      // What goes through TLS must not go past it.
      () => secure ? undefined : DirectSender.of(conn as Deno.TcpConn),
    );
    this.#core = new ServerConnection(
      host.core,
      { address: this.address, secure },
      performance.now(),
    );
  }

  /** Whether it goes through HTTP. */
  get tunnelled(): boolean {
    return this.#tunnelled;
  }

  /** Reads and answers until either side closes. */
  async run(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    this.#arm();
    try {
      while (!this.writer.closed) {
        const count = await this.#conn.read(buffer);
        if (count === null) break;
        this.#receive(buffer.subarray(0, count));
        // What a client sends while we are busy with its request waits in its
        // socket, not in our memory.
        while (this.#core.waiting && !this.writer.closed) {
          this.#idle = Promise.withResolvers();
          await this.#idle.promise;
        }
      }
    } catch (error) {
      if (!isDisconnect(error)) {
        this.#host.log.debug(`Connection of ${this.address}: ${error}`);
      }
    } finally {
      this.#end();
    }
  }

  #receive(bytes: Uint8Array): void {
    if (this.#post === undefined) {
      this.#perform(this.#core.receive(bytes, performance.now()));
      return;
    }
    const { decoder, get } = this.#post;
    try {
      get.#perform(get.#core.receive(decoder.push(bytes), performance.now()));
    } catch (error) {
      if (!(error instanceof RtspProtocolError)) throw error;
      get.writer.close(error.message);
      this.writer.close(error.message);
    }
  }

  #perform(actions: readonly ServerAction[]): void {
    for (const action of actions) this.#do(action);
    this.#arm();
    if (!this.#core.waiting) this.#idle?.resolve();
  }

  #do(action: ServerAction): void {
    const { sessions, publishers, catalog } = this.#host;
    switch (action.type) {
      case "send":
        this.writer.send(action.bytes);
        return;
      case "prepare":
        void catalog.prepare(action.path)
          .then((answer) => this.#answer(answer))
          .catch((error) => {
            this.#host.log.error(`Cannot prepare "${action.path}": ${error}`);
            this.writer.close("the server has a fault");
          });
        return;
      case "setupTransport":
        this.#answerSoon(
          action.purpose === "publish"
            ? publishers!.setup(action, this)
            : sessions.setup(action, this),
        );
        return;
      case "play":
        this.#answer(sessions.play(action));
        return;
      case "start":
        sessions.get(action.sessionId)?.start();
        return;
      case "pause":
        sessions.get(action.sessionId)?.pause();
        publishers?.pause(action.sessionId);
        return;
      case "teardown":
        sessions.teardown(action.sessionId, action.reason === "ended");
        publishers?.teardown(action.sessionId, action.reason === "ended");
        return;
      case "rtcp":
        publishers?.receiveRtcp(action.sessionId, action.track, action.bytes);
        sessions.receiveReports(action.sessionId, action.bytes);
        return;
      case "tunnel":
        this.#openTunnel(action);
        return;
      case "close":
        this.writer.end(action.reason);
        return;
      case "announce":
        this.#answer(publishers!.announce(action, this));
        return;
      case "record":
        this.#answer(publishers!.record(action.sessionId));
        return;
      case "rtp":
        // A viewer has nothing to send us.
        publishers?.receiveRtp(action.sessionId, action.track, action.bytes);
        return;
    }
  }

  #answerSoon(answer: ServerAnswer | Promise<ServerAnswer>): void {
    if (answer instanceof Promise) {
      void answer.then((settled) => this.#answer(settled));
    } else this.#answer(answer);
  }

  #answer(answer: ServerAnswer): void {
    this.#perform(this.#core.answer(answer, performance.now()));
  }

  #openTunnel(action: Extract<ServerAction, { type: "tunnel" }>): void {
    const { tunnels } = this.#host;
    const { half, cookie, rest } = action;
    if (half === "get") {
      if (tunnels.addGet(cookie, this, performance.now())) {
        this.#cookie = cookie;
        this.#tunnelled = true;
      } else this.writer.end("its tunnel's cookie is in use");
      return;
    }
    const get = tunnels.addPost(cookie);
    if (get === undefined) {
      this.writer.end("its tunnel has no GET");
      return;
    }
    this.#post = { decoder: new TunnelDecoder(), get };
    get.#posts.add(this);
    if (rest.length > 0) this.#receive(rest);
  }

  /** Sees to it that the core is asked when its time has come. */
  #arm(): void {
    const at = this.writer.closed ? undefined : this.#core.nextTimeoutAt();
    if (
      at === this.#timerAt || (at === undefined && this.#timerAt === Infinity)
    ) {
      return;
    }
    clearTimeout(this.#timer);
    this.#timerAt = at ?? Infinity;
    if (at === undefined) return;
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.#perform(this.#core.handleTimeout(performance.now()));
    }, Math.max(1, at - performance.now()));
  }

  #end(): void {
    clearTimeout(this.#timer);
    if (this.#cookie !== undefined) this.#host.tunnels.delete(this.#cookie);
    this.writer.close("it ended");
    if (this.#post !== undefined) this.#post.get.#posts.delete(this);
    for (const post of this.#posts) {
      post.writer.close("its tunnel's GET has ended");
    }
    for (const action of this.#core.end()) this.#do(action);
  }
}
