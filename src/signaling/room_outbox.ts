/**
 * What a server has to do for its rooms, gathered while a message is obeyed.
 *
 * @module
 */

import type { Member, Room } from "./room.ts";

/** What the server has to do. */
export type RoomAction =
  | {
    readonly type: "send";
    /** Ids of connections. */
    readonly to: readonly string[];
    readonly event: string;
    readonly payload: Readonly<Record<string, unknown>>;
  }
  | { readonly type: "disconnect"; readonly socketId: string }
  | {
    /** Two members want a relay between them; the server makes it and tells both. */
    readonly type: "relay";
    readonly roomId: string;
    readonly from: { readonly id: string; readonly socketId: string };
    readonly to: { readonly id: string; readonly socketId: string };
  };

/** A refusal that its sender is told: `error {message}`. */
export class Refusal extends Error {}

type Payload = Readonly<Record<string, unknown>>;

/** Actions in the order they are to be done. */
export class RoomOutbox {
  #actions: RoomAction[] = [];

  /** Anything. */
  push(action: RoomAction): void {
    this.#actions.push(action);
  }

  /** An event to connections. */
  send(to: readonly string[], event: string, payload: Payload): void {
    if (to.length > 0) this.push({ type: "send", to, event, payload });
  }

  /** An event to everybody in a room. */
  tell(room: Room, event: string, payload: Payload): void {
    this.send(socketsOf(room), event, payload);
  }

  /** An event to everybody in a room but one. */
  tellOthers(
    room: Room,
    { socketId }: Member,
    event: string,
    payload: Payload,
  ): void {
    const others = socketsOf(room).filter((one) => one !== socketId);
    this.send(others, event, payload);
  }

  /** An event to a room's host, when it is connected. */
  toHost(room: Room, event: string, payload: Payload): void {
    const socketId = room.members.get(room.hostId)?.socketId;
    if (socketId !== undefined) this.send([socketId], event, payload);
  }

  /** What is to be done; the next call gives what comes after. */
  take(): RoomAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }
}

/** Connections of a room's members. */
export function socketsOf(room: Room): string[] {
  return [...room.members.values()].flatMap(({ socketId }) => socketId ?? []);
}
