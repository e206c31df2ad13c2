/**
 * The position of a room's film: who sets it, and who is waited for.
 *
 * @module
 */

import type { ClientEvent } from "./client_event.ts";
import { ACTION_TIME_MS, RELEASE_LEAD_MS } from "./limits.ts";
import {
  applyAction,
  applyWaiting,
  type Playback,
  positionAt,
} from "./playback.ts";
import type { Member, Room } from "./room.ts";
import type { RoomOutbox } from "./room_outbox.ts";

/** A member plays, pauses, seeks; whether it may was looked at before. */
export function control(
  out: RoomOutbox,
  room: Room,
  member: Member,
  event: Extract<ClientEvent, { type: "video-event" }>,
  now: number,
): void {
  const [past, future] = ACTION_TIME_MS;
  const at = event.at !== undefined && event.at >= now - past &&
      event.at <= now + future
    ? event.at
    : now;
  room.playback = applyAction(room.playback, event, at);
  const { playback } = room;
  out.tellOthers(room, member, "video-event-received", {
    type: event.action,
    time: event.time ?? positionAt(playback, now),
    volume: playback.volume,
    speed: playback.rate,
    userId: member.id,
    timestamp: now,
  });
  if (event.action === "pause" || event.action === "play") {
    for (const one of room.members.values()) one.bufferingSince = undefined;
    room.playback = applyWaiting(room.playback, [], at);
  }
  out.tell(room, "playback", {
    playback: room.playback,
    userId: member.id,
  });
}

/** A member begins to buffer, or can play again. */
export function setBuffering(
  out: RoomOutbox,
  room: Room,
  member: Member,
  buffering: boolean,
  now: number,
): void {
  const counts = buffering && room.settings.waitForBuffering &&
    room.playback.playing;
  if (counts === (member.bufferingSince !== undefined)) return;
  member.bufferingSince = counts ? now : undefined;
  showWaiting(out, room, now);
}

/** Stops the film for those who buffer, or lets it go on. */
export function showWaiting(
  out: RoomOutbox,
  room: Room,
  now: number,
): void {
  const waitingFor = [...room.members.values()]
    .filter(({ bufferingSince }) => bufferingSince !== undefined)
    .map(({ id }) => id);
  const before: Playback = room.playback;
  if (waitingFor.join() === before.waitingFor.join()) return;
  const released = waitingFor.length === 0;
  room.playback = applyWaiting(
    before,
    waitingFor,
    released ? now + RELEASE_LEAD_MS : now,
  );
  out.tell(room, "playback", { playback: room.playback, userId: null });
  if (released !== (before.waitingFor.length === 0)) {
    out.tell(room, "video-event-received", {
      type: released ? "play" : "pause",
      time: room.playback.position,
      volume: before.volume,
      speed: before.rate,
      userId: room.hostId,
      timestamp: now,
    });
  }
}
