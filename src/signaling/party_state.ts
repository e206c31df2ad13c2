/**
 * What a member of a room is given, and what it tells.
 *
 * @module
 */

import type { PeerStatus } from "./client_event.ts";
import type { FilmReceiver } from "./film_receiver.ts";
import type { FilmSender } from "./film_sender.ts";
import type { FilmManifest } from "./manifest.ts";
import type { Playback } from "./playback.ts";
import type { SettingsView, UserView } from "./room.ts";
import type { Subtitles } from "./subtitles.ts";

/** The part of a Socket.IO client that is used here. */
export interface PartySocket {
  /** Whether it is connected now. */
  readonly connected: boolean;
  /** Sends an event. */
  emit(event: string, payload: unknown): unknown;
  /** Listens. */
  on(event: string, listener: (value: unknown) => void): unknown;
  /** Ends it. */
  disconnect(): unknown;
}

/** Who waits to be let in. */
export interface KnockView {
  /** For `admit`. */
  readonly id: string;
  /** What the host reads. */
  readonly name: string;
}

/** What a member knows of its room. */
export interface RoomState {
  /** Our id. */
  readonly userId: string;
  /** Whether we are the host. */
  readonly isHost: boolean;
  /** Everybody, ourselves among them. */
  readonly users: readonly UserView[];
  /** How everybody's player is doing, by id. */
  readonly statuses: ReadonlyMap<string, PeerStatus>;
  /** What the host has set. */
  readonly settings: SettingsView;
  /** Who waits to be let in. */
  readonly knocks: readonly KnockView[];
}

/** How the room is, for this member. */
export interface PartyState extends RoomState {
  /** Where we are: at the door means that the host has to let us in. */
  readonly phase:
    | "connecting"
    | "joining"
    | "at-door"
    | "joined"
    | "refused"
    | "closed";
  /** Whether the connection to the server stands. */
  readonly connected: boolean;
  /** Where the film is. */
  readonly playback: Playback;
  /** The film that is on. */
  readonly film: FilmManifest | undefined;
  /** Who has it. */
  readonly filmFrom: string | undefined;
}

/** A line of the chat. */
export interface ChatLine {
  /** Distinguishes it. */
  readonly id: string;
  /** Who. */
  readonly userId: string;
  /** Whose name. */
  readonly userName: string;
  /** What. */
  readonly message: string;
  /** When, ms of the server's clock. */
  readonly timestamp: number;
}

/** What a member is told. */
export interface PartyEvents {
  /** The state is another one. */
  changed?(state: PartyState): void;
  /** The film's position was set: by a person, or because somebody is waited for. */
  playback?(playback: Playback, byUserId: string | null): void;
  /** A film is on: give a receiver for it, or nothing when it is not wanted. */
  film?(manifest: FilmManifest, pageKey: CryptoKey): FilmReceiver | undefined;
  /** The film's subtitles, or that it has none. */
  subtitles?(subtitles: Subtitles | undefined): void;
  /** Who gave the film is gone, and the server wants us to: what gives it, if anything does. */
  takesOver?(): FilmSender | undefined;
  /** The film is off. */
  filmEnded?(): void;
  /** Somebody said something. */
  chat?(line: ChatLine): void;
  /** Joining did not work; the second says that a password is asked for. */
  refused?(message: string, passwordRequired: boolean): void;
  /** Something else did not. */
  problem?(message: string): void;
}

/** How to join. */
export interface JoinOptions {
  /** The room's code. */
  readonly roomId: string;
  /** Our name. */
  readonly userName: string;
  /** The room's password. */
  readonly password?: string;
  /** The host's secret. */
  readonly hostKey?: string;
  /** What the server gave to us before a reload. */
  readonly token?: string;
}
