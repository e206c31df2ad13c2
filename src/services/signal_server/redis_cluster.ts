/**
 * Several signal servers as one. A room has one home, the server that decides
 * for it with the same table of rooms as a server alone; others hand on what
 * their clients say and deliver what comes back through Socket.IO's adapter for
 * Redis. What a room is, is kept in Redis, so that when its home is lost another
 * server goes on with it, tokens and all.
 *
 * @module
 */

import type { ServerOptions } from "socket.io";
import {
  type ClientEvent,
  restoreRoom,
  type Room,
  type RoomAction,
  type RoomSnapshot,
  type RoomTable,
  type RoomView,
  snapshotRoom,
  socketsOfSnapshot,
  viewRoom,
} from "../../signaling/mod.ts";
import { type LinkEvents, RedisLink } from "./redis_link.ts";

/** What changed in a room is kept after this at the latest, ms. */
const KEEP_MS = 100;
/** How often it is looked at whether the other servers live, ms. */
const LOOK_MS = 500;
/** Events of one connection that wait for their room's home. */
const MAX_WAITING = 200;
/** Homes of rooms that are remembered: as many as a server may have rooms. */
const MAX_HOMES = 10_000;
/** A room's home changes at most so often while one event is delivered. */
const MAX_MOVES = 3;

/** A connection of this server. */
export interface ClusterSocket {
  /** Its id. */
  readonly id: string;
  /** Where it comes from. */
  readonly address: string;
}

/** The part of Socket.IO's server that reaches the others' connections. */
export interface ClusterIo {
  /** Connections by their ids. */
  in(ids: string[]): {
    emit(event: string, payload: unknown): unknown;
    disconnectSockets(close: boolean): unknown;
    fetchSockets(): Promise<
      readonly { readonly id: string; readonly data: { server?: string } }[]
    >;
  };
}

/** What a server gives to its part in a cluster. */
export interface ClusterParts {
  /** `redis://host:port`. */
  readonly url: string;
  /** Nobody else has this name. */
  readonly serverId: string;
  /** Rooms that this server is home to. */
  readonly table: RoomTable;
  /** Does what the table says. */
  readonly perform: (actions: readonly RoomAction[]) => void;
  /** Ends a connection of this server, which then comes back. */
  readonly disconnect: (socketId: string) => void;
  /** Something does not work. */
  readonly problem: (reason: string) => void;
}

/** What servers say to each other. */
type Said =
  | {
    readonly kind: "event";
    readonly from: string;
    readonly socket: ClusterSocket;
    readonly roomId: string;
    readonly event: ClientEvent["type"];
    readonly value: unknown;
  }
  | { readonly kind: "gone"; readonly socketId: string };

interface Local {
  /** Events are delivered one after another. */
  turn: Promise<void>;
  waiting: number;
  /** Servers that know of this connection. */
  readonly homes: Set<string>;
}

/** One server of several. */
export class RedisCluster implements AsyncDisposable {
  readonly #parts: ClusterParts;
  readonly #link: RedisLink;
  #io: ClusterIo | undefined;
  readonly #locals = new Map<string, Local>();
  /** Connections of other servers that have a member here. */
  readonly #remotes = new Map<string, string>();
  /** Rooms of others' homes that connections of ours are in. */
  readonly #homes = new Map<string, string>();
  readonly #opening = new Map<string, Promise<void>>();
  readonly #dirty = new Set<string>();
  readonly #ends: (() => void)[] = [];
  readonly #timers: readonly ReturnType<typeof setInterval>[];

  private constructor(parts: ClusterParts, link: RedisLink) {
    this.#parts = parts;
    this.#link = link;
    this.#timers = [
      setInterval(() => this.#try(this.#keep()), KEEP_MS),
      setInterval(() => this.#try(this.#look()), LOOK_MS),
    ];
  }

  /**
   * Joins the servers at a Redis server.
   *
   * @throws {ListenError} when there is none.
   */
  static async join(parts: ClusterParts): Promise<RedisCluster> {
    const made: { hear?: (said: Said) => void; fence?: () => void } = {};
    const events: LinkEvents = {
      message: (said) => made.hear?.(said as Said),
      fenced: () => made.fence?.(),
      problem: parts.problem,
    };
    const link = await RedisLink.open(parts.url, parts.serverId, events);
    const cluster = new RedisCluster(parts, link);
    made.hear = (said) => cluster.#hear(said);
    made.fence = () => cluster.#fence();
    return cluster;
  }

  /** Socket.IO's adapter, for the server's options. */
  async adapter(): Promise<NonNullable<ServerOptions["adapter"]>> {
    const { createAdapter } = await import("@socket.io/redis-adapter");
    const [client] = this.#link.connections;
    const subscriber = client.duplicate();
    subscriber.on("error", () => {});
    await subscriber.connect();
    this.#ends.push(() => subscriber.disconnect());
    return createAdapter(client, subscriber, { key: "streamtool:io" });
  }

  /** Reaches the others' connections from now on. */
  use(io: ClusterIo): void {
    this.#io = io;
  }

  /** The clock of all servers, ms. */
  now(): number {
    return this.#link.now();
  }

  /** What a connection of this server says goes to its room's home, in order. */
  receive(
    socket: ClusterSocket,
    event: ClientEvent["type"],
    value: unknown,
  ): void {
    const local = this.#local(socket.id);
    const { roomId } = (value ?? {}) as { roomId?: unknown };
    if (typeof roomId !== "string" || roomId === "" || roomId.length > 128) {
      this.#obey(socket.id, event, value, ""); // it is told what is wrong
      return;
    }
    if (local.waiting >= MAX_WAITING) return;
    local.waiting++;
    local.turn = local.turn
      .then(() => this.#deliver(socket, local, roomId, event, value))
      .catch(() => this.#parts.problem("Cannot reach a room's server"))
      .finally(() => local.waiting--);
  }

  /** A connection of this server is gone. */
  gone(socketId: string): void {
    const local = this.#locals.get(socketId);
    this.#locals.delete(socketId);
    this.#lost(socketId);
    for (const home of local?.homes ?? []) {
      this.#try(this.#link.send(home, { kind: "gone", socketId }));
    }
  }

  /** An event for a connection of another server. */
  emit(socketId: string, event: string, payload: unknown): void {
    if (this.#remotes.has(socketId)) {
      this.#io?.in([socketId]).emit(event, payload);
    }
  }

  /** Ends a connection of another server. */
  disconnect(socketId: string): void {
    if (this.#remotes.has(socketId)) {
      this.#io?.in([socketId]).disconnectSockets(true);
    }
  }

  /** A room, wherever it is at home. */
  async view(roomId: string): Promise<RoomView | undefined> {
    const here = this.#parts.table.view(roomId);
    if (here !== undefined) return here;
    const kept = await this.#link.kept(roomId) as RoomSnapshot | undefined;
    return kept &&
      viewRoom(restoreRoom(kept, new Set(socketsOfSnapshot(kept)), this.now()));
  }

  /** Ends what has lasted too long, about once a second. */
  tick(): void {
    const { table, perform } = this.#parts;
    const before = table.rooms();
    for (const id of before) {
      const members = [...table.room(id)?.members.values() ?? []];
      if (members.some(({ socketId }) => socketId === undefined)) {
        this.#dirty.add(id);
      }
    }
    perform(table.handleTimeout(this.now()));
    for (const id of before) {
      if (table.room(id) === undefined) this.#dirty.add(id);
    }
  }

  /** Keeps what there is, and leaves. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#keep().catch(() => {});
    for (const end of this.#ends) end();
    await this.#link[Symbol.asyncDispose]();
  }

  async #deliver(
    socket: ClusterSocket,
    local: Local,
    roomId: string,
    event: ClientEvent["type"],
    value: unknown,
  ): Promise<void> {
    const me = this.#link.serverId;
    for (let move = 0; move < MAX_MOVES; move++) {
      const home = await this.#homeOf(roomId);
      if (!this.#locals.has(socket.id)) return;
      if (home === me) {
        this.#obey(socket.id, event, value, roomId);
        return;
      }
      local.homes.add(home);
      const said: Said = {
        kind: "event",
        from: me,
        socket: { id: socket.id, address: socket.address },
        roomId,
        event,
        value,
      };
      if (await this.#link.send(home, said)) return;
      await this.#takeOver(roomId, home); // nobody hears there any more
    }
  }

  /** The home of a room; this server when it has none, with the room open. */
  async #homeOf(roomId: string): Promise<string> {
    const me = this.#link.serverId;
    const known = this.#homes.get(roomId);
    if (known !== undefined) return known;
    if (this.#parts.table.room(roomId) !== undefined) return me;
    const home = await this.#link.homeOf(roomId);
    if (home === me) await this.#open(roomId);
    else if (await this.#link.isAlive(home)) this.#remember(roomId, home);
    else return await this.#takeOver(roomId, home);
    return home;
  }

  async #takeOver(roomId: string, from: string): Promise<string> {
    this.#homes.delete(roomId);
    const home = await this.#link.takeHome(roomId, from);
    if (home === this.#link.serverId) await this.#open(roomId);
    else this.#remember(roomId, home);
    return home;
  }

  #remember(roomId: string, home: string): void {
    if (this.#homes.size >= MAX_HOMES) this.#homes.clear(); // they are found again
    this.#homes.set(roomId, home);
  }

  /** Takes what is kept of a room into the table. */
  #open(roomId: string): Promise<void> {
    let opening = this.#opening.get(roomId);
    if (opening === undefined) {
      opening = this.#adopt(roomId)
        .finally(() => this.#opening.delete(roomId));
      this.#opening.set(roomId, opening);
    }
    return opening;
  }

  async #adopt(roomId: string): Promise<void> {
    const { table } = this.#parts;
    const kept = await this.#link.kept(roomId) as RoomSnapshot | undefined;
    if (kept === undefined || table.room(roomId) !== undefined) return;
    const ids = socketsOfSnapshot(kept);
    const found = ids.length === 0 || this.#io === undefined
      ? []
      : await this.#io.in(ids).fetchSockets().catch(() => []);
    const room: Room = restoreRoom(
      kept,
      new Set(found.map(({ id }) => id)),
      this.now(),
    );
    for (const { id, data } of found) {
      if (!this.#locals.has(id)) this.#remotes.set(id, data.server ?? "");
    }
    table.adopt(room);
    this.#dirty.add(roomId);
  }

  #obey(
    socketId: string,
    event: ClientEvent["type"],
    value: unknown,
    roomId: string,
  ): void {
    const { table, perform } = this.#parts;
    // The room that it was in before changes too, when it goes over to another.
    const before = table.memberOf(socketId)?.roomId;
    perform(table.receive(socketId, event, value, this.now()));
    if (event === "peer-status") return;
    for (const id of [roomId, before]) {
      if (id !== undefined && id !== "") this.#dirty.add(id);
    }
  }

  #hear(said: Said): void {
    if (said.kind === "gone") {
      this.#lost(said.socketId);
      return;
    }
    this.#try(this.#hearEvent(said));
  }

  async #hearEvent(said: Extract<Said, { kind: "event" }>): Promise<void> {
    const { from, socket, roomId, event, value } = said;
    const { table } = this.#parts;
    if (table.room(roomId) === undefined) {
      const home = await this.#link.homeOf(roomId);
      if (home !== this.#link.serverId) return; // it has moved; the client says it again
      await this.#open(roomId);
    }
    if (!this.#remotes.has(socket.id)) {
      if (!table.connect(socket.id, socket.address)) {
        this.#io?.in([socket.id]).emit("error", {
          message: "Too many connections from your address",
        });
        return;
      }
    }
    this.#remotes.set(socket.id, from);
    this.#obey(socket.id, event, value, roomId);
  }

  #lost(socketId: string): void {
    const { table, perform } = this.#parts;
    this.#remotes.delete(socketId);
    const roomId = table.memberOf(socketId)?.roomId;
    if (roomId !== undefined) this.#dirty.add(roomId);
    perform(table.disconnect(socketId, this.now()));
  }

  /** Keeps what has changed since the last time. */
  async #keep(): Promise<void> {
    const { table } = this.#parts;
    const rooms = new Map<string, string>();
    const closed: string[] = [];
    for (const id of this.#dirty) {
      const room = table.room(id);
      if (room === undefined) closed.push(id);
      else rooms.set(id, JSON.stringify(snapshotRoom(room)));
    }
    this.#dirty.clear();
    if (rooms.size > 0) await this.#link.keep(rooms);
    for (const id of closed) await this.#link.drop(id);
  }

  /** Whose servers are gone: their connections are away, and their rooms ours or another's. */
  async #look(): Promise<void> {
    const servers = new Set([
      ...this.#remotes.values(),
      ...this.#homes.values(),
    ]);
    for (const server of servers) {
      if (server === "" || await this.#link.isAlive(server)) continue;
      for (const [socketId, of] of [...this.#remotes]) {
        if (of === server) this.#lost(socketId);
      }
      for (const [roomId, home] of [...this.#homes]) {
        if (home === server) await this.#takeOver(roomId, server);
      }
    }
    for (const local of this.#locals.values()) {
      for (const home of local.homes) {
        if (!servers.has(home)) local.homes.delete(home);
      }
    }
  }

  /** Others have taken our rooms: whoever is here comes again and finds them there. */
  #fence(): void {
    const { table, disconnect } = this.#parts;
    this.#homes.clear();
    for (const id of table.rooms()) table.forget(id);
    for (const socketId of [...this.#locals.keys()]) disconnect(socketId);
  }

  #local(socketId: string): Local {
    let local = this.#locals.get(socketId);
    if (local === undefined) {
      local = { turn: Promise.resolve(), waiting: 0, homes: new Set() };
      this.#locals.set(socketId, local);
    }
    return local;
  }

  #try(work: Promise<unknown>): void {
    work.catch((error) => this.#parts.problem(String(error.message ?? error)));
  }
}
