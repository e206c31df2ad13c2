/**
 * All rooms of a server: who joins, leaves and comes back, who is host, and
 * what goes to whom. Plain data out; sockets are somebody else's.
 *
 * @module
 */

import {
  type ClientEvent,
  type JoinEvent,
  parseClientEvent,
} from "./client_event.ts";
import { SignalProtocolError } from "./error.ts";
import {
  DEFAULT_ROOM_LIMITS,
  HOST_GRACE_MS,
  MAX_HOLD_MS,
  RESUME_GRACE_MS,
  type RoomLimits,
} from "./limits.ts";
import { type Member, type Room, type RoomView, viewRoom } from "./room.ts";
import { act } from "./room_acts.ts";
import {
  type Connection,
  dropMessage,
  RoomConnections,
} from "./room_connections.ts";
import { RoomDoor } from "./room_door.ts";
import { removeMember, replaceHost, sourceOf } from "./room_members.ts";
import {
  Refusal,
  type RoomAction,
  RoomOutbox,
  socketsOf,
} from "./room_outbox.ts";
import { setBuffering } from "./room_waiting.ts";
import { sameText } from "./same_text.ts";

/** What the table needs of the world. */
export interface RoomTableOptions {
  /** Limits that differ from the usual. */
  readonly limits?: Partial<RoomLimits>;
  /** A text nobody can guess. */
  readonly secret: () => string;
  /** SHA-256 in hexadecimal digits. */
  readonly hash: (text: string) => string;
}

/** Figures for `/metrics`; all count from the start. */
export interface RoomFigures {
  /** Rooms now. */
  rooms: number;
  /** Members now, away ones included. */
  users: number;
  /** Connections now. */
  connections: number;
  /** Joins. */
  joins: number;
  /** Members that came back within their grace. */
  resumes: number;
  /** Messages taken. */
  messages: number;
  /** Messages refused, for what they were. */
  refused: number;
  /** Messages dropped, for being too many. */
  dropped: number;
}

/** The rooms. Times are ms of the server's clock. */
export class RoomTable {
  readonly #limits: RoomLimits;
  readonly #options: RoomTableOptions;
  readonly #rooms = new Map<string, Room>();
  readonly #connections: RoomConnections;
  readonly #door: RoomDoor;
  readonly #figures = {
    messages: 0,
    refused: 0,
    dropped: 0,
  };
  readonly #out = new RoomOutbox();

  /** An empty table. */
  constructor(options: RoomTableOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_ROOM_LIMITS, ...options.limits };
    const { connectionsPerAddress, usersPerRoom } = this.#limits;
    this.#connections = new RoomConnections(connectionsPerAddress);
    this.#door = new RoomDoor({
      ...options,
      connections: this.#connections,
      out: this.#out,
      usersPerRoom,
    });
  }

  /** The figures now. */
  figures(): RoomFigures {
    let users = 0;
    for (const { members } of this.#rooms.values()) users += members.size;
    return {
      rooms: this.#rooms.size,
      users,
      connections: this.#connections.size,
      joins: this.#door.joins,
      resumes: this.#door.resumes,
      ...this.#figures,
    };
  }

  /** A room, for `GET /api/room/:id`. */
  view(roomId: string): RoomView | undefined {
    const room = this.#rooms.get(roomId);
    return room === undefined ? undefined : viewRoom(room);
  }

  /** Ids of all rooms. */
  rooms(): string[] {
    return [...this.#rooms.keys()];
  }

  /** A room, for who keeps it elsewhere too; it is not to be changed. */
  room(roomId: string): Room | undefined {
    return this.#rooms.get(roomId);
  }

  /** Goes on with a room of another server; its connections are taken as there. */
  adopt(room: Room): void {
    this.#rooms.set(room.id, room);
    const places = [
      ...[...room.members.values()].map(({ id, socketId }) => ({
        memberId: id,
        socketId,
      })),
      ...[...room.knocks.keys()].map((socketId) => ({
        memberId: undefined,
        socketId,
      })),
    ];
    for (const { memberId, socketId } of places) {
      if (socketId === undefined) continue;
      // Where it comes from was looked at by the server that it came to.
      this.#connections.get(socketId) ??
        this.#connections.add(socketId, socketId);
      const connection = this.#connections.get(socketId);
      if (connection === undefined) continue;
      connection.roomId = room.id;
      connection.memberId = memberId;
    }
  }

  /** Another server goes on with this room; nobody is told. */
  forget(roomId: string): void {
    const room = this.#rooms.get(roomId);
    if (room === undefined) return;
    this.#rooms.delete(roomId);
    for (const socketId of [...socketsOf(room), ...room.knocks.keys()]) {
      const connection = this.#connections.get(socketId);
      if (connection === undefined) continue;
      connection.roomId = connection.memberId = undefined;
    }
  }

  /** The member that a connection is, for what goes beside Socket.IO. */
  memberOf(
    socketId: string,
  ): { readonly roomId: string; readonly id: string } | undefined {
    const { roomId, memberId } = this.#connections.get(socketId) ?? {};
    return roomId === undefined || memberId === undefined
      ? undefined
      : { roomId, id: memberId };
  }

  /** Connection of the member that has the room's film, when it is there. */
  streamerOf(roomId: string): string | undefined {
    const room = this.#rooms.get(roomId);
    return room === undefined ? undefined : sourceOf(room)?.socketId;
  }

  /** Chunks of the room's film; 0 without one. */
  chunksOf(roomId: string): number {
    return this.#rooms.get(roomId)?.stream?.totalChunks ?? 0;
  }

  /** Whether a token is that of a member of the room. */
  isMember(roomId: string, token: string): boolean {
    const members = this.#rooms.get(roomId)?.members.values() ?? [];
    return [...members].some((member) => sameText(member.token, token));
  }

  /** A new connection; `false` when its address has too many and it is to be refused. */
  connect(socketId: string, address: string): boolean {
    return this.#connections.add(socketId, address);
  }

  /** A message of a connection, as it came. */
  receive(
    socketId: string,
    type: ClientEvent["type"],
    value: unknown,
    now: number,
  ): RoomAction[] {
    const connection = this.#connections.get(socketId);
    if (connection === undefined) return [];
    if (!connection.bucket.take(1, now)) {
      return this.#drop(connection, now);
    }
    try {
      const event = parseClientEvent(type, value);
      this.#figures.messages++;
      if (event.type === "join-room") {
        this.#join(connection, event, now);
      } else this.#obey(connection, event, now);
    } catch (error) {
      if (
        !(error instanceof Refusal) && !(error instanceof SignalProtocolError)
      ) throw error;
      this.#figures.refused++;
      this.#out.send([socketId], "error", { message: error.message });
    }
    return this.#out.take();
  }

  /** A connection is gone. */
  disconnect(socketId: string, now: number): RoomAction[] {
    const connection = this.#connections.remove(socketId);
    if (connection === undefined) return [];
    for (const room of this.#roomsOf(connection)) {
      room.knocks.delete(socketId);
      const member = room.members.get(connection.memberId ?? "");
      if (member === undefined || member.socketId !== socketId) continue;
      if (member.resumable) {
        member.socketId = undefined;
        member.awaySince = now;
        setBuffering(this.#out, room, member, false, now);
        this.#out.tell(room, "user-away", { userId: member.id });
      } else this.#leave(room, member, now);
    }
    return this.#out.take();
  }

  /**
   * Ends what has lasted too long: absences, waits, idle rooms. Call it about
   * once a second: it looks at every room, which is too much for every message.
   */
  handleTimeout(now: number): RoomAction[] {
    for (const room of [...this.#rooms.values()]) {
      for (const member of [...room.members.values()]) {
        if (
          member.socketId === undefined &&
          now >= member.awaySince + RESUME_GRACE_MS
        ) this.#leave(room, member, now);
        else if (
          member.bufferingSince !== undefined &&
          now >= member.bufferingSince + MAX_HOLD_MS
        ) setBuffering(this.#out, room, member, false, now);
      }
      const host = room.members.get(room.hostId);
      if (
        host !== undefined && host.socketId === undefined &&
        now >= host.awaySince + HOST_GRACE_MS
      ) replaceHost(this.#out, room, now);
      if (now >= room.lastActivity + this.#limits.idleRoomMs) {
        this.#closeRoom(room);
      }
    }
    return this.#out.take();
  }

  #drop(connection: Connection, now: number): RoomAction[] {
    const { socketId } = connection;
    this.#figures.dropped++;
    const what = dropMessage(connection, now);
    if (what === "end") return [{ type: "disconnect", socketId }];
    if (what === "tell") {
      this.#out.send([socketId], "error", {
        message: "Too many messages, slow down",
      });
    }
    return this.#out.take();
  }

  #join(connection: Connection, event: JoinEvent, now: number): void {
    if (connection.roomId !== undefined) {
      if (connection.roomId === event.roomId) {
        throw new Refusal("Already in the room");
      }
      this.#leaveRoom(connection, now);
    }
    const room = this.#rooms.get(event.roomId);
    if (room !== undefined) {
      this.#door.join(connection, room, event, now);
      return;
    }
    if (this.#rooms.size >= this.#limits.rooms) {
      throw new Refusal("Too many rooms, try again later");
    }
    const made = this.#door.makeRoom(connection, event, now);
    this.#rooms.set(made.id, made);
    this.#door.enter(connection, made, event, now);
  }

  #leaveRoom(connection: Connection, now: number): void {
    for (const room of this.#roomsOf(connection)) {
      room.knocks.delete(connection.socketId);
      const member = room.members.get(connection.memberId ?? "");
      if (member !== undefined) this.#leave(room, member, now);
    }
    connection.roomId = connection.memberId = undefined;
  }

  /** Removes a room; who is still in it or at its door is told. */
  #closeRoom(room: Room): void {
    this.#rooms.delete(room.id);
    const sockets = [...socketsOf(room), ...room.knocks.keys()];
    if (sockets.length > 0) {
      this.#out.send(sockets, "room-closed", { roomId: room.id });
    }
    for (const socketId of sockets) {
      const connection = this.#connections.get(socketId);
      if (connection === undefined) continue;
      connection.roomId = connection.memberId = undefined;
    }
  }

  #roomsOf({ roomId }: Connection): Room[] {
    const room = this.#rooms.get(roomId ?? "");
    return room === undefined ? [] : [room];
  }

  #obey(
    connection: Connection,
    event: Exclude<ClientEvent, JoinEvent>,
    now: number,
  ): void {
    const room = this.#rooms.get(event.roomId);
    if (room === undefined) throw new Refusal("Room not found");
    if (event.type === "leave-room" && connection.roomId === room.id) {
      this.#leaveRoom(connection, now);
      return;
    }
    const member = room.members.get(connection.memberId ?? "");
    if (member === undefined || member.socketId !== connection.socketId) {
      throw new Refusal("User not in room");
    }
    // Who watches two hours without a click is not idle.
    const watches = event.type !== "peer-status" ||
      event.status.state === "playing";
    if (watches) room.lastActivity = now;
    if (event.type === "leave-room") throw new Refusal("User not in room");
    if (event.type === "admit") this.#door.admit(room, member, event, now);
    else act(this.#out, room, member, event, now, this.#options.secret);
  }

  #leave(room: Room, member: Member, now: number): void {
    if (removeMember(this.#out, room, member, now)) this.#closeRoom(room);
  }
}
