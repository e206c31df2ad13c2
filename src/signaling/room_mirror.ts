/**
 * What a member knows of its room, from what the server tells.
 *
 * @module
 */

import type { PeerStatus } from "./client_event.ts";
import type { Fields } from "./event_fields.ts";
import type { RoomState } from "./party_state.ts";
import type { SettingsView, UserView } from "./room.ts";

const NO_SETTINGS: SettingsView = {
  locked: false,
  knock: false,
  sharedControl: false,
  waitForBuffering: false,
};

/** Names of the events that {@linkcode RoomMirror.tell} takes. */
export const MIRRORED_EVENTS = [
  "user-joined",
  "user-reconnected",
  "user-away",
  "user-left",
  "host-changed",
  "room-settings",
  "knock",
  "peer-status",
] as const;

/** One of them. */
export type MirroredEvent = typeof MIRRORED_EVENTS[number];

/** The room as this member sees it. */
export class RoomMirror {
  #userId = "";
  #hostId = "";
  #settings = NO_SETTINGS;
  readonly #users = new Map<string, UserView>();
  readonly #statuses = new Map<string, PeerStatus>();
  readonly #knocks = new Map<string, string>();

  /** How it is. */
  get state(): RoomState {
    return {
      userId: this.#userId,
      isHost: this.isHost,
      users: [...this.#users.values()]
        .map((user) => ({ ...user, isHost: user.id === this.#hostId })),
      statuses: this.#statuses,
      settings: this.#settings,
      knocks: [...this.#knocks].map(([id, name]) => ({ id, name })),
    };
  }

  /** Our id; empty before we are in. */
  get userId(): string {
    return this.#userId;
  }

  /** Whether we are the host. */
  get isHost(): boolean {
    return this.#userId !== "" && this.#hostId === this.#userId;
  }

  /** Name of a member. */
  nameOf(userId: string): string | undefined {
    return this.#users.get(userId)?.name;
  }

  /** `room-joined`: everything is as it says. */
  joined({ userId, users, settings, statuses }: Fields): void {
    const all = users as readonly UserView[];
    this.#userId = String(userId);
    this.#settings = settings as SettingsView;
    this.#users.clear();
    for (const user of all) this.#users.set(user.id, user);
    this.#hostId = all.find(({ isHost }) => isHost)?.id ?? "";
    this.#statuses.clear();
    for (const [id, status] of Object.entries(statuses ?? {})) {
      this.#statuses.set(id, status as PeerStatus);
    }
  }

  /** Our own player's status, which the server does not tell us. */
  report(status: PeerStatus): void {
    this.#statuses.set(this.#userId, status);
  }

  /** Somebody was let in, or not. */
  answered(knockId: string): void {
    this.#knocks.delete(knockId);
  }

  /** Another event about who is there and how they are. */
  tell(event: MirroredEvent, fields: Fields): void {
    const userId = String(fields.userId);
    switch (event) {
      case "user-joined":
      case "user-reconnected": {
        const user = fields.user as UserView;
        this.#users.set(user.id, user);
        break;
      }
      case "user-away": {
        const user = this.#users.get(userId);
        if (user !== undefined) {
          this.#users.set(userId, { ...user, away: true });
        }
        break;
      }
      case "user-left":
        this.#users.delete(userId);
        this.#statuses.delete(userId);
        break;
      case "host-changed":
        this.#hostId = String(fields.newHostId);
        break;
      case "room-settings":
        this.#settings = fields.settings as SettingsView;
        break;
      case "knock":
        this.#knocks.set(String(fields.knockId), String(fields.userName));
        break;
      case "peer-status":
        this.#statuses.set(userId, fields.status as PeerStatus);
    }
  }
}
