/**
 * Who is in a room: welcome and farewell, host and source of the film.
 *
 * @module
 */

import { effectiveRate, positionAt } from "./playback.ts";
import { type Member, type Room, viewSettings, viewUser } from "./room.ts";
import { Refusal, type RoomOutbox } from "./room_outbox.ts";
import { showWaiting } from "./room_waiting.ts";

/** All that somebody who comes must know. */
export function welcome(
  out: RoomOutbox,
  room: Room,
  member: Member,
  now: number,
): void {
  const to = [member.socketId ?? ""];
  out.send(to, "room-joined", {
    roomId: room.id,
    userId: member.id,
    isHost: member.id === room.hostId,
    users: [...room.members.values()].map((one) => viewUser(room, one)),
    token: member.token,
    settings: viewSettings(room.settings),
    playback: room.playback,
    stream: room.stream ?? null,
    hostClaim: room.hostClaim ?? null,
    statuses: Object.fromEntries(
      [...room.members.values()].flatMap(({ id, status }) =>
        status === undefined ? [] : [[id, status]]
      ),
    ),
    serverTime: now,
  });
  const { playback } = room;
  // Clients of the original app know no other way to learn the state.
  if (member.resumable) return;
  if (playback.playing || playback.position > 0) {
    const rest = {
      time: positionAt(playback, now),
      volume: playback.volume,
      speed: playback.rate,
      userId: room.hostId,
      timestamp: now,
    };
    out.send(to, "video-event-received", { type: "seek", ...rest });
    if (effectiveRate(playback) > 0) {
      out.send(to, "video-event-received", { type: "play", ...rest });
    }
  }
  if (room.stream !== undefined) {
    out.send(to, "streaming-started", {
      roomId: room.id,
      ...room.stream,
      timestamp: now,
    });
  }
}

/** Removes a member; `true` when nobody is left, and nobody was told. */
export function removeMember(
  out: RoomOutbox,
  room: Room,
  member: Member,
  now: number,
): boolean {
  room.members.delete(member.id);
  if (room.awayHostId === member.id) room.awayHostId = undefined;
  const next = fullest(room) ?? room.members.values().next().value;
  if (next === undefined) {
    return true;
  }
  if (member.id === room.hostId) makeHost(out, room, next.id);
  out.tell(room, "user-left", {
    userId: member.id,
    userName: member.name,
  });
  if (room.stream?.userId === member.id && !moveStream(out, room, now)) {
    stopStream(out, room, now);
  }
  if (member.bufferingSince !== undefined) showWaiting(out, room, now);
  return false;
}

/** Another member is host from now on, and hears who knocks. */
export function makeHost(
  out: RoomOutbox,
  room: Room,
  memberId: string,
): void {
  if (room.hostId === memberId) return;
  const host = room.members.get(memberId);
  if (host === undefined) return;
  room.hostId = memberId;
  room.awayHostId = undefined;
  out.tell(room, "host-changed", {
    newHostId: host.id,
    newHostName: host.name,
  });
  for (const { socketId, name } of room.knocks.values()) {
    out.toHost(room, "knock", {
      roomId: room.id,
      knockId: socketId,
      userName: name,
    });
  }
}

/** A host that is away too long: the fullest of those who are there takes over film and state. */
export function replaceHost(
  out: RoomOutbox,
  room: Room,
  now: number,
): void {
  const next = fullest(room);
  if (next === undefined) return;
  const old = room.hostId;
  makeHost(out, room, next.id);
  room.awayHostId = old;
  if (room.stream?.userId === old) moveStream(out, room, now);
}

/** Of the members that are there the one with most of the film; the first of those without any. */
function fullest(room: Room): Member | undefined {
  return [...room.members.values()]
    .filter(({ socketId }) => socketId !== undefined)
    .reduce<Member | undefined>(
      (best, one) =>
        best === undefined || haveOf(one) > haveOf(best) ? one : best,
      undefined,
    );
}

function haveOf({ status }: Member): number {
  return status?.swarm?.uploads === true ? status.swarm.have : 0;
}

/** The film goes on with another member that has it, or a part of it; `false` when nobody has. */
function moveStream(out: RoomOutbox, room: Room, now: number): boolean {
  const next = fullest(room);
  if (room.stream === undefined || next === undefined || haveOf(next) === 0) {
    return false;
  }
  room.stream = { ...room.stream, userId: next.id };
  out.tell(room, "streaming-started", {
    roomId: room.id,
    ...room.stream,
    timestamp: now,
  });
  return true;
}

/** The film is off. */
export function stopStream(
  out: RoomOutbox,
  room: Room,
  now: number,
): void {
  if (room.stream === undefined) return;
  const { userId } = room.stream;
  room.stream = undefined;
  out.tell(room, "streaming-stopped", {
    roomId: room.id,
    userId,
    timestamp: now,
  });
}

/** The member that has the film, or would have it: the host. */
export function sourceOf(room: Room): Member | undefined {
  return room.members.get(room.stream?.userId ?? room.hostId);
}

/** A member that can be reached, by its id or its connection's. */
export function targetOf(
  room: Room,
  id: string,
): { id: string; socketId: string } {
  const member = room.members.get(id) ??
    [...room.members.values()].find(({ socketId }) => socketId === id);
  if (member === undefined) throw new Refusal("Participant not in room");
  if (member.socketId === undefined) {
    throw new Refusal("Participant is not connected");
  }
  return { id: member.id, socketId: member.socketId };
}
