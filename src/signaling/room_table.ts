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
  MAX_DROPPED_MESSAGES,
  MAX_HOLD_MS,
  MAX_KNOCKS,
  MESSAGE_BURST,
  MESSAGES_PER_SECOND,
  RESUME_GRACE_MS,
  type RoomLimits,
} from "./limits.ts";
import { initialPlayback } from "./playback.ts";
import {
  type Member,
  type Room,
  type RoomView,
  viewRoom,
  viewUser,
} from "./room.ts";
import { act } from "./room_acts.ts";
import { makeHost, removeMember, sourceOf, welcome } from "./room_members.ts";
import {
  Refusal,
  type RoomAction,
  RoomOutbox,
  socketsOf,
} from "./room_outbox.ts";
import { setBuffering } from "./room_waiting.ts";
import { TokenBucket } from "./token_bucket.ts";

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

interface Connection {
  readonly address: string;
  readonly bucket: TokenBucket;
  dropped: number;
  saidAt: number;
  roomId: string | undefined;
  memberId: string | undefined;
}

/** The rooms. Times are ms of the server's clock. */
export class RoomTable {
  readonly #limits: RoomLimits;
  readonly #options: RoomTableOptions;
  readonly #rooms = new Map<string, Room>();
  readonly #connections = new Map<string, Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #figures = {
    joins: 0,
    resumes: 0,
    messages: 0,
    refused: 0,
    dropped: 0,
  };
  readonly #out = new RoomOutbox();

  /** An empty table. */
  constructor(options: RoomTableOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_ROOM_LIMITS, ...options.limits };
  }

  /** The figures now. */
  figures(): RoomFigures {
    let users = 0;
    for (const { members } of this.#rooms.values()) users += members.size;
    return {
      rooms: this.#rooms.size,
      users,
      connections: this.#connections.size,
      ...this.#figures,
    };
  }

  /** A room, for `GET /api/room/:id`. */
  view(roomId: string): RoomView | undefined {
    const room = this.#rooms.get(roomId);
    return room === undefined ? undefined : viewRoom(room);
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
    const count = this.#perAddress.get(address) ?? 0;
    if (count >= this.#limits.connectionsPerAddress) return false;
    this.#perAddress.set(address, count + 1);
    this.#connections.set(socketId, {
      address,
      bucket: new TokenBucket(MESSAGE_BURST, MESSAGES_PER_SECOND),
      dropped: 0,
      saidAt: -Infinity,
      roomId: undefined,
      memberId: undefined,
    });
    return true;
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
      return this.#drop(socketId, connection, now);
    }
    try {
      const event = parseClientEvent(type, value);
      this.#figures.messages++;
      if (event.type === "join-room") {
        this.#join(socketId, connection, event, now);
      } else this.#obey(socketId, connection, event, now);
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
    const connection = this.#connections.get(socketId);
    if (connection === undefined) return [];
    this.#connections.delete(socketId);
    const count = (this.#perAddress.get(connection.address) ?? 1) - 1;
    if (count > 0) this.#perAddress.set(connection.address, count);
    else this.#perAddress.delete(connection.address);
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
      if (now >= room.lastActivity + this.#limits.idleRoomMs) {
        this.#closeRoom(room);
      }
    }
    return this.#out.take();
  }

  #drop(
    socketId: string,
    connection: Connection,
    now: number,
  ): RoomAction[] {
    this.#figures.dropped++;
    if (++connection.dropped > MAX_DROPPED_MESSAGES) {
      return [{ type: "disconnect", socketId }];
    }
    if (now - connection.saidAt < 1000) return [];
    connection.saidAt = now;
    this.#out.send([socketId], "error", {
      message: "Too many messages, slow down",
    });
    return this.#out.take();
  }

  #join(
    socketId: string,
    connection: Connection,
    event: JoinEvent,
    now: number,
  ): void {
    if (connection.roomId !== undefined) {
      if (connection.roomId === event.roomId) {
        throw new Refusal("Already in the room");
      }
      this.#leaveRoom(socketId, connection, now);
    }
    const room = this.#rooms.get(event.roomId);
    if (room === undefined) {
      this.#makeRoom(socketId, connection, event, now);
      return;
    }
    const before = event.token === undefined
      ? undefined
      : [...room.members.values()].find(({ token }) =>
        sameText(token, event.token ?? "")
      );
    if (before !== undefined) {
      this.#resume(socketId, connection, room, before, event, now);
      return;
    }
    const isHost = this.#provesHost(room, event);
    const { password, knock } = room.settings;
    if (
      !isHost && password !== "" && !sameText(password, event.password ?? "")
    ) {
      this.#out.send([socketId], "password-required", {
        roomId: room.id,
        wrong: event.password !== undefined,
      });
      throw new Refusal(
        event.password === undefined ? "Password required" : "Wrong password",
      );
    }
    if (room.members.size >= this.#limits.usersPerRoom) {
      throw new Refusal("Room is full");
    }
    if (knock && !isHost) {
      this.#knock(socketId, connection, room, event);
      return;
    }
    this.#enter(socketId, connection, room, event, now);
    if (isHost) makeHost(this.#out, room, connection.memberId ?? "");
  }

  #makeRoom(
    socketId: string,
    connection: Connection,
    event: JoinEvent,
    now: number,
  ): void {
    if (this.#rooms.size >= this.#limits.rooms) {
      throw new Refusal("Too many rooms, try again later");
    }
    const room: Room = {
      id: event.roomId,
      createdAt: now,
      members: new Map(),
      knocks: new Map(),
      settings: {
        password: "",
        knock: false,
        sharedControl: false,
        waitForBuffering: false,
      },
      hostId: socketId,
      hostClaim: event.hostKey === undefined
        ? event.hostClaim
        : this.#options.hash(event.hostKey),
      lastActivity: now,
      playback: initialPlayback(now),
      stream: undefined,
    };
    this.#rooms.set(room.id, room);
    this.#enter(socketId, connection, room, event, now);
  }

  #provesHost(room: Room, { hostKey }: JoinEvent): boolean {
    return hostKey !== undefined && room.hostClaim !== undefined &&
      sameText(this.#options.hash(hostKey), room.hostClaim);
  }

  #enter(
    socketId: string,
    connection: Connection,
    room: Room,
    { userName, resumable }: Pick<JoinEvent, "userName" | "resumable">,
    now: number,
  ): void {
    const member: Member = {
      id: socketId,
      name: userName,
      joinedAt: now,
      token: this.#options.secret(),
      resumable,
      socketId,
      awaySince: now,
      status: undefined,
      bufferingSince: undefined,
    };
    room.members.set(member.id, member);
    room.lastActivity = now;
    connection.roomId = room.id;
    connection.memberId = member.id;
    this.#figures.joins++;
    welcome(this.#out, room, member, now);
    this.#out.tellOthers(room, member, "user-joined", {
      user: viewUser(room, member),
    });
  }

  #resume(
    socketId: string,
    connection: Connection,
    room: Room,
    member: Member,
    event: JoinEvent,
    now: number,
  ): void {
    const old = member.socketId;
    if (old !== undefined && old !== socketId) {
      const other = this.#connections.get(old);
      if (other !== undefined) other.roomId = other.memberId = undefined;
      this.#out.push({ type: "disconnect", socketId: old });
    }
    member.socketId = socketId;
    connection.roomId = room.id;
    connection.memberId = member.id;
    room.lastActivity = now;
    this.#figures.resumes++;
    if (this.#provesHost(room, event)) makeHost(this.#out, room, member.id);
    welcome(this.#out, room, member, now);
    this.#out.tellOthers(room, member, "user-reconnected", {
      user: viewUser(room, member),
    });
  }

  #knock(
    socketId: string,
    connection: Connection,
    room: Room,
    { userName, resumable }: JoinEvent,
  ): void {
    if (room.knocks.size >= MAX_KNOCKS) {
      throw new Refusal("Too many people wait at the door, try again later");
    }
    room.knocks.set(socketId, { socketId, name: userName, resumable });
    connection.roomId = room.id;
    this.#out.send([socketId], "knocking", { roomId: room.id });
    this.#out.toHost(room, "knock", {
      roomId: room.id,
      knockId: socketId,
      userName,
    });
  }

  #leaveRoom(socketId: string, connection: Connection, now: number): void {
    for (const room of this.#roomsOf(connection)) {
      room.knocks.delete(socketId);
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
    socketId: string,
    connection: Connection,
    event: Exclude<ClientEvent, JoinEvent>,
    now: number,
  ): void {
    const room = this.#rooms.get(event.roomId);
    if (room === undefined) throw new Refusal("Room not found");
    if (event.type === "leave-room" && connection.roomId === room.id) {
      this.#leaveRoom(socketId, connection, now);
      return;
    }
    const member = room.members.get(connection.memberId ?? "");
    if (member === undefined || member.socketId !== socketId) {
      throw new Refusal("User not in room");
    }
    if (event.type !== "peer-status") room.lastActivity = now;
    if (event.type === "leave-room") throw new Refusal("User not in room");
    if (event.type === "admit") this.#admit(room, member, event, now);
    else act(this.#out, room, member, event, now, this.#options.secret);
  }

  #admit(
    room: Room,
    member: Member,
    event: Extract<ClientEvent, { type: "admit" }>,
    now: number,
  ): void {
    if (member.id !== room.hostId) throw new Refusal("Only host can do that");
    const knock = room.knocks.get(event.knockId);
    const connection = this.#connections.get(event.knockId);
    if (knock === undefined || connection === undefined) {
      throw new Refusal("Nobody knocks with that id");
    }
    room.knocks.delete(event.knockId);
    connection.roomId = undefined;
    if (!event.admit) {
      this.#out.send([knock.socketId], "knock-refused", { roomId: room.id });
    } else if (room.members.size >= this.#limits.usersPerRoom) {
      this.#out.send([knock.socketId], "error", { message: "Room is full" });
      throw new Refusal("Room is full");
    } else {
      this.#enter(
        knock.socketId,
        connection,
        room,
        { userName: knock.name, resumable: knock.resumable },
        now,
      );
    }
  }

  #leave(room: Room, member: Member, now: number): void {
    if (removeMember(this.#out, room, member, now)) this.#closeRoom(room);
  }
}

/** Compares secrets in a time that does not tell how much was right. */
function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index++) {
    difference |= a.charCodeAt(index) ^ b.charCodeAt(index % (b.length || 1));
  }
  return difference === 0;
}
