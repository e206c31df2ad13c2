/**
 * A room as it is kept outside of the server, so that another server can go on
 * with it: who is in it with which token, who is host, what is on and where.
 *
 * How players are doing is not kept: they say so again within a second.
 *
 * @module
 */

import { SignalProtocolError } from "./error.ts";
import { applyWaiting } from "./playback.ts";
import type { Knock, Member, Room } from "./room.ts";

/** What is kept of a room. */
export interface RoomSnapshot
  extends
    Omit<Room, "members" | "knocks" | "hostClaim" | "awayHostId" | "stream"> {
  /** Who is in it. */
  readonly members: readonly Omit<Member, "status" | "bufferingSince">[];
  /** Who is at its door. */
  readonly knocks: readonly Knock[];
  /** As in the room; null for none. */
  readonly awayHostId: string | null;
  /** As in the room; null for none. */
  readonly hostClaim: string | null;
  /** As in the room; null for none. */
  readonly stream: Room["stream"] | null;
}

/** What is to be kept, as plain JSON. */
export function snapshotRoom(room: Room): RoomSnapshot {
  return {
    ...room,
    members: [...room.members.values()].map((
      { status: _status, bufferingSince: _since, ...rest },
    ) => rest),
    knocks: [...room.knocks.values()],
    awayHostId: room.awayHostId ?? null,
    hostClaim: room.hostClaim ?? null,
    stream: room.stream ?? null,
  };
}

/**
 * The room again; who is not among the connected sockets is away since `now`.
 *
 * @throws {SignalProtocolError} for what no server has kept.
 */
export function restoreRoom(
  value: unknown,
  connected: ReadonlySet<string>,
  now: number,
): Room {
  const kept = value as Partial<RoomSnapshot> | null;
  if (
    typeof kept?.id !== "string" || !Array.isArray(kept.members) ||
    kept.members.length === 0 || typeof kept.hostId !== "string" ||
    typeof kept.playback !== "object" || typeof kept.settings !== "object"
  ) {
    throw new SignalProtocolError(
      "bad-event",
      "Cannot restore the room: it was not kept by a server of this program",
    );
  }
  const snapshot = kept as RoomSnapshot;
  const members = snapshot.members.map((member): Member => ({
    ...member,
    ...(connected.has(member.socketId ?? "")
      ? {}
      : { socketId: undefined, awaySince: now }),
    status: undefined,
    bufferingSince: undefined,
  }));
  return {
    ...snapshot,
    members: new Map(members.map((member) => [member.id, member])),
    knocks: new Map(
      snapshot.knocks.filter(({ socketId }) => connected.has(socketId))
        .map((knock) => [knock.socketId, knock]),
    ),
    awayHostId: snapshot.awayHostId ?? undefined,
    hostClaim: snapshot.hostClaim ?? undefined,
    stream: snapshot.stream ?? undefined,
    // Nobody is waited for whom nobody remembers to wait for.
    playback: applyWaiting(snapshot.playback, [], now),
  };
}

/** Connections that a kept room speaks of. */
export function socketsOfSnapshot({ members, knocks }: RoomSnapshot): string[] {
  return [...members, ...knocks].flatMap(({ socketId }) => socketId ?? []);
}
