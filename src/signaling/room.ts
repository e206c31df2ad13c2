/**
 * A room and its members as plain data, and how clients see them.
 *
 * @module
 */

import type { PeerStatus, RoomSettings } from "./client_event.ts";
import type { Playback } from "./playback.ts";

/** Somebody in a room. */
export interface Member {
  /** The Socket.IO id of the first connection; it stays over reconnects. */
  readonly id: string;
  /** Shown name. */
  readonly name: string;
  /** When it joined, ms. */
  readonly joinedAt: number;
  /** Shows that a later connection is the same member. */
  readonly token: string;
  /** Whether it is kept a while after its connection is lost. */
  readonly resumable: boolean;
  /** The connection; `undefined` while it is away. */
  socketId: string | undefined;
  /** When it went away, ms. */
  awaySince: number;
  /** How its player is doing, as it last said. */
  status: PeerStatus | undefined;
  /** Since when it buffers, ms. */
  bufferingSince: number | undefined;
}

/** Somebody at the door. */
export interface Knock {
  /** The connection that knocks. */
  readonly socketId: string;
  /** Shown name. */
  readonly name: string;
  /** Whether it can resume. */
  readonly resumable: boolean;
}

/** The film that is on. */
export interface RoomStream {
  /** Member that has it. */
  readonly userId: string;
  /** What the source said of it; sealed, as a rule. */
  readonly metadata: unknown;
  /** Chunks it has. */
  readonly totalChunks: number;
  /** A word. */
  readonly quality: string;
}

/** A room. */
export interface Room {
  /** Its code. */
  readonly id: string;
  /** When it was made, ms. */
  readonly createdAt: number;
  /** Members by id, in the order they came. */
  readonly members: Map<string, Member>;
  /** Who waits to be let in, by the knocking connection. */
  readonly knocks: Map<string, Knock>;
  /** What the host has set. */
  settings: RoomSettings;
  /** Id of the host. */
  hostId: string;
  /** Who was host before it went away, and is host again when it comes back. */
  awayHostId: string | undefined;
  /** SHA-256 of the host's secret, when it has one. */
  hostClaim: string | undefined;
  /** When somebody last did something, ms. */
  lastActivity: number;
  /** Where the film is. */
  playback: Playback;
  /** Which film. */
  stream: RoomStream | undefined;
}

/** A member as clients see it. */
export interface UserView {
  /** The member's id, and the address for signaling. */
  readonly id: string;
  /** Shown name. */
  readonly name: string;
  /** Whether it is the host. */
  readonly isHost: boolean;
  /** ms. */
  readonly joinedAt: number;
  /** Whether its connection is lost for now. */
  readonly away: boolean;
}

/** A room as `GET /api/room/:id` shows it. */
export interface RoomView {
  /** Its code. */
  readonly id: string;
  /** The code again: rooms have no other name. */
  readonly name: string;
  /** Members. */
  readonly userCount: number;
  /** ms. */
  readonly createdAt: number;
  /** ms. */
  readonly lastActivity: number;
  /** Whether a password is asked for. */
  readonly locked: boolean;
  /** Whether the host lets each one in. */
  readonly knock: boolean;
}

/** Settings without the password. */
export interface SettingsView extends Omit<RoomSettings, "password"> {
  /** Whether there is a password. */
  readonly locked: boolean;
}

/** What clients see of a member. */
export function viewUser(room: Room, member: Member): UserView {
  return {
    id: member.id,
    name: member.name,
    isHost: member.id === room.hostId,
    joinedAt: member.joinedAt,
    away: member.socketId === undefined,
  };
}

/** What everybody may know of a room. */
export function viewRoom(room: Room): RoomView {
  return {
    id: room.id,
    name: room.id,
    userCount: room.members.size,
    createdAt: room.createdAt,
    lastActivity: room.lastActivity,
    locked: room.settings.password !== "",
    knock: room.settings.knock,
  };
}

/** What members may know of the settings. */
export function viewSettings(
  { password, ...rest }: RoomSettings,
): SettingsView {
  return { ...rest, locked: password !== "" };
}
