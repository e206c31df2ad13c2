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
  const wasSource = room.stream?.userId === member.id;
  room.members.delete(member.id);
  const next = [...room.members.values()]
    .find(({ socketId }) => socketId !== undefined) ??
    room.members.values().next().value;
  if (next === undefined) {
    return true;
  }
  if (member.id === room.hostId) makeHost(out, room, next.id);
  out.tell(room, "user-left", {
    userId: member.id,
    userName: member.name,
  });
  if (wasSource) stopStream(out, room, now);
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
