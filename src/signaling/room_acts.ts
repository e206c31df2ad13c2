/**
 * What members do in a room, beside coming and going.
 *
 * @module
 */

import {
  type ClientEvent,
  type JoinEvent,
  PAYLOAD_FIELDS,
} from "./client_event.ts";
import { type Member, type Room, viewSettings } from "./room.ts";
import { sourceOf, stopStream, targetOf } from "./room_members.ts";
import { Refusal, type RoomOutbox } from "./room_outbox.ts";
import { control, setBuffering, showWaiting } from "./room_waiting.ts";

/** Events that this file obeys. */
export type RoomEvent = Exclude<
  ClientEvent,
  JoinEvent | { readonly type: "leave-room" | "admit" }
>;

/**
 * Obeys a member.
 *
 * @throws {Refusal} when it may not do that.
 */
export function act(
  out: RoomOutbox,
  room: Room,
  member: Member,
  event: RoomEvent,
  now: number,
  secret: () => string,
): void {
  const isHost = member.id === room.hostId;
  switch (event.type) {
    case "video-event":
      if (!isHost && !room.settings.sharedControl) {
        throw new Refusal("Only host can control video");
      }
      control(out, room, member, event, now);
      return;
    case "chat-message":
      out.tell(room, "chat-message-received", {
        id: secret().slice(0, 16),
        userId: member.id,
        userName: member.name,
        message: event.message,
        timestamp: now,
      });
      return;
    case "webrtc-offer":
    case "webrtc-answer":
    case "ice-candidate":
      out.send(
        [targetOf(room, event.participantId).socketId],
        event.type,
        {
          roomId: room.id,
          participantId: event.participantId,
          [PAYLOAD_FIELDS[event.type]]: event.payload,
          fromUserId: member.id,
          timestamp: now,
        },
      );
      return;
    case "join-stream-request": {
      const { participantId } = event;
      const socketId = participantId === undefined
        ? sourceOf(room)?.socketId
        : targetOf(room, participantId).socketId;
      if (socketId === undefined) throw new Refusal("Host is not connected");
      out.send([socketId], "join-stream-request", {
        roomId: room.id,
        participantId: member.id,
        participantName: member.name,
        timestamp: now,
      });
      return;
    }
    case "relay-open": {
      const target = targetOf(room, event.participantId);
      out.push({
        type: "relay",
        roomId: room.id,
        from: { id: member.id, socketId: member.socketId ?? "" },
        to: { id: target.id, socketId: target.socketId },
      });
      return;
    }
    case "peer-status":
      member.status = event.status;
      setBuffering(out, room, member, event.status.state === "buffering", now);
      out.tellOthers(room, member, "peer-status", {
        userId: member.id,
        status: event.status,
      });
      return;
    case "streaming-started":
    case "streaming-stopped":
    case "room-settings":
      if (!isHost) throw new Refusal(`Only host can do that`);
      actAsHost(out, room, member, event, now);
  }
}

function actAsHost(
  out: RoomOutbox,
  room: Room,
  member: Member,
  event: Extract<
    ClientEvent,
    {
      type:
        | "streaming-started"
        | "streaming-stopped"
        | "room-settings";
    }
  >,
  now: number,
): void {
  switch (event.type) {
    case "streaming-started": {
      const { metadata, totalChunks, quality } = event;
      room.stream = { userId: member.id, metadata, totalChunks, quality };
      out.tellOthers(room, member, "streaming-started", {
        roomId: room.id,
        ...room.stream,
        timestamp: now,
      });
      return;
    }
    case "streaming-stopped":
      stopStream(out, room, now);
      return;
    case "room-settings":
      room.settings = { ...room.settings, ...event.settings };
      if (!room.settings.waitForBuffering) {
        for (const one of room.members.values()) {
          one.bufferingSince = undefined;
        }
        showWaiting(out, room, now);
      }
      out.tell(room, "room-settings", {
        settings: viewSettings(room.settings),
      });
      return;
  }
}
