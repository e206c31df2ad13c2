/**
 * How people come into a room: a new one, one with a password, past the host's
 * eye, or back to where they were.
 *
 * @module
 */

import type { ClientEvent, JoinEvent } from "./client_event.ts";
import { MAX_KNOCKS } from "./limits.ts";
import { initialPlayback } from "./playback.ts";
import { type Member, type Room, viewUser } from "./room.ts";
import type { Connection, RoomConnections } from "./room_connections.ts";
import { makeHost, welcome } from "./room_members.ts";
import { Refusal, type RoomOutbox } from "./room_outbox.ts";
import { sameText } from "./same_text.ts";

/** What the door needs. */
export interface RoomDoorParts {
  /** Who is connected. */
  readonly connections: RoomConnections;
  /** What goes to whom. */
  readonly out: RoomOutbox;
  /** Members of a room at most. */
  readonly usersPerRoom: number;
  /** A text nobody can guess. */
  readonly secret: () => string;
  /** SHA-256 in hexadecimal digits. */
  readonly hash: (text: string) => string;
}

/** The door of all rooms. */
export class RoomDoor {
  readonly #parts: RoomDoorParts;
  /** People that came in. */
  joins = 0;
  /** Members that came back. */
  resumes = 0;

  /** A door without rooms behind it. */
  constructor(parts: RoomDoorParts) {
    this.#parts = parts;
  }

  /**
   * Somebody wants into a room that is there.
   *
   * @throws {Refusal} when that may not be.
   */
  join(
    connection: Connection,
    room: Room,
    event: JoinEvent,
    now: number,
  ): void {
    const { out, usersPerRoom } = this.#parts;
    const { socketId } = connection;
    const { token } = event;
    const before = token === undefined
      ? undefined
      : [...room.members.values()].find((one) => sameText(one.token, token));
    if (before !== undefined) {
      this.#resume(connection, room, before, event, now);
      return;
    }
    const isHost = this.#provesHost(room, event);
    const { password, knock } = room.settings;
    if (
      !isHost && password !== "" && !sameText(password, event.password ?? "")
    ) {
      out.send([socketId], "password-required", {
        roomId: room.id,
        wrong: event.password !== undefined,
      });
      throw new Refusal(
        event.password === undefined ? "Password required" : "Wrong password",
      );
    }
    if (room.members.size >= usersPerRoom) throw new Refusal("Room is full");
    if (knock && !isHost) {
      this.#knock(connection, room, event);
      return;
    }
    this.enter(connection, room, event, now);
    if (isHost) makeHost(out, room, connection.memberId ?? "");
  }

  /** A room that is not there yet, for whoever will be its host. */
  makeRoom(
    { socketId }: Connection,
    { roomId, hostKey, hostClaim }: JoinEvent,
    now: number,
  ): Room {
    return {
      id: roomId,
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
      awayHostId: undefined,
      hostClaim: hostKey === undefined ? hostClaim : this.#parts.hash(hostKey),
      lastActivity: now,
      playback: initialPlayback(now),
      stream: undefined,
    };
  }

  /** Nothing stands in the way any more. */
  enter(
    connection: Connection,
    room: Room,
    { userName, resumable }: Pick<JoinEvent, "userName" | "resumable">,
    now: number,
  ): void {
    const { out, secret } = this.#parts;
    const { socketId } = connection;
    const member: Member = {
      id: socketId,
      name: userName,
      joinedAt: now,
      token: secret(),
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
    this.joins++;
    welcome(out, room, member, now);
    out.tellOthers(room, member, "user-joined", {
      user: viewUser(room, member),
    });
  }

  /**
   * The host lets somebody in, or not.
   *
   * @throws {Refusal} when it is no host, or nobody knocks.
   */
  admit(
    room: Room,
    member: Member,
    event: Extract<ClientEvent, { type: "admit" }>,
    now: number,
  ): void {
    const { connections, out, usersPerRoom } = this.#parts;
    if (member.id !== room.hostId) throw new Refusal("Only host can do that");
    const knock = room.knocks.get(event.knockId);
    const connection = connections.get(event.knockId);
    if (knock === undefined || connection === undefined) {
      throw new Refusal("Nobody knocks with that id");
    }
    room.knocks.delete(event.knockId);
    connection.roomId = undefined;
    if (!event.admit) {
      out.send([knock.socketId], "knock-refused", { roomId: room.id });
    } else if (room.members.size >= usersPerRoom) {
      out.send([knock.socketId], "error", { message: "Room is full" });
      throw new Refusal("Room is full");
    } else {
      const { name: userName, resumable } = knock;
      this.enter(connection, room, { userName, resumable }, now);
    }
  }

  #provesHost(room: Room, { hostKey }: JoinEvent): boolean {
    return hostKey !== undefined && room.hostClaim !== undefined &&
      sameText(this.#parts.hash(hostKey), room.hostClaim);
  }

  #resume(
    connection: Connection,
    room: Room,
    member: Member,
    event: JoinEvent,
    now: number,
  ): void {
    const { connections, out } = this.#parts;
    const { socketId } = connection;
    const old = member.socketId;
    if (old !== undefined && old !== socketId) {
      const other = connections.get(old);
      if (other !== undefined) other.roomId = other.memberId = undefined;
      out.push({ type: "disconnect", socketId: old });
    }
    member.socketId = socketId;
    connection.roomId = room.id;
    connection.memberId = member.id;
    room.lastActivity = now;
    this.resumes++;
    if (this.#provesHost(room, event) || room.awayHostId === member.id) {
      makeHost(out, room, member.id);
    }
    welcome(out, room, member, now);
    out.tellOthers(room, member, "user-reconnected", {
      user: viewUser(room, member),
    });
  }

  #knock(
    connection: Connection,
    room: Room,
    { userName, resumable }: JoinEvent,
  ): void {
    const { out } = this.#parts;
    const { socketId } = connection;
    if (room.knocks.size >= MAX_KNOCKS) {
      throw new Refusal("Too many people wait at the door, try again later");
    }
    room.knocks.set(socketId, { socketId, name: userName, resumable });
    connection.roomId = room.id;
    out.send([socketId], "knocking", { roomId: room.id });
    out.toHost(room, "knock", {
      roomId: room.id,
      knockId: socketId,
      userName,
    });
  }
}
